"""
Reading forms: urlencoded ones, and multipart ones with their files.
"""

import io
import re
import tempfile
from collections.abc import Callable, Iterable
from typing import IO, Any
from urllib.parse import parse_qsl

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import QueryDict
from django.http.multipartparser import MultiPartParserError
from django.utils.datastructures import MultiValueDict
from multipart import MultipartError, MultipartSegment, ParserLimitReached, PushMultipartParser

from utils.bodies.charsets import canonical, decode, parse_charset
from utils.bodies.errors import UnexpectedFile, UnsupportedBody
from utils.bodies.uploads import Uploads, find_uploads, max_body_bytes

# A file up to this size stays in memory; a larger one goes to an unnamed temporary file.
SPOOL_BYTES = 1024 * 1024
MAX_HEADER_BYTES = 1024
# The Content-Transfer-Encodings that leave the bytes of a part unchanged.
PLAIN_ENCODINGS = ("binary", "8bit", "7bit")
# https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#attr-fe-name-charset
CHARSET_FIELD = "_charset_"
# RFC 8187. The name itself is not used.
EXTENDED_FILENAME = re.compile(r"filename\*\s*=", re.IGNORECASE)


def as_query_dict(pairs: Iterable[tuple[str, Any]]) -> QueryDict:
    form = QueryDict(mutable=True)
    for name, value in pairs:
        form.appendlist(name, value)
    form._mutable = False
    return form


def read_urlencoded(body: bytes, charset: str) -> QueryDict:
    """
    Return the fields of an urlencoded form.

    :raises Undecodable: a name or a value is not text in `charset`.
    :raises TooManyFieldsSent: see settings.DATA_UPLOAD_MAX_NUMBER_FIELDS.
    """
    if charset.startswith("utf-16") and b"\0" in body:
        # The whole body is UTF-16; a browser would send ASCII with percent signs instead.
        body, charset = decode(body, charset).encode(), "utf-8"
    # Latin-1 keeps every byte, so that each text can be decoded strictly afterwards.
    try:
        pairs = parse_qsl(
            body.decode("latin-1"),
            keep_blank_values=True,
            encoding="latin-1",
            max_num_fields=settings.DATA_UPLOAD_MAX_NUMBER_FIELDS,
        )
    except ValueError as error:
        raise TooManyFieldsSent from error
    texts = ([decode(text.encode("latin-1"), charset) for text in pair] for pair in pairs)
    return as_query_dict((name, value) for name, value in texts)


class FormUploadHandler(FileUploadHandler):
    """
    Reads every multipart form, instead of Django's own parser (settings.FILE_UPLOAD_HANDLERS).

    Django's parser silently drops what it cannot read, replaces bytes that are not text, knows one charset for the
    whole form, and accepts any file on any route.
    """

    def handle_raw_input(
        self,
        input_data: IO[bytes],
        META: dict[str, Any],  # noqa: N803 (Django's name)
        content_length: int,
        boundary: bytes,  # type: ignore[override]  # Django passes bytes, its stubs say str
        encoding: str | None = None,
    ) -> tuple[QueryDict, MultiValueDict[str, Any]]:
        """
        Return (fields, files).

        :raises RequestDataTooBig: before anything is read, or at the byte, part or header that exceeds a limit.
        :raises UnexpectedFile: at the first file, if the route accepts none.
        :raises MultiPartParserError: it is not a multipart form, or it is incomplete.
        """
        assert self.request is not None  # noqa: S101 (Django makes a handler for each request)
        uploads = find_uploads(self.request.resolver_match, self.request.method)
        if content_length > max_body_bytes(uploads):
            raise RequestDataTooBig
        form = MultipartForm(parse_charset(META.get("CONTENT_TYPE", "")), uploads)
        try:
            form.read(input_data, boundary, content_length)
            return form.fields(), form.files()
        except BaseException:
            form.close()
            raise


class MultipartForm:
    """
    The parts of a form, while they are being read.
    """

    def __init__(self, charset: str, uploads: Uploads | None) -> None:
        self.charset = charset
        self.uploads = uploads
        self._texts: list[tuple[MultipartSegment, bytearray]] = []
        self._text_bytes = 0
        self._files: list[tuple[int, str, UploadedFile]] = []

    def read(self, stream: IO[bytes], boundary: bytes, content_length: int) -> None:
        parser = PushMultipartParser(
            boundary,
            content_length,
            max_header_size=MAX_HEADER_BYTES,
            max_segment_count=settings.DATA_UPLOAD_MAX_NUMBER_FIELDS,
            header_charset="utf-8" if self.charset.startswith("utf-16") else self.charset,
        )
        write: Callable[[bytes], None] = self._discard
        try:
            for event in parser.parse_blocking(stream.read):
                if isinstance(event, MultipartSegment):
                    write = self._open(event)
                elif event:
                    write(event)
        except ParserLimitReached as error:
            raise RequestDataTooBig from error
        except MultipartError as error:
            raise MultiPartParserError(str(error)) from error

    def _open(self, part: MultipartSegment) -> Callable[[bytes], None]:
        """
        Begin a part, and return a function that takes its bytes.
        """
        if part.header("Content-Transfer-Encoding", "binary").strip().lower() not in PLAIN_ENCODINGS:
            raise UnsupportedBody("Send each part as it is, without a Content-Transfer-Encoding.")
        # An empty file input has an empty filename; it is read as an empty text.
        if part.filename or EXTENDED_FILENAME.search(part["Content-Disposition"]):
            return self._open_file(part)
        return self._open_text(part)

    def _open_text(self, part: MultipartSegment) -> Callable[[bytes], None]:
        text = bytearray()
        self._texts.append((part, text))
        self._count_text(len(part["Content-Disposition"]))

        def write(data: bytes) -> None:
            self._count_text(len(data))
            text.extend(data)

        return write

    def _count_text(self, size: int) -> None:
        self._text_bytes += size
        if self._text_bytes > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise RequestDataTooBig

    def _open_file(self, part: MultipartSegment) -> Callable[[bytes], None]:
        """
        Begin a file. If its name is unknown or there are too many files, its bytes are dropped and it is refused later.
        """
        if self.uploads is None:
            raise UnexpectedFile
        position = self.uploads.position(part.name)
        is_kept = position is not None and len(self._files) < self.uploads.max_count
        kept = tempfile.SpooledTemporaryFile(SPOOL_BYTES) if is_kept else io.BytesIO()  # noqa: SIM115
        file = UploadedFile(kept, plain_name(part.filename), part.content_type, 0)
        self._files.append((position or 0, part.name if position is None else self.uploads.field, file))
        # One byte more than allowed, so that the check of the file sees that it is too large.
        room = self.uploads.max_bytes + 1

        def write(data: bytes) -> None:
            size = file.size or 0
            file.size = size + kept.write(data[: room - size])

        return write if is_kept else self._discard

    def _discard(self, data: bytes) -> None:
        pass

    def fields(self) -> QueryDict:
        """
        Return the texts, each decoded by the charset of its part, else of the field `_charset_`, else of the form.

        :raises Undecodable: one is not text in that charset.
        """
        named = [bytes(text).decode("latin-1") for part, text in self._texts if part.name == CHARSET_FIELD]
        charset = canonical(named[0]) if named else self.charset
        return as_query_dict(
            (part.name, decode(bytes(text), canonical(part.charset) if part.charset else charset))
            for part, text in self._texts
        )

    def files(self) -> MultiValueDict[str, Any]:
        """
        Return the files by name, in the order of their numbers (`files[1]`), else in the order they were sent.
        """
        files: MultiValueDict[str, Any] = MultiValueDict()
        for _, name, file in sorted(self._files, key=lambda entry: entry[0]):
            files.appendlist(name, file)
        return files

    def close(self) -> None:
        for _, _, file in self._files:
            file.close()


def plain_name(filename: str | None) -> str:
    """
    Return the last part of a file's name, "file" if nothing of it is printable. It is used in error texts only.
    """
    name = (filename or "").replace("\\", "/").rpartition("/")[2]
    name = "".join(letter for letter in name if letter.isprintable())
    return "file" if name.strip() in ("", ".", "..") else name

"""
Random requests as bytes, with methods, addresses, headers and bodies that no honest client sends.
"""

import json
import random
from collections.abc import Sequence

CHARSETS = [
    "utf-8", "UTF8", "ascii", "latin-1", "utf-16", "utf-32", "utf-7", "punycode", "idna", "zlib", "bz2", "hex", "rot13",
    "undefined", "unicode_escape", "cp037", "mbcs", "x" * 300, "", '"utf-8', "utf-8\\", "'", "utf-8;charset=zlib",
]  # fmt: skip
TYPES = [
    "application/json", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "application/xml",
    "image/png", "application/json;", "*/*", "", "a/b/c", "multipart/form-data; boundary",
    "multipart/mixed; boundary=x",
]  # fmt: skip
CODINGS = ["gzip", "deflate", "br", "identity", "chunked", "x" * 200, ""]
NUMBERS = [
    "0", "-1", "1", "2147483648", "9007199254740992", "9223372036854775807", "9223372036854775808", "1" + "0" * 400,
    "9" * 5_000, "1e3", "1.5", "0x1", "٣", "१", "+1", " 1", "1 ", "NaN", "Infinity", "-0", "00", "1_000", "None",
    "null",
]  # fmt: skip
# Times at the ends of the calendar. In UTC some of them are beyond it.
MOMENTS = [
    "9999-12-31T23:59:59.999999-23:59", "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00+23:59",
    "0001-01-01T00:00:00.000001+00:01", "0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "0000-00-00T00:00:00Z",
    "10000-01-01T00:00:00Z", "-0001-01-01T00:00:00Z", "2016-12-31T23:59:60Z", "2016-12-31T24:00:00Z",
    "2020-02-30T00:00:00Z", "2020-01-01T00:00:00+99:99", "2020-01-01T00:00:00+24:00", "9999-W53-7", "99991231",
]  # fmt: skip
TEXTS = [
    "", " ", "abc", "a" * 140, "a" * 141, "🙂" * 140, "\u200b", "\u202eabc", "e\u0301" * 70, "\x00", "\ud800",
    "\ufeff", "<b>",
    "' OR '1'='1", "{{7*7}}", "${7*7}", "../../etc/passwd", "%00", "%s%n", "\r\nX-Injected: 1", "a" * 70_000,
    "ß" * 200, "İ",
    "\uffff", "‮", "𒐫" * 50, "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤" * 9, "//evil.example", "javascript:alert(1)", "2020-01-01T00:00:00Z",
    *MOMENTS,
]  # fmt: skip
COLLECTIONS = [
    "accounts", "users", "profiles", "friendships", "tweets", "newsfeeds", "comments", "likes", "notifications",
    "reports",
    "features", "schema", "docs", "nothing",
]  # fmt: skip
ACTIONS = ["", "signup/", "login/", "logout/", "login_status/", "password/", "me/", "search/", "why/", "cancel/",
           "unread-count/", "mark-all-as-read/", "by/{}/", "{}/", "{}/followers/", "{}/followings/", "{}/follow/",
           "{}/unfollow/", "{}"]  # fmt: skip
ELSEWHERE = ["/", "/admin/", "/admin/login/", "/admin/accounts/user/", "/api-auth/login/", "/media/photos/{}",
    "/livez", "/readyz",
             "/metrics", "/static/{}", "/api/{}", "/{}", "/api//", "*", "http://evil.example/api/"]  # fmt: skip
QUERIES = ["user_id", "tweet_id", "cursor", "limit", "page", "size", "created_at__lt", "created_at__gt", "q",
    "search", "unread",
           "format", "next", "comments_next", "_method", "x[]"]  # fmt: skip
FIELDS = ["username", "email", "password", "old_password", "new_password", "content", "tweet_id", "content_type",
    "object_id",
          "reason", "nickname", "avatar", "files", "files[]", "files[0]", "unread", "id", "_charset_", "__proto__",
          "csrfmiddlewaretoken"]  # fmt: skip
METHODS = (
    ["GET"] * 6
    + ["POST"] * 8
    + ["PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "get", "FOO", "CONNECT", "A" * 99]
)
SOUP = ["Accept", "Accept-Language", "Accept-Encoding", "Cookie", "Authorization", "If-None-Match",
    "If-Modified-Since", "Range",
        "Idempotency-Key", "X-Request-ID", "X-CSRFToken", "X-HTTP-Method-Override", "X-Forwarded-Host", "Origin",
        "Referer",
        "Expect", "Upgrade", "Via", "User-Agent", "X_Under_Score", "Content-Language", "Date"]  # fmt: skip
VALUES = ["*/*", "text/html", "application/json", "a=b; sessionid=x", "sessionid=" + "a" * 32,
    "csrftoken=" + "\xff" * 9,
          "Bearer x", "Bearer", "Basic eDp5", "Token \xff", '"etag"', "W/*", "bytes=0-", "bytes=9-1", "100-continue",
          "h2c",
          "null", "https://evil.example", "PUT", "en;q=" + "9" * 400, "\t", ",,,;;;", "=?utf-8?b?eA==?=",
          "x" * 8_000]  # fmt: skip


def number_or_text(rng: random.Random) -> str:
    return rng.choice(NUMBERS if rng.random() < 0.5 else TEXTS)


def percent(rng: random.Random, text: str) -> str:
    """
    Return a text escaped for an address, sometimes wrongly.
    """
    data = text.encode("utf-8", "surrogatepass")[:3_000]
    kept = b"" if rng.random() < 0.5 else b"/&=?"
    return "".join(chr(byte) if chr(byte).isalnum() or byte in kept + b"-_." else f"%{byte:02X}" for byte in data)


def address(rng: random.Random, known: Sequence[object]) -> str:
    identifier = rng.choice(known) if known and rng.random() < 0.6 else percent(rng, number_or_text(rng))
    if rng.random() < 0.12:
        path = rng.choice(ELSEWHERE).replace("{}", str(identifier))
    else:
        path = f"/api/{rng.choice(COLLECTIONS)}/{rng.choice(ACTIONS)}".replace("{}", str(identifier))
    names = rng.choices(QUERIES, k=rng.choice([0, 0, 1, 1, 2, 5]))
    values = [rng.choice(known) if known and rng.random() < 0.3 else percent(rng, number_or_text(rng)) for _ in names]
    query = "&".join(f"{name}={value}" for name, value in zip(names, values))
    return f"{path}?{query}" if query else path


def value(rng: random.Random, depth: int = 0) -> object:
    """
    Return a JSON value, often of the wrong type.
    """
    kind = rng.random()
    if kind < 0.15 and depth < 4:
        return [value(rng, depth + 1) for _ in range(rng.randint(0, 4))]
    if kind < 0.3 and depth < 4:
        return {rng.choice(FIELDS): value(rng, depth + 1) for _ in range(rng.randint(0, 4))}
    return rng.choice([None, True, False, 0, -1, 1.5, 2**53, 2**63, 2**64, rng.choice(TEXTS), rng.choice(NUMBERS)])


def json_body(rng: random.Random) -> bytes:
    kind = rng.random()
    if kind < 0.08:
        depth = rng.choice([10, 100, 1_000, 30_000])
        return rng.choice([b"[" * depth, b"[" * depth + b"]" * depth, b'{"a":' * depth])
    if kind < 0.13:
        return rng.choice(
            [b"", b"nul", b"NaN", b'{"content": ' + b"9" * 5_000 + b"}", b"\xff\xfe", b"{'a': 1}", b"[],[]", b"\x00"]
        )
    body = json.dumps({rng.choice(FIELDS): value(rng) for _ in range(rng.randint(0, 5))}).encode()
    return body[: rng.randint(0, len(body))] if kind > 0.93 else body


def form_body(rng: random.Random) -> bytes:
    pairs = [
        f"{rng.choice(FIELDS)}={percent(rng, number_or_text(rng))}" for _ in range(rng.choice([0, 1, 3, 6, 1_500]))
    ]
    return rng.choice(["&", "&", "&", ";", "&&", "\n"]).join(pairs).encode()


def multipart_body(rng: random.Random) -> bytes:
    """
    Return a multipart form, some of whose parts are malformed.
    """
    pieces = []
    for _ in range(rng.choice([0, 1, 2, 3, 12, 120])):
        name = rng.choice([*FIELDS, f"files[{rng.choice(NUMBERS)}]", "", '"', "a" * 2_000])
        head = f'Content-Disposition: form-data; name="{name}"'
        if rng.random() < 0.4:
            head += rng.choice(
                ['; filename="a.png"', '; filename=".."', "; filename*=utf-7''x", '; filename=""', '; filename="']
            )
        extra = ["", "Content-Type: image/png", f"Content-Type: text/plain; charset={rng.choice(CHARSETS)}",
                 f"Content-Transfer-Encoding: {rng.choice(['base64', 'quoted-printable', '7bit', 'x'])}",
                 "X" * 2_000]  # fmt: skip
        head += "\r\n" + rng.choice(extra)
        data = rng.choice(
            [b"", b"x", b"\x89PNG\r\n\x1a\n", rng.randbytes(50), rng.choice(TEXTS).encode("utf-8", "surrogatepass")]
        )
        pieces.append(head.encode("utf-8", "surrogatepass") + b"\r\n\r\n" + data)
    start = rng.choice([b"--x\r\n", b"--x\r\n", b"--x\r\n", b"--x\n", b"preamble\r\n--x\r\n"])
    end = rng.choice([b"\r\n--x--\r\n", b"\r\n--x--\r\n", b"\r\n--x--\r\n", b"", b"\r\n--x", b"\r\n--y--\r\n"])
    return start + b"\r\n--x\r\n".join(pieces) + end


def body_and_type(rng: random.Random) -> tuple[bytes, str]:
    kind = rng.random()
    if kind < 0.45:
        body, content_type = json_body(rng), "application/json"
    elif kind < 0.65:
        body, content_type = form_body(rng), "application/x-www-form-urlencoded"
    elif kind < 0.92:
        body, content_type = multipart_body(rng), "multipart/form-data; boundary=x"
    else:
        body, content_type = rng.randbytes(rng.choice([0, 1, 500, 70_000])), rng.choice(TYPES)
    if rng.random() < 0.15:
        content_type = rng.choice(TYPES)
    if rng.random() < 0.2:
        content_type += f"; charset={rng.choice(CHARSETS)}"
    return body, content_type


def framed(rng: random.Random, body: bytes) -> tuple[str, bytes, bool]:
    """
    Return (the header with the length of the body, the body as sent, whether it is complete).
    """
    kind = rng.random()
    if kind < 0.75:
        return f"Content-Length: {len(body)}", body, True
    if kind < 0.9:
        size = rng.choice([1, 7, 1_000, 70_000])
        cuts = [body[start : start + size] for start in range(0, min(len(body), 300 * size), size)]
        chunks = b"".join(f"{len(cut):x}\r\n".encode() + cut + b"\r\n" for cut in cuts)
        end = rng.choice(
            [b"0\r\n\r\n", b"0\r\n\r\n", b"0\r\n\r\n", b"", b"zz\r\n", b"-1\r\n", b"f" * 400, b"0\r\nX: y\r\n\r\n"]
        )
        return "Transfer-Encoding: chunked", chunks + end, end == b"0\r\n\r\n"
    length = rng.choice(["-1", "x", "", str(len(body) + 9), "0", "9" * 400, "99999999999", f"{len(body)}, {len(body)}"])
    return f"Content-Length: {length}", body, False


def request(rng: random.Random, *, token: str | None = None, known: Sequence[object] = ()) -> tuple[bytes, bool]:
    """
    Return the bytes of one case, and whether the server can see that the request is complete.

    :param known: ids and cursors that exist, so that some cases pass the first checks.
    """
    path = address(rng, known)
    method = rng.choice(METHODS)
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "X-Forwarded-Proto: https", "Connection: close",
             f"X-Forwarded-For: 198.51.100.{rng.randint(1, 250)}"]  # fmt: skip
    # These requests revoke the token, and all later cases would be anonymous.
    if token and not ("/logout" in path or "/me/" in path or "/password" in path):
        lines.append(f"Authorization: Bearer {token}")
    for _ in range(rng.choice([0, 0, 1, 2, 6, 60])):
        name = rng.choice(SOUP)
        if not (token and name in ("Authorization", "Host")):
            lines.append(f"{name}: {rng.choice(VALUES)}")
    if rng.random() < 0.05:
        lines.append(f"Content-Encoding: {rng.choice(CODINGS)}")
    body, is_whole = b"", True
    if method not in ("GET", "HEAD", "OPTIONS") or rng.random() < 0.1:
        body, content_type = body_and_type(rng)
        length, body, is_whole = framed(rng, body)
        lines += [f"Content-Type: {content_type}", length]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogatepass") + body, is_whole

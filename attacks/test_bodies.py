"""
Request bodies: charsets, codings, sizes, chunks, forms, JSON.
"""

import statistics
import time
from pathlib import Path

import pytest

from attacks.client import get_status, part, send_raw
from attacks.site import get_cpu_seconds

FORM = "application/x-www-form-urlencoded"
LOGIN = "/api/accounts/login/"
# How long a refusal may take, on a machine that is busy with other work.
AT_ONCE_SECONDS = 0.5
SLOW_CHARSETS = ["punycode", "idna", "utf-7", "unicode_escape", "raw_unicode_escape", "cp1252", "big5", "utf-32"]
NO_CHARSETS = ["zlib", "bz2", "hex", "base64", "rot13", "undefined", "uu", "quopri", "mbcs", "a" * 4000, "../etc", ""]


@pytest.mark.parametrize("charset", SLOW_CHARSETS)
def test_a_charset_that_decodes_slowly_or_strangely_is_refused(site, charset, measured):
    attacker = site.nobody(is_unlimited=True)
    body = b"username=" + b"a-" * 30_000 + b"&password=x"

    responses = [attacker.post(LOGIN, body, headers={"Content-Type": f"{FORM}; charset={charset}"}) for _ in range(5)]

    assert {(response.status, response.code) for response in responses} == {(415, "unsupported_media_type")}
    median = statistics.median(response.seconds for response in responses)
    measured.append(f"median {median * 1000:.0f} ms for 60 KB")
    assert median < AT_ONCE_SECONDS


@pytest.mark.parametrize("charset", NO_CHARSETS)
def test_a_charset_that_is_none_is_refused_and_no_crash_whatever_the_method(site, charset):
    client = site.nobody(is_unlimited=True)
    headers = {"Content-Type": f"{FORM}; charset={charset}"}

    responses = [
        client.get("/api/tweets/?user_id=1", headers=headers),
        client.get("/admin/login/?next=/%ff", headers=headers),
        client.post(LOGIN, b"username=a", headers=headers),
        client.post("/admin/login/", b"username=a", headers=headers),
        client.post(LOGIN, b"{}", headers={"Content-Type": f"application/json; charset={charset}"}),
    ]

    assert [response.status for response in responses] == [415] * 5, responses


@pytest.mark.parametrize("charset", ["utf-8", "UTF8", "ascii", "latin-1", "iso-8859-1", "utf-16"])
def test_charsets_of_honest_clients_are_read(site, charset):
    name = next(site.names)
    body = f"username={name}&email={name}@example.com&password=correct horse".encode(charset)

    response = site.nobody().post("/api/accounts/signup/", body, headers={"Content-Type": f"{FORM}; charset={charset}"})

    assert (response.status, response.json["user"]["username"]) == (201, name), response


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, identity"])
def test_a_compressed_body_is_refused_unopened(site, coding):
    response = site.nobody().post(LOGIN, b"\x1f\x8b" + b"x" * 100, headers={
        "Content-Type": "application/json", "Content-Encoding": coding,
    })  # fmt: skip

    assert response.status == 415


def head(path, *lines, method="POST"):
    fixed = [f"{method} {path} HTTP/1.1", "Host: localhost", "X-Forwarded-Proto: https", "Connection: close"]
    return "\r\n".join([*fixed, *lines, "", ""]).encode()


@pytest.mark.parametrize("path", [LOGIN, "/admin/login/", "/api/tweets/", "/api-auth/login/", "/nowhere/", "/livez"])
def test_a_gigabyte_is_refused_at_its_first_byte(site, path):
    started = time.monotonic()

    said = send_raw(
        site.port,
        head(path, "Content-Type: multipart/form-data; boundary=x", "Content-Length: 982000000") + b"--x\r\n",
        is_whole=False,
    )

    assert get_status(said) in (403, 404, 405, 413), said[:300]
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("route", [LOGIN, "/api/comments/", "/admin/login/", "/api-auth/login/"])
def test_files_where_none_belong_are_refused_and_lie_nowhere(site, route, measured):
    person = site.person(is_unlimited=True)
    before = temporary_bytes()

    response = person.multipart(route, part("username", "a"), part("file", b"x" * 8_000_000, filename="a.bin"))

    assert response.status in (400, 403, 413), response
    grown = temporary_bytes() - before
    measured.append(f"{grown:,} bytes left in the temporary folder")
    assert grown < 1_000_000


def temporary_bytes():
    folder = Path("/tmp")
    return sum(file.stat().st_size for file in folder.glob("*.upload*") if file.is_file())


def test_chunks_count_as_what_they_add_up_to(site):
    chunk = b"3e8\r\n" + b"x" * 1000 + b"\r\n"
    chunked = head(LOGIN, "Content-Type: application/json", "Transfer-Encoding: chunked")

    too_much = send_raw(site.open_port, chunked + chunk * 4_000 + b"0\r\n\r\n")
    broken = send_raw(site.open_port, chunked + b"zz\r\n{}\r\n0\r\n\r\n")
    endless = send_raw(site.open_port, chunked + b"f" * 5_000, is_whole=False)
    small = send_raw(site.open_port, chunked + b"2\r\n{}\r\n0\r\n\r\n")

    statuses = [get_status(said) for said in (too_much, broken, endless, small)]
    assert statuses[0] == 413 and statuses[1] == 400 and statuses[2] in (0, 400, 413) and statuses[3] == 400, statuses


def test_a_body_in_crumbs_is_refused_before_putting_it_together_costs_anything(site, measured):
    chunked = head("/api/tweets/", "Content-Type: multipart/form-data; boundary=x", "Transfer-Encoding: chunked")
    pids = site.web_pids()
    before = get_cpu_seconds(pids)

    responses = [send_raw(site.open_port, chunked + b"1\r\nx\r\n" * 300_000 + b"0\r\n\r\n") for _ in range(3)]

    spent = get_cpu_seconds(pids) - before
    measured.append(f"{spent / 3:.2f} s of CPU for each 1.8 MB")
    # A closed connection without a response also counts, because the server does not wait for the rest of the body.
    assert {get_status(said) for said in responses} <= {0, 400}, responses
    assert spent < 3


def test_a_form_of_thousands_of_fields_is_refused(site):
    attacker = site.person(is_unlimited=True)
    fields = [part(f"f{number}", "x") for number in range(3_000)]

    responses = [
        attacker.multipart("/api/tweets/", *fields),
        attacker.post("/api/tweets/", b"&".join(b"a=1" for _ in range(3_000)), headers={"Content-Type": FORM}),
    ]

    assert all(response.status in (400, 413) for response in responses), responses


@pytest.mark.parametrize("digits", ["9" * 5_000, "-1", "٣", "1e9", "00000000000000000000001", "0x10"])
def test_the_number_of_a_file_is_a_number_of_a_few_digits(site, digits):
    attacker = site.person(is_unlimited=True)

    response = attacker.multipart(
        "/api/tweets/", part("content", "Numbered photos"), part(f"files[{digits}]", b"x", filename="a.png")
    )

    assert response.status in (400, 413), response


@pytest.mark.parametrize("field", ["photo", "files[0][1]", "avatar", "", "a\tb"])
def test_no_file_is_dropped_in_silence(site, field):
    attacker = site.person(is_unlimited=True)

    response = attacker.multipart(
        "/api/tweets/", part("content", "Misnamed photo"), part(field, b"x", filename="a.png")
    )

    assert response.status == 400, response


@pytest.mark.parametrize("filename", [".", "..", "../../etc/passwd", "a\x00.png", "x" * 300, "/"])
def test_a_file_with_a_strange_name_is_not_dropped_in_silence(site, filename):
    attacker = site.person(is_unlimited=True)

    response = attacker.multipart(
        "/api/tweets/", part("content", "Strange photo"), part("files", b"no picture", filename=filename)
    )

    assert response.status in (400, 413), response


NESTED = {
    "lists": b"[" * 100_000 + b"]" * 100_000,
    "objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "unclosed": b"[" * 100_000,
    "shallow but many": b'{"content": [' + b"[]," * 800_000 + b"[]]}",
    "long number": b'{"content": ' + b"9" * 60_000 + b"}",
}
ODD = {
    "NaN": b'{"content": NaN}',
    "Infinity": b'{"object_id": -Infinity}',
    "lone surrogate": b'{"content": "\\ud800\\ud800\\ud800 abc"}',
    "NUL": b'{"content": "abcdef\\u0000"}',
    "list": b"[]",
    "text": b'"abcdef"',
    "null": b"null",
    "nothing": b"",
    "broken UTF-8": b'{"content": "\xff\xfe\xfd abc"}',
    "BOM of UTF-32": b"\xff\xfe\x00\x00{}",
    "wrong types": b'{"content": {"a": 1}}',
    "exponent": b'{"content": "abcdef", "tweet_id": 1e400}',
}


@pytest.mark.parametrize("kind", NESTED)
def test_json_of_any_depth_and_size_is_refused_at_once(site, kind, measured):
    attacker = site.person(is_unlimited=True)

    responses = [
        attacker.post("/api/tweets/", NESTED[kind], headers={"Content-Type": "application/json"}) for _ in range(5)
    ]

    assert all(response.status in (400, 413) for response in responses), responses
    median = statistics.median(response.seconds for response in responses)
    measured.append(f"median {median * 1000:.0f} ms")
    assert median < 0.1


@pytest.mark.parametrize("kind", ODD)
def test_odd_json_is_a_400(site, kind):
    attacker = site.person(is_unlimited=True)

    response = attacker.post("/api/tweets/", ODD[kind], headers={"Content-Type": "application/json"})

    assert response.status == 400, response


def test_of_a_key_that_comes_twice_the_last_counts(site):
    author = site.person(is_unlimited=True)

    response = author.post(
        "/api/tweets/", b'{"content": "The first", "content": "The last"}', headers={"Content-Type": "application/json"}
    )

    assert (response.status, response.json["content"]) == (201, "The last")

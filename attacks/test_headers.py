"""
Headers of requests and responses: hosts, origins, redirects, policies for browsers and proxies.
"""

import re
import statistics

import pytest

from attacks.client import get_status, send_raw
from attacks.site import PASSWORD

ERROR_FIELDS = {"success", "code", "message", "detail", "errors", "request_id"}


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "localhost:80@evil.example", "a" * 300, ""])
def test_a_host_that_is_not_ours_is_a_400(site, host):
    said = send_raw(
        site.port,
        f"GET /api/ HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n".encode(),
    )

    assert get_status(said) == 400
    assert b"evil.example" not in said


def test_a_forwarded_host_builds_no_address(site):
    client = site.nobody()

    response = client.get("/api/", headers={"X-Forwarded-Host": "evil.example", "Accept": "application/json"})

    assert response.status == 200 and "evil.example" not in response.text


@pytest.mark.parametrize(
    "accept", ["x/y", "*", "", "text/html;q=" + "9" * 1000, ",,,;;;", "a" * 8000, "text/html;" * 500]
)
def test_an_accept_header_of_any_look_breaks_nothing(site, accept):
    assert site.nobody().get("/api/features/", headers={"Accept": accept}).status in (200, 406)


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "FOO", "PROPFIND", "get", "OPTIONS"])
def test_a_method_that_nobody_knows_does_nothing(site, method):
    response = site.nobody().ask(method, "/api/tweets/?user_id=1")

    assert response.status in (200, 400, 403, 405) and (response.status != 200 or method == "OPTIONS")


def cross_site(site, path, body, kind, *, browser=None, origin="https://evil.example"):
    """
    Send a request as a browser does for a page of another site.
    """
    client = browser or site.nobody()
    headers = {"Origin": origin, "Referer": f"{origin}/", "Content-Type": kind}
    return client.post(path, body, headers={**headers, "X-CSRFToken": ""})


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/json", "text/plain"])
def test_a_page_elsewhere_writes_nothing_with_a_visitors_session(site, kind):
    victim = site.log_in_browser(site.person())

    response = cross_site(site, "/api/tweets/", b'{"content": "Forged by a page"}', kind, browser=victim)

    assert response.status in (403, 415)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost", "https://localhost.evil.example"]
)
def test_a_page_elsewhere_logs_nobody_in_as_somebody_else(site, origin):
    thief = site.person()
    body = f"username={thief.name}&password={PASSWORD}".replace(" ", "+").encode()

    response = cross_site(site, "/api/accounts/login/", body, "application/x-www-form-urlencoded", origin=origin)

    assert response.status == 403 and "sessionid" not in str(response.headers)


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https:evil.example", "https://evil.example", "javascript:alert(1)",
               "///evil.example", "\thttps://evil.example", "https://localhost@evil.example"],
)  # fmt: skip
@pytest.mark.parametrize("endpoint", ["/api-auth/login/", "/admin/login/"])
def test_a_login_page_sends_nobody_to_another_site(site, target, endpoint):
    person = site.person(is_unlimited=True, is_staff=True)
    client = site.nobody(is_unlimited=True)
    client.get(endpoint)

    response = client.form(
        f"{endpoint}?next=/",
        {
            "username": person.name,
            "password": PASSWORD,
            "next": target,
            "csrfmiddlewaretoken": client.cookies["csrftoken"],
        },
    )

    assert response.status == 302, response
    # A path of this site, with any content.
    assert re.match(r"/(?![/\\])", response.headers["Location"]), response.headers["Location"]


@pytest.mark.parametrize("parameter", ["comments_next", "next", "previous", "cursor"])
def test_no_link_of_a_page_leads_where_its_query_says(site, parameter):
    author = site.person(is_unlimited=True)
    tweet = author.post("/api/tweets/", {"content": "Somebody's page"}).json
    author.post("/api/comments/", {"tweet_id": tweet["id"], "content": "Said"})

    for path in (f"/api/tweets/{tweet['id']}/", f"/api/tweets/?user_id={author.id}&"):
        page = author.get(
            f"{path}{'' if path.endswith('&') else '?'}{parameter}=//evil.example/", headers={"Accept": "text/html"}
        )
        assert not re.search(r'href="(https?:)?//evil\.example', page.text), page


def test_every_answer_says_how_browsers_shall_treat_it(site):
    browser = site.log_in_browser(site.person())
    for path in ("/api/", "/api/newsfeeds/", "/api/nothing/", "/admin/login/", "/api/docs/", "/livez"):
        for accept in ("application/json", "text/html"):
            headers = browser.get(path, headers={"Accept": accept}).headers
            assert headers["X-Content-Type-Options"] == "nosniff", path
            assert headers["X-Frame-Options"] == "DENY", path
            assert headers["Referrer-Policy"] == "same-origin", path
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin", path
            assert "max-age=31536000" in headers["Strict-Transport-Security"], path
            if headers["Content-Type"].startswith("text/html"):
                policy = headers["Content-Security-Policy"]
                assert "default-src 'self'" in policy and "script-src" not in policy.replace("'self'", ""), path
            assert not re.search(r"gunicorn|waitress|python|django", str(headers.get("Server", "")), re.I), path
            assert "X-Powered-By" not in headers


def test_cookies_are_for_https_and_those_that_open_something_not_for_scripts(site):
    person = site.person()

    response = site.nobody().post("/api/accounts/login/", {"username": person.name, "password": PASSWORD})

    lines = response.headers.get_all("Set-Cookie")
    assert lines
    for line in lines:
        assert "Secure" in line and "SameSite=Lax" in line, line
        assert "HttpOnly" in line or line.startswith("csrftoken"), line


def test_plain_http_is_sent_to_https_and_a_stranger_cannot_say_otherwise(site):
    response = site.nobody().get("/api/", headers={"X-Forwarded-Proto": "http"})

    assert (response.status, response.headers["Location"]) == (301, "https://localhost/api/")


def test_an_error_is_in_the_contracts_words_and_never_a_trace(site):
    person = site.person(is_unlimited=True)
    responses = [
        person.get("/api/nothing/"), person.get("/api/tweets/"), person.get("/api/tweets/x/"),
            person.put("/api/tweets/"),
        person.post("/api/tweets/", b"{", headers={"Content-Type": "application/json"}),
        person.post("/api/tweets/", b"x", headers={"Content-Type": "image/png"}),
        person.get("/media/photos/../../secret_key"), person.get("/api/tweets/?user_id=%00"),
    ]  # fmt: skip

    for response in responses:
        assert 400 <= response.status < 500 and set(response.json) == ERROR_FIELDS, response
        assert not re.search(r"Traceback|File \"|\.py|SELECT |django", response.text), response


def test_answers_say_who_may_keep_them(site):
    person = site.person(is_unlimited=True)
    browser = site.log_in_browser(person)

    login = site.nobody().post("/api/accounts/login/", {"username": person.name, "password": PASSWORD})
    status = browser.get("/api/accounts/login_status/")
    feed = person.get("/api/newsfeeds/")
    metrics = site.person(is_unlimited=True, is_staff=True).get("/metrics")

    for response in (login, status, metrics):
        assert "no-store" in response.headers["Cache-Control"], response.headers
    assert "private" in feed.headers["Cache-Control"]


def test_the_schema_is_built_once_and_has_a_limit(site, measured):
    client = site.nobody(is_unlimited=True)
    client.get("/api/schema/")

    seconds = [client.get("/api/schema/").seconds for _ in range(9)]
    tagged = client.get("/api/schema/")
    again = client.get("/api/schema/", headers={"If-None-Match": tagged.headers["ETag"]})
    attacker = site.nobody()
    statuses = [attacker.get("/api/schema/").status for _ in range(25)]

    measured.append(f"median {statistics.median(seconds) * 1000:.1f} ms")
    assert again.status == 304 and 429 in statuses
    assert statistics.median(seconds) < 0.1


def test_metrics_are_not_for_the_world(site):
    for client in (site.nobody(address="192.0.2.7"), site.person()):
        client.address = "192.0.2.7"
        assert client.get("/metrics").status == 403


@pytest.mark.parametrize("path", ["/media/../secret_key", "/media/%2e%2e/secret_key", "/static/../../secret_key",
                                  "/static/..%2f..%2fsecret_key", "/media/photos/00/../../../secret_key",
                                  "//etc/passwd",
                                  "/static/%00", "/.env", "/.git/config", "/api/%c0%ae%c0%ae/",
                                  "/api/\x7f"])  # fmt: skip
def test_no_address_leads_to_a_file_of_the_server(site, path):
    said = send_raw(
        site.port,
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n".encode(),
    )

    assert get_status(said) in (301, 308, 400, 404), said[:300]

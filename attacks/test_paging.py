"""
Pages, cursors and ids that are out of range, malformed or far away.
"""

import statistics
from urllib.parse import quote

import pytest

from accounts.models import User, UserProfile
from friendships.models import Friendship
from utils.database.time_ids import next_id

FANS = 20_000
HUGE = "9" * 5_000
SIZES = ["0", "-1", "abc", "1000000000", str(2**70), "1e3", "", "٣", "1.5", "%00", HUGE]
CURSORS = [
    "", "a", "a" * 4_000, "%00", "0", "-1", "eyJhIjoxfQ==", "====", "..", "' OR 1=1 --", "ﬀ", "9" * 30, HUGE, "null",
    "[]",
    "cD0yMDIw", "\u202e", "2020-01-01", "bytes\xff", "🙂",
]  # fmt: skip
TIMES = ["", "0", "now", "2020-13-01T00:00:00Z", "2020-01-01", "2020-01-01T00:00:00", "99999-01-01T00:00:00Z", "\x00",
         "2020-01-01T00:00:00+99:99", "-0001-01-01T00:00:00Z"]  # fmt: skip
IDS = [str(2**63), str(2**64), "-1", HUGE, "\x00", "0x1", "1e3", "' OR 1=1", "null", "0", "🙂", "9" * 19]


@pytest.mark.parametrize("size", SIZES)
def test_no_size_of_a_page_gives_more_rows_than_the_most(site, size):
    person = site.person(is_unlimited=True)
    lists = {
        f"/api/tweets/?user_id={person.id}&limit=": 100, "/api/newsfeeds/?limit=": 100,
        f"/api/friendships/{person.id}/followers/?limit=": 100,
        f"/api/friendships/{person.id}/followers/?page=1&size=": 20,
        "/api/notifications/?page=": 10, "/api/users/search/?q=person&limit=": 100,
    }  # fmt: skip

    for path, most in lists.items():
        response = person.get(path + quote(size, safe="%"))
        assert response.status in (200, 400, 404), (path, response)
        assert response.status != 200 or len(response.json["results"]) <= most, path


@pytest.mark.parametrize("cursor", CURSORS)
def test_a_cursor_that_is_none_is_a_400(site, cursor):
    person = site.person(is_unlimited=True)
    tweet = person.post("/api/tweets/", {"content": "Paged away"}).json["id"]

    for path in (
        f"/api/tweets/?user_id={person.id}", "/api/newsfeeds/?", f"/api/friendships/{person.id}/followers/?",
        f"/api/comments/?tweet_id={tweet}", "/api/users/search/?q=person",
    ):  # fmt: skip
        response = person.get(f"{path}&cursor={quote(cursor, safe='%')}")
        assert response.status == 400, (path, response)


@pytest.mark.parametrize("moment", TIMES)
@pytest.mark.parametrize("side", ["lt", "gt"])
def test_a_time_that_is_none_is_a_400(site, moment, side):
    person = site.person(is_unlimited=True)

    response = person.get(f"/api/newsfeeds/?created_at__{side}={quote(moment)}")

    assert response.status == 400, response


@pytest.mark.parametrize("identifier", IDS)
def test_an_id_that_nothing_has_is_a_404_in_the_address_and_a_400_in_a_body(site, identifier):
    person, quoted = site.person(is_unlimited=True), quote(identifier)

    for path in ("tweets/{}/", "users/{}/", "friendships/{}/followers/", "users/by/{}/"):
        assert person.get(f"/api/{path.format(quoted)}").status == 404, path
    for method, path in (("POST", "friendships/{}/follow/"), ("DELETE", "tweets/{}/"), ("PUT", "comments/{}/"),
                         ("PUT", "notifications/{}/"), ("PATCH", "profiles/{}/")):  # fmt: skip
        assert person.ask(method, f"/api/{path.format(quoted)}", {"unread": False}).status == 404, path
    for path, body in (
        ("likes/", {"content_type": "tweet", "object_id": identifier}),
        ("comments/", {"tweet_id": identifier, "content": "abc"}),
        ("reports/", {"content_type": "user", "object_id": identifier, "reason": "abc"}),
    ):
        assert person.post(f"/api/{path}", body).status == 400, path


@pytest.mark.parametrize("number", [2**53, 2**63, 2**64, -1, 1.5, 10**400, True, None, [], {}, "1", [1]])
def test_a_number_of_any_kind_in_a_body_is_a_400_or_its_meaning(site, number):
    person = site.person(is_unlimited=True)
    written = "1" + "0" * 400 if number == 10**400 else None
    body = b'{"content_type": "tweet", "object_id": %s}' % written.encode() if written else {
        "content_type": "tweet", "object_id": number,
    }  # fmt: skip

    response = person.post("/api/likes/", body, headers={"Content-Type": "application/json"})

    assert response.status == 400, response


@pytest.fixture(scope="module")
def star(site):
    """
    A user with twenty thousand followers.
    """
    star = site.person(is_unlimited=True)
    names = [f"fan{number}of{star.id}" for number in range(FANS)]
    User.objects.bulk_create([User(username=name, email=f"{name}@example.com") for name in names], batch_size=2_000)
    ids = list(
        User.objects.filter(username__startswith="fan", username__endswith=f"of{star.id}").values_list("id", flat=True)
    )
    UserProfile.objects.bulk_create([UserProfile(user_id=user_id) for user_id in ids], batch_size=2_000)
    rows = [Friendship(id=next_id(), from_user_id=user_id, to_user_id=star.id) for user_id in ids]
    Friendship.objects.bulk_create(rows, batch_size=2_000)
    UserProfile.objects.filter(user_id=star.id).update(followers_count=FANS)
    return star


def test_a_page_far_down_a_stars_followers_costs_what_the_first_one_does(site, star, measured):
    path = f"/api/friendships/{star.id}/followers/?page={{}}"
    first = star.get(path.format(1))
    assert first.status == 200 and first.json["total_results"] == FANS
    last = first.json["total_pages"]

    seconds = {
        page: statistics.median(star.get(path.format(page)).seconds for _ in range(9)) for page in (1, last // 2, last)
    }

    measured.append(", ".join(f"page {page}: {value * 1000:.1f} ms" for page, value in seconds.items()))
    assert star.get(path.format(last + 1)).status == 404
    assert star.get(path.format(10**9)).status == 404
    # The cost of any page of twenty people, and the noise of the machine.
    assert max(seconds.values()) < 2 * min(seconds.values()) + 0.02


def test_deep_pages_are_bounded_whatever_the_list_has(site, star):
    response = star.get(f"/api/friendships/{star.id}/followers/?page=999")

    assert response.status == 404

"""
What is measured: reads, acts, and the floors beside which they are measured.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from accounts.models import User
from benchmarks import world
from benchmarks.environment import PORT
from benchmarks.http import Connection, http_request

READ_FLOOR = "raw SQL read"
WRITE_FLOOR = "raw SQL write"
VIEW_FLOOR = "empty view"


@dataclass
class Case:
    """
    One line of the table: requests that are sent in turn over so many connections.

    :param floor: the raw SQL that it is measured beside.
    :param is_act: each request can be sent once, because it changes something.
    :param renew: makes the requests anew before each run, where acts in between change what they must hold.
    """

    name: str
    requests: Sequence[bytes] = field(repr=False)
    connections: int = 8
    expected: int = 200
    floor: str = READ_FLOOR
    is_act: bool = False
    seconds: float | None = None
    renew: Callable[[], Sequence[bytes]] | None = field(default=None, repr=False)

    @property
    def title(self) -> str:
        return f"{self.name}, c={self.connections}"

    def renew_requests(self) -> None:
        if self.renew:
            self.requests = self.renew()

    def drop_sent(self, count: int) -> None:
        """
        Forget requests that were sent, those included whose responses nobody waited for.
        """
        if self.is_act:
            self.requests = self.requests[count + self.connections :]
            assert self.requests, f"{self.name}: there are too few requests for so many seconds"


def all_cases(people: world.World) -> list[Case]:
    return [*_floors(people), *_reads(people), *_acts(people)]


def _sessions(users: Iterable[User], backend: str = world.OURS) -> list[str]:
    return [world.open_session(user, backend) for user in users]


def _gets(path: str, cookies: Sequence[str], **headers: str) -> list[bytes]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return [http_request("GET", path, cookie=cookie, headers=named) for cookie in cookies]


def _posts(path: str, bodies: Iterable[dict], cookies: Sequence[str]) -> list[bytes]:
    return [
        http_request("POST", path.format(**body), cookie=cookie, body=body) for body in bodies for cookie in cookies
    ]


def _floors(people: world.World) -> list[Case]:
    return [
        Case("static view", _gets("/floor/static/", [""])),
        Case(VIEW_FLOOR, _gets("/floor/empty/", _sessions(people.readers, world.DJANGOS))),
    ]


def _reads(people: world.World) -> list[Case]:
    cookies = _sessions(people.readers)
    home, tweet = "/api/newsfeeds/", f"/api/tweets/{people.talked_about.id}/"
    return [
        Case("home feed", _gets(home, cookies)),
        Case("home feed not changed", (), expected=304, renew=partial(_known_pages, home, cookies)),
        Case("timeline", _gets(f"/api/tweets/?user_id={people.followees[0].id}", cookies)),
        Case("one tweet", _gets(tweet, cookies)),
    ]


def _known_pages(path: str, cookies: Sequence[str]) -> list[bytes]:
    """
    Return requests of clients that have the page already; none where the server gives it no ETag.
    """
    requests = []
    connection = Connection(PORT)
    for cookie in cookies:
        _, head = connection.send(http_request("GET", path, cookie=cookie))
        if "\r\netag:" in head:
            etag = head.partition("\r\netag:")[2].partition("\r\n")[0].strip()
            requests += _gets(path, [cookie], If_None_Match=etag)
    return requests


def _acts(people: world.World) -> list[Case]:
    # Enough of each for ten minutes of capacity.py at 250 a second.
    cookies, authors = _sessions(people.readers), _sessions(people.followees)
    posts = [{"content": f"Hello number {number} to everybody who follows me"} for number in range(2_000)]
    likes = [{"content_type": "tweet", "object_id": tweet.id} for tweet in people.tweets]
    comments = [{"tweet_id": tweet.id, "content": "Well said!"} for tweet in people.tweets]
    follows = [{"id": user.id} for user in people.crowd[:500]]
    logins = [{"username": user.username, "password": world.PASSWORD} for user in people.login_users]
    to_all = _posts("/api/tweets/", posts[:1_200], authors)
    act = {"expected": 201, "floor": WRITE_FLOOR, "is_act": True}
    return [
        Case("post", to_all[::2], connections=1, **act),
        Case("post", to_all[1::2], **act),
        Case("like", _posts("/api/likes/", likes, [*cookies, *authors]), **act),
        Case("comment", _posts("/api/comments/", comments, cookies), **act),
        Case("follow", _posts("/api/friendships/{id}/follow/", follows, cookies), **act),
        # A second of it is more than a million rows to deliver.
        Case("post to 14,060", _posts("/api/tweets/", posts, _sessions([people.star])), 1, seconds=1, **act),
        Case("login", _posts("/api/accounts/login/", logins, [""])),
    ]

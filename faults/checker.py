"""
Compares everything that the API shows with what was acknowledged.

Nothing acknowledged is lost, nothing stands twice, and nothing is there that nobody asked for. A call whose answer is
unknown may have done its work or not; all pages must then agree about which.
"""

import http.client
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from attacks.client import Client
from faults.load import Certainty, Person

THERE, OPEN = Certainty.THERE, Certainty.OPEN
# A notification: verb, actor's id, target, action object.
Notice = tuple[str, int, str, str | None]


class Checker:
    """
    `complaints` of one look at everything; none where all is well.
    """

    def __init__(self, people: Sequence[Person]) -> None:
        self.people = people
        self.complaints: list[str] = []

    def look(self) -> list[str]:
        """
        Read every page of everybody and return what is wrong.
        """
        try:
            self._look()
        except (OSError, http.client.HTTPException, Unreadable) as error:
            self.complaints.append(f"could not be read: {error!r}")
        return self.complaints

    def _look(self) -> None:
        timelines = {one.id: self._timeline(one) for one in self.people}
        follows = {one.id: self._followings(one) for one in self.people}
        for one in self.people:
            followers = {id for id, followed in follows.items() if one.id in followed}
            self._profile(one, tweets_count=len(timelines[one.id]), followers_count=len(followers))
            self._feed(one, set().union(*(timelines[id] for id in {one.id, *follows[one.id]})))
            told = {("followed you", id, str(one.id), None) for id in followers}
            self._inbox(one, told.union(*map(self._tweet, timelines[one.id])))

    def _timeline(self, one: Person) -> set[int]:
        rows = list(pages(one.client, f"/api/tweets/?user_id={one.id}&limit=100"))
        self._same(f"timeline of {one.id}", [row["content"] for row in rows], of=[one], kind="tweet")
        with_photo = one.those("photo", THERE)
        for row in rows:
            if row["id"] in with_photo:
                self._photo(one.client, row)
        return {row["id"] for row in rows}

    def _photo(self, client: Client, row: dict[str, Any]) -> None:
        self._equal(f"photos of {row['id']}", len(row["photo_urls"]), 1)
        for url in row["photo_urls"]:
            address = urlsplit(url)
            status = client.get(f"{address.path}?{address.query}").status
            self._equal(f"photo of {row['id']}", status, 200)

    def _followings(self, one: Person) -> set[int]:
        rows = [row["user"]["id"] for row in pages(one.client, f"/api/friendships/{one.id}/followings/?limit=100")]
        self._same(f"followings of {one.id}", rows, of=[one], kind="follow")
        return set(rows)

    def _profile(self, one: Person, **counts: int) -> None:
        shown = read(one.client, f"/api/users/{one.id}/")
        self._nickname(shown)
        for name, count in counts.items():
            self._equal(f"{name} of {one.id}", shown[name], count)

    def _nickname(self, user: dict[str, Any]) -> None:
        possible = next(one.nicknames for one in self.people if one.id == user["id"])
        if user["nickname"] not in possible:
            self.complaints.append(f"{user['id']} is called {user['nickname']}, not {possible}")

    def _feed(self, one: Person, tweet_ids: set[int]) -> None:
        tweets = [row["tweet"] for row in pages(one.client, "/api/newsfeeds/?limit=100")]
        self._same(f"feed of {one.id}", [tweet["id"] for tweet in tweets], there=tweet_ids)
        for tweet in tweets:
            self._nickname(tweet["user"])

    def _tweet(self, tweet_id: int) -> set[Notice]:
        """
        Look at a tweet and return what its author must have been notified of.
        """
        comments = list(pages(self.people[0].client, f"/api/comments/?tweet_id={tweet_id}&limit=100"))
        self._same(
            f"comments of {tweet_id}",
            [comment["content"] for comment in comments],
            there={text for one in self.people for id, text in one.those("comment", THERE) if id == tweet_id},
            open={text for one in self.people for id, text in one.those("comment", OPEN) if id == tweet_id},
        )
        details = {one: read(one.client, f"/api/tweets/{tweet_id}/") for one in self.people}
        likers = {one.id for one, detail in details.items() if detail["has_liked"]}
        for one, detail in details.items():
            if tweet_id not in one.those("like", OPEN):
                self._equal(f"{one.id} likes {tweet_id}", one.id in likers, tweet_id in one.those("like", THERE))
            self._equal(f"likes_count of {tweet_id}", detail["likes_count"], len(likers))
            self._equal(f"comments_count of {tweet_id}", detail["comments_count"], len(comments))
        target = str(tweet_id)
        return {
            *(("liked your tweet", id, target, None) for id in likers),
            *(("commented on your tweet", it["user"]["id"], target, str(it["id"])) for it in comments),
        }

    def _inbox(self, one: Person, told: set[Notice]) -> None:
        rows = [
            (row["verb"], row["actor"]["id"], row["target_object_id"], row["action_object_object_id"])
            for row in pages(one.client, "/api/notifications/")
        ]
        # Nobody is notified of what they have done themselves.
        self._same(f"inbox of {one.id}", rows, there={notice for notice in told if notice[1] != one.id})

    def _same(
        self,
        what: str,
        seen: list[Any],
        *,
        there: Iterable[Any] = (),
        open: Iterable[Any] = (),
        of: Sequence[Person] = (),
        kind: str = "",
    ) -> None:
        must = {*there, *(key for one in of for key in one.those(kind, THERE))}
        may = {*must, *open, *(key for one in of for key in one.those(kind, OPEN))}
        twice = [key for key, times in Counter(seen).items() if times > 1]
        wrong = {"lost": must - {*seen}, "twice": twice, "ghosts": {*seen} - may}
        self.complaints += [f"{what}: {kind} {sorted(keys, key=str)}" for kind, keys in wrong.items() if keys]

    def _equal(self, what: str, seen: object, wanted: object) -> None:
        if seen != wanted:
            self.complaints.append(f"{what}: {seen}, not {wanted}")


class Unreadable(Exception):
    """
    A page did not answer with 200.
    """


def read(client: Client, path: str) -> dict[str, Any]:
    """
    Return the body of a page.

    :raises Unreadable: it answers with something else.
    """
    answer = client.get(path)
    if answer.status != 200:
        raise Unreadable(f"{path}: {answer}")
    body: dict[str, Any] = answer.json
    return body


def pages(client: Client, path: str) -> Iterable[dict[str, Any]]:
    """
    Yield the rows of an endless list, page after page.
    """
    following: str | None = path
    while following:
        address = urlsplit(following)
        body = read(client, f"{address.path}?{address.query}")
        yield from body["comments"] if "comments" in body else body["results"]
        following = body["next"]


def feed_fsck() -> list[str]:
    """
    Hold every feed against its definition, in the stores themselves, and return what differs.
    """
    result = subprocess.run(
        [sys.executable, "manage.py", "feed_fsck"], capture_output=True, text=True, check=False, timeout=60
    )
    return [] if result.returncode == 0 else [f"feed_fsck: {result.stdout}{result.stderr[-500:]}"]

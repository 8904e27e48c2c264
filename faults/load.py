"""
People who act without pause, each in a thread, and who write down what became of every call.

Each acts alone upon what is theirs, one call after the other. Therefore the last answer says what must be there,
and only a call without a clear answer leaves it open.
"""

import http.client
import io
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Self

from PIL import Image

from attacks.client import Answer, Client, part

PAUSE_SECONDS = 0.1
TIMEOUT_SECONDS = 15
READS = ("feed", "timeline", "detail")
# What is done to tweets that somebody may have deleted meanwhile.
ABOUT_TWEETS = ("like", "cancel", "comment", "detail")
# How often each is done, of some two dozen.
ACTS = {
    "post": 4,
    "photo": 1,
    "delete": 1,
    "follow": 2,
    "unfollow": 1,
    "like": 3,
    "cancel": 1,
    "comment": 3,
    "rename": 1,
} | dict.fromkeys(READS, 3)


class Outcome(Enum):
    OK = "ok"
    FAILED = "failed"  # refused, and certainly not done
    UNKNOWN = "unknown"  # no answer, or a 5xx: done or not


class Certainty(Enum):
    THERE = "there"
    GONE = "gone"
    OPEN = "open"


@dataclass(frozen=True)
class Call:
    """
    One call: when it began by the monotonic clock, how many seconds it took, and its status, 0 without an answer.
    """

    act: str
    at: float
    seconds: float
    status: int

    @property
    def ended_at(self) -> float:
        return self.at + self.seconds

    @property
    def is_read(self) -> bool:
        return self.act in READS

    @property
    def is_answered(self) -> bool:
        """
        Whether the answer is what a client may expect on a good day.
        """
        return 200 <= self.status < 300 or (self.act in ABOUT_TWEETS and self.status in (400, 404))

    @property
    def outcome(self) -> Outcome:
        if self.status in (0, *range(500, 600)):
            return Outcome.UNKNOWN
        return Outcome.OK if self.status < 300 else Outcome.FAILED


@dataclass(eq=False)
class Person:
    """
    Somebody and what they have done. A fact is, for example, ("like", tweet id).

    :param nicknames: what they may be called by now; more than one after a call without a clear answer.
    """

    client: Client
    id: int
    profile_id: int
    nicknames: set[str | None] = field(default_factory=lambda: {None})
    facts: dict[tuple[str, Any], Certainty] = field(default_factory=dict)
    tweets: dict[int, str] = field(default_factory=dict)

    def those(self, kind: str, *certainties: Certainty) -> set[Any]:
        return {key for (of, key), certainty in list(self.facts.items()) if of == kind and certainty in certainties}


def picture() -> bytes:
    """
    Return a small PNG.
    """
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(file, "PNG")
    return file.getvalue()


class Load:
    """
    Starts with the block and ends with it; `calls` are all calls so far, in the order of their ends.
    """

    def __init__(self, people: Sequence[Person]) -> None:
        self.people = people
        self.calls: list[Call] = []
        self.started_at = time.monotonic()
        self._ends = threading.Event()
        self._threads = [threading.Thread(target=self._live, args=(person,)) for person in people]
        self._picture = picture()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        for thread in self._threads:
            thread.join()

    def runs_for(self, seconds: float) -> None:
        """
        Let time pass under load.
        """
        self._ends.wait(seconds)

    def split(self, moment: float) -> tuple[list[Call], list[Call]]:
        """
        Return the calls that had ended at a moment of the monotonic clock, and the others: what was under way then too.
        """
        calls = list(self.calls)
        return [call for call in calls if call.ended_at <= moment], [call for call in calls if call.ended_at > moment]

    def _live(self, person: Person) -> None:
        chance = random.Random(person.id)
        number = 0
        while not self._ends.wait(PAUSE_SECONDS):
            number += 1
            act = chance.choices(list(ACTS), list(ACTS.values()))[0]
            getattr(self, f"_{act}")(person, chance, f"{person.id} says {number}")

    def _call(
        self, person: Person, act: str, method: str, *arguments: Any, **more: Any
    ) -> tuple[Outcome, Answer | None]:
        started, answer = time.monotonic(), None
        try:
            answer = getattr(person.client, method)(*arguments, timeout=TIMEOUT_SECONDS, **more)
        except (OSError, http.client.HTTPException):
            pass
        call = Call(act, started, time.monotonic() - started, answer.status if answer else 0)
        self.calls.append(call)
        return call.outcome, answer

    def _write(self, person: Person, fact: tuple[str, Any], then: Certainty, *call: Any) -> Answer | None:
        """
        Make a call that makes a fact true, or ends it, and note what is known of it now.
        """
        outcome, answer = self._call(person, *call)
        if outcome is Outcome.OK:
            person.facts[fact] = then
        elif outcome is Outcome.UNKNOWN and person.facts.get(fact) is not then:
            person.facts[fact] = Certainty.OPEN
        return answer if outcome is Outcome.OK else None

    # -------------------------------------------------------------- writes

    def _post(self, person: Person, chance: random.Random, text: str) -> None:
        call = ("post", "post", "/api/tweets/", {"content": text})
        if answer := self._write(person, ("tweet", text), Certainty.THERE, *call):
            person.tweets[answer.json["id"]] = text

    def _photo(self, person: Person, chance: random.Random, text: str) -> None:
        parts = part("content", text), part("files", self._picture, filename="a.png")
        answer = self._write(person, ("tweet", text), Certainty.THERE, "photo", "multipart", "/api/tweets/", *parts)
        if answer:
            person.tweets[answer.json["id"]] = text
            person.facts["photo", answer.json["id"]] = Certainty.THERE

    def _delete(self, person: Person, chance: random.Random, text: str) -> None:
        if person.tweets:
            tweet_id = chance.choice(list(person.tweets))
            fact = "tweet", person.tweets.pop(tweet_id)
            self._write(person, fact, Certainty.GONE, "delete", "delete", f"/api/tweets/{tweet_id}/")

    def _follow(self, person: Person, chance: random.Random, text: str) -> None:
        self._friendship(person, chance, "follow", Certainty.THERE)

    def _unfollow(self, person: Person, chance: random.Random, text: str) -> None:
        self._friendship(person, chance, "unfollow", Certainty.GONE)

    def _friendship(self, person: Person, chance: random.Random, act: str, then: Certainty) -> None:
        other = chance.choice([one for one in self.people if one is not person])
        self._write(person, ("follow", other.id), then, act, "post", f"/api/friendships/{other.id}/{act}/")

    def _like(self, person: Person, chance: random.Random, text: str) -> None:
        if tweet_id := self._some_tweet(chance):
            body = {"content_type": "tweet", "object_id": tweet_id}
            self._write(person, ("like", tweet_id), Certainty.THERE, "like", "post", "/api/likes/", body)

    def _cancel(self, person: Person, chance: random.Random, text: str) -> None:
        if liked := person.those("like", Certainty.THERE):
            tweet_id = chance.choice(sorted(liked))
            body = {"content_type": "tweet", "object_id": tweet_id}
            self._write(person, ("like", tweet_id), Certainty.GONE, "cancel", "post", "/api/likes/cancel/", body)

    def _comment(self, person: Person, chance: random.Random, text: str) -> None:
        if tweet_id := self._some_tweet(chance):
            body = {"tweet_id": tweet_id, "content": text}
            fact = "comment", (tweet_id, text)
            self._write(person, fact, Certainty.THERE, "comment", "post", "/api/comments/", body)

    def _rename(self, person: Person, chance: random.Random, text: str) -> None:
        outcome, _ = self._call(person, "rename", "put", f"/api/profiles/{person.profile_id}/", {"nickname": text})
        if outcome is not Outcome.FAILED:
            person.nicknames = {text, *(person.nicknames if outcome is Outcome.UNKNOWN else ())}

    # -------------------------------------------------------------- reads

    def _feed(self, person: Person, chance: random.Random, text: str) -> None:
        self._call(person, "feed", "get", "/api/newsfeeds/")

    def _timeline(self, person: Person, chance: random.Random, text: str) -> None:
        self._call(person, "timeline", "get", f"/api/tweets/?user_id={chance.choice(self.people).id}")

    def _detail(self, person: Person, chance: random.Random, text: str) -> None:
        if tweet_id := self._some_tweet(chance):
            self._call(person, "detail", "get", f"/api/tweets/{tweet_id}/")

    def _some_tweet(self, chance: random.Random) -> int | None:
        tweets = list(chance.choice(self.people).tweets)
        return chance.choice(tweets) if tweets else None

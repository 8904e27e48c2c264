"""
The trace: what people do in the laboratory, in one order, recorded from a seed before anything is played.
"""

import hashlib
import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from newsfeeds.lab.graph import Edge

POST, READ, FOLLOW, UNFOLLOW, DELETE = "post", "read", "follow", "unfollow", "delete"
# Rates of posts are of a Pareto distribution, a fifth of the authors posting four fifths of the tweets, times the
# number of followers: who has more of them posts more (Kwak et al., What is Twitter, WWW 2010).
POST_RATE_SHAPE = 1.16
# So many acts of these kinds come to a hundred posts.
FOLLOWS, UNFOLLOWS, DELETES = 20, 10, 5
# Readers who are away for most of the trace, and read again in its last part.
IDLE_SHARE = 0.3
RETURNS_AFTER = 0.8


class Act(NamedTuple):
    """
    One act: `user_id` posts, reads, follows or unfollows `target`, or deletes the post of number `target`.
    """

    kind: str
    user_id: int
    target: int = 0


@dataclass(frozen=True, slots=True)
class Trace:
    """
    The graph at the start, and the acts. The same seed, graph and sizes give the same trace, byte for byte.

    :param mix: reads per post.
    :param history: authors of the posts that are there before the first act; they have the first numbers.
    """

    seed: int
    mix: float
    edges: list[Edge]
    history: list[int] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """
        Return the SHA-256 of everything that is played, in hexadecimal.
        """
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def to_json(self) -> str:
        return json.dumps({name: getattr(self, name) for name in self.__slots__})

    @classmethod
    def from_json(cls, text: str) -> "Trace":
        values = json.loads(text)
        edges = [(follower_id, followee_id) for follower_id, followee_id in values["edges"]]
        return cls(**{**values, "edges": edges, "acts": [Act(*act) for act in values["acts"]]})

    def count(self) -> dict[str, int]:
        """
        Return how many acts there are of each kind.
        """
        return dict(Counter(act.kind for act in self.acts))


def record(edges: Sequence[Edge], *, history: int, posts: int, mix: float, seed: int) -> Trace:
    """
    Return a trace of `posts` posts and `mix` reads for each of them, and some follows, unfollows and deletes.

    :param history: how many posts are there before.
    """
    return Recorder(edges, seed).record(history, posts, mix)


class Recorder:
    """
    Draws acts that are possible when their turn comes: nobody unfollows whom they do not follow.
    """

    def __init__(self, edges: Sequence[Edge], seed: int) -> None:
        self._chance = random.Random(seed)
        self._seed = seed
        self._edges = sorted(set(edges))
        self._readers = sorted({follower_id for follower_id, _ in edges})
        followers = Counter(followee_id for _, followee_id in self._edges)
        self._authors = sorted(followers)
        self._rates = [
            followers[author_id] * self._chance.paretovariate(POST_RATE_SHAPE) for author_id in self._authors
        ]
        idle = set(self._chance.sample(self._readers, round(IDLE_SHARE * len(self._readers))))
        self._active = [user_id for user_id in self._readers if user_id not in idle] or self._readers
        self._following = dict.fromkeys(self._edges)
        # Numbers of posts that are not deleted, and who wrote them.
        self._posts: dict[int, int] = {}
        self._posts_count = 0

    def record(self, history: int, posts: int, mix: float) -> Trace:
        counts = {
            POST: posts,
            READ: round(posts * mix),
            FOLLOW: posts * FOLLOWS // 100,
            UNFOLLOW: posts * UNFOLLOWS // 100,
            DELETE: posts * DELETES // 100,
        }
        earlier = [self._post().user_id for _ in range(history)]
        kinds = [kind for kind, count in counts.items() for _ in range(count)]
        self._chance.shuffle(kinds)
        drawn = [self._draw(kind, position / len(kinds)) for position, kind in enumerate(kinds)]
        return Trace(self._seed, mix, self._edges, earlier, [act for act in drawn if act])

    def _draw(self, kind: str, progress: float) -> Act | None:
        match kind:
            case "post":
                return self._post()
            case "read":
                return Act(READ, self._chance.choice(self._readers if progress > RETURNS_AFTER else self._active))
            case "follow":
                return self._follow()
            case "unfollow":
                return self._unfollow()
            case _:
                return self._delete()

    def _post(self) -> Act:
        (author_id,) = self._chance.choices(self._authors, self._rates)
        self._posts[self._posts_count] = author_id
        self._posts_count += 1
        return Act(POST, author_id)

    def _follow(self) -> Act | None:
        edge = self._chance.choice(self._readers), self._chance.choice(self._authors)
        if edge in self._following or edge[0] == edge[1]:
            return None
        self._following[edge] = None
        return Act(FOLLOW, *edge)

    def _unfollow(self) -> Act | None:
        if not self._following:
            return None
        edge = self._chance.choice(list(self._following))
        del self._following[edge]
        return Act(UNFOLLOW, *edge)

    def _delete(self) -> Act | None:
        if not self._posts:
            return None
        number = self._chance.choice(list(self._posts))
        return Act(DELETE, self._posts.pop(number), number)

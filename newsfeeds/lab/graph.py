"""
Who follows whom in the laboratory: read from a file, or generated with a heavy tail.
"""

import gzip
import random
import re
import zlib
from collections import Counter
from pathlib import Path

# (follower id, followee id).
Edge = tuple[int, int]

LINE = re.compile(r"\s*([0-9]{1,15})\s+([0-9]{1,15})\s*")
# Popularity by Zipf's law, and the median number of people whom somebody follows: both as in real follower graphs.
POPULARITY_EXPONENT = 0.9
MEDIAN_FOLLOWEES = 20
FOLLOWEES_SIGMA = 0.8


class UnreadableGraph(Exception):
    """
    The file cannot be read, or has no line `A B`.
    """


def read(path: Path, *, readers: int) -> list[Edge]:
    """
    Return the edges of up to `readers` followers in a plain or gzipped file of lines `A B` (A follows B), sorted.

    Those are taken who follow the most people: of a part of a graph they have the feeds that are most like whole ones.

    :raises UnreadableGraph: there is no such file, or no edge in it.
    """
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("ascii", errors="replace")
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableGraph(f"cannot read {path}: {error}") from error
    matches = filter(None, map(LINE.fullmatch, text.splitlines()))
    edges = sorted({(int(match[1]), int(match[2])) for match in matches if match[1] != match[2]})
    if not edges:
        raise UnreadableGraph(f"{path} has no line `A B`")
    # Ties go to the lowest id, because `edges` is sorted and a Counter keeps that order.
    taken = dict(Counter(follower_id for follower_id, _ in edges).most_common(readers))
    return [edge for edge in edges if edge[0] in taken]


def generate(*, readers: int, seed: int) -> list[Edge]:
    """
    Return the edges of `readers` people who follow each other, sorted: few have many followers, most have few.
    """
    chance = random.Random(seed)
    people = list(range(1, readers + 1))
    weights = [rank**-POPULARITY_EXPONENT for rank in people]
    edges: set[Edge] = set()
    for follower_id in people:
        wanted = min(readers - 1, max(1, round(MEDIAN_FOLLOWEES * chance.lognormvariate(0, FOLLOWEES_SIGMA))))
        followees = set(chance.choices(people, weights, k=wanted)) - {follower_id}
        edges |= {(follower_id, followee_id) for followee_id in followees or {follower_id % readers + 1}}
    return sorted(edges)

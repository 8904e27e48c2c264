"""
How many processors, hosts and bytes a number of people takes: arithmetic over what `make bench` has measured.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path

SECONDS_A_DAY = 86_400
DAYS_A_YEAR = 365
# The benchmark's authors: those of its ordinary posts, and its star (benchmarks/world.py).
FEW_FOLLOWERS, MANY_FOLLOWERS = 40, 14_060
# Cached lists for each active person: the home feed, and a fifth of a timeline.
LISTS_EACH = 1.2
# Servers that use one core, however many their machine has.
ONE_CORE_EACH = {"Redis"}
# The largest reasonable machine for the one MariaDB that takes all writes, and the size of its disks.
WRITER_CORES, WRITER_BYTES = 64, 10 * 10**12


@dataclass(frozen=True, slots=True)
class Activity:
    """
    What people do in a day. Each rate is the mean of the people who are active that day.
    """

    users: int
    active_share: float = 0.2
    home_feeds: float = 20
    tweets_opened: float = 5
    timelines: float = 3
    posts: float = 0.5
    likes: float = 3
    comments: float = 0.3
    follows: float = 0.1
    logins: float = 0.05
    # The mean over tweets, not over authors: people who post more have more followers.
    followers: float = 100
    # How much busier the busiest minute is than the mean of the day, and the share of a processor that may be used
    # then.
    peak: float = 3
    utilisation: float = 0.5
    cores_per_host: int = 16

    @property
    def active_users(self) -> float:
        return self.users * self.active_share

    def per_second(self, per_day: float) -> float:
        """
        Return the rate in the busiest minute, per second, of something that each active person does `per_day` times.
        """
        return self.active_users * per_day / SECONDS_A_DAY * self.peak

    def requests(self) -> dict[str, float]:
        """
        Return {case of the benchmark: requests a second in the busiest minute}.
        """
        per_day = {
            "home feed, c=8": self.home_feeds,
            "one tweet, c=8": self.tweets_opened,
            "timeline, c=8": self.timelines,
            "post, c=8": self.posts,
            "like, c=8": self.likes,
            "comment, c=8": self.comments,
            "follow, c=8": self.follows,
            "login, c=8": self.logins,
        }
        return {case: self.per_second(count) for case, count in per_day.items()}


@dataclass(frozen=True, slots=True)
class Costs:
    """
    CPU milliseconds by group of processes: for a request of each case, and for each additional feed row.
    """

    by_case: Mapping[str, Mapping[str, float]]
    per_row: Mapping[str, float]

    @classmethod
    def read(cls, path: Path) -> "Costs":
        """
        Read the results that `make bench` wrote.

        :raises OSError: there is no such file.
        :raises KeyError: it holds single cases only.
        """
        cases = json.loads(path.read_text())["cases"]
        by_case = {name: case["cpu_ms_by_group"] for name, case in cases.items()}
        few, many = by_case["post, c=8"], by_case["post to 14,060, c=1"]
        rows = MANY_FOLLOWERS - FEW_FOLLOWERS
        return cls(by_case, {group: max(0.0, cost - few.get(group, 0)) / rows for group, cost in many.items()})


@dataclass(frozen=True, slots=True)
class Sizes:
    """
    Bytes: of a row on MariaDB's disk with its indexes, and of what is cached of one person or one tweet.
    """

    rows: Mapping[str, float]
    redis: Mapping[str, float]
    memcached: Mapping[str, float]

    @classmethod
    def read(cls, path: Path) -> "Sizes":
        """
        Read the results that `make bench BENCH=memory` wrote.

        :raises OSError: there is no such file.
        :raises KeyError: it holds something else.
        """
        measured = json.loads(path.read_text())
        return cls(measured["row_bytes"], measured["redis_bytes"], measured["memcached_bytes"])


@dataclass(slots=True)
class Estimate:
    """
    What the busiest minute needs: cores by group, rows a second, bytes by place.
    """

    cores: dict[str, float] = field(default_factory=dict)
    requests_per_second: float = 0.0
    feed_rows_per_second: float = 0.0
    disk_bytes_per_year: dict[str, float] = field(default_factory=dict)
    memory_bytes: dict[str, float] = field(default_factory=dict)

    def hosts(self, group: str, activity: Activity) -> int:
        per_host = 1 if group in ONE_CORE_EACH else activity.cores_per_host
        return ceil(self.cores.get(group, 0) / activity.utilisation / per_host)

    def first_limit(self, activity: Activity) -> str:
        """
        Return, in words, which of the servers that exist only once is too small first.
        """
        if sum(self.disk_bytes_per_year.values()) > WRITER_BYTES:
            return "MariaDB's disk: a year's rows are more than one server keeps"
        if self.cores["MariaDB"] / activity.utilisation > WRITER_CORES:
            return "MariaDB's processors: there is more to write than one server can"
        if self.cores["Redis"] / activity.utilisation > 1:
            return "Redis: there is more to ask than one server can answer"
        return "none: one server of each kind will do"


def estimate(activity: Activity, costs: Costs, sizes: Sizes) -> Estimate:
    """
    Return what this many people need, in proportion to the benchmark, whose caches were as warm.
    """
    requests = activity.requests()
    result = Estimate(requests_per_second=sum(requests.values()))
    result.feed_rows_per_second = requests["post, c=8"] * activity.followers
    for case, per_second in requests.items():
        for group, cost in costs.by_case[case].items():
            result.cores[group] = result.cores.get(group, 0) + per_second * cost / 1000
    # The figure of the case includes its forty followers.
    more_rows = requests["post, c=8"] * max(0, activity.followers - FEW_FOLLOWERS)
    for group, cost in costs.per_row.items():
        result.cores[group] = result.cores.get(group, 0) + more_rows * cost / 1000
    a_year = activity.active_users * DAYS_A_YEAR
    rows = {
        "feed": a_year * activity.posts * activity.followers,
        "tweet": a_year * activity.posts,
        "like": a_year * activity.likes,
        "comment": a_year * activity.comments,
        "friendship": activity.users * activity.followers,
    }
    result.disk_bytes_per_year = {name: count * sizes.rows[name] for name, count in rows.items()}
    # For everybody who is active in a day: a session, an account, the list of the home feed, and those of timelines
    # that are read with it. Of each tweet of the day its state, and its record beside its author's.
    per_person = sizes.redis["session"] + sizes.redis["account"] + LISTS_EACH * sizes.redis["list"]
    tweets = activity.active_users * activity.posts
    result.memory_bytes = {
        "Redis": activity.active_users * per_person + tweets * sizes.redis["state"],
        "Memcached": activity.active_users * sizes.memcached["user"] + tweets * sizes.memcached["tweet"],
    }
    return result

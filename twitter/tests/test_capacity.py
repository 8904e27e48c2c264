"""
manage.py capacity: what so many people take.
"""

import json
import tempfile
from io import StringIO
from pathlib import Path

from django.core.management import CommandError, call_command
from django.test import SimpleTestCase

CASES = ("home feed", "one tweet", "timeline", "post", "like", "comment", "follow", "login")


class CapacityTests(SimpleTestCase):
    def setUp(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.costs = folder / "costs.json"
        # One millisecond each of the web server, and of a row a microsecond of MariaDB.
        cases = {f"{name}, c=8": {"cpu_ms_by_group": {"web": 1, "MariaDB": 0, "Redis": 0.1}} for name in CASES}
        cases["post to 14,060, c=1"] = {"cpu_ms_by_group": {"web": 1, "MariaDB": 14.02, "Redis": 0.1}}
        self.costs.write_text(json.dumps({"cases": cases}))
        self.sizes = folder / "sizes.json"
        rows = {"feed": 69, "friendship": 172, "tweet": 400, "like": 120, "comment": 400}
        redis = {"list": 8_000, "account": 300, "session": 100, "state": 80}
        self.sizes.write_text(
            json.dumps({"row_bytes": rows, "redis_bytes": redis, "memcached_bytes": {"user": 200, "tweet": 300}})
        )

    def printed(self, users, **options):
        output = StringIO()
        call_command("capacity", users=users, costs=self.costs, sizes=self.sizes, stdout=output, **options)
        return output.getvalue()

    def test_a_million_people_take_what_their_day_divided_by_its_seconds_takes(self):
        nothing_else = dict.fromkeys(("tweets_opened", "timelines", "likes", "comments", "follows", "logins"), 0)
        text = self.printed(
            1_000_000,
            active_share=0.864,
            home_feeds=10,
            posts=1,
            followers=140,
            peak=2,
            utilisation=0.5,
            **nothing_else,
        )

        # 864,000 people, 11 requests each in 86,400 s, twice as many in the busiest minute.
        self.assertIn("220 requests and 2,800 feed rows a second", text)
        self.assertIn("| web | 0.22 | 1 |", text)
        # A hundred followers more than the benchmark's forty, twenty posts a second, a microsecond each.
        self.assertIn("| MariaDB | 0.00 | 1 |", text)
        self.assertIn("| feed rows on disk, a year of them | 3,046.4 |", text)
        # A list and a fifth, an account, a session, and the state of one tweet; a user and a tweet.
        self.assertIn("| Redis, in memory | 8.7 |", text)
        self.assertIn("| Memcached, in memory | 0.4 |", text)

    def test_the_first_limit_is_named(self):
        self.assertIn("none: one server of each kind", self.printed(100_000))
        self.assertIn("MariaDB's disk", self.printed(1_000_000_000))
        self.assertIn("Redis", self.printed(1_000_000_000, posts=0, likes=0, comments=0, followers=1))

    def test_what_makes_no_sense_is_refused_in_words(self):
        for options, words in (
            ({"users": 0}, "There must be people"),
            ({"users": 1, "utilisation": 0.0}, "There must be people"),
            ({"users": 1, "costs": Path("/nowhere/costs.json")}, "run make bench first"),
            ({"users": 1, "sizes": Path("/nowhere/sizes.json")}, "/nowhere/sizes.json"),
        ):
            with self.subTest(options=options), self.assertRaisesMessage(CommandError, words):
                call_command("capacity", **{"costs": self.costs, "sizes": self.sizes, **options})

    def test_single_cases_are_no_costs(self):
        self.costs.write_text('{"cases": {}}')

        with self.assertRaisesMessage(CommandError, "not what a whole run"):
            self.printed(10)

"""
Moving both tables to HBase and back and on again, while eight people post, follow, unfollow and delete.
"""

import http.client
import json
import os
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import StringIO
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import override_settings

from accounts.services import AccessTokenService
from friendships.hbase_models import Follower, Following, FollowingPair
from friendships.models import Friendship
from newsfeeds.hbase_models import Feed
from newsfeeds.models import NewsFeed
from outbox.models import Message
from stores.constants import FEEDS, TABLES, Phase
from stores.services import PhaseService
from testing.stack_hbase import put_in_phase
from testing.stack_processes import RealStackTestCase, answers, free_port, production_command
from utils.hbase.pool import reset_pool

HBASE_TABLES = (Feed, Following, Follower, FollowingPair)
WRITERS = 8
SECONDS_A_PHASE = 1.5
# There, back to the beginning, and there again.
FORWARD = (Phase.DUAL_WRITE, Phase.READ_HBASE)
BACK = (Phase.DUAL_WRITE, Phase.MYSQL)


class Connection:
    """
    Somebody's keep-alive connection to the web server, spoken to as `PersonClient` is.
    """

    def __init__(self, address, token):
        self._http = http.client.HTTPConnection(address, timeout=30)
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}

    def get(self, path, params=None):
        return self._ask("GET", f"{path}?{urlencode(params)}" if params else path)

    def post(self, path, data, format):
        return self._ask("POST", path, data)

    def delete(self, path, data, format):
        return self._ask("DELETE", path, data)

    def _ask(self, method, path, data=None):
        body = json.dumps(data) if data else None
        self._http.request(method, path, body, {**self._headers, "Content-Type": "application/json"})
        response = self._http.getresponse()
        content = json.loads(response.read() or b"null")
        return SimpleNamespace(status_code=response.status, json=lambda: content)


class Writer:
    """
    Somebody who does this and that, remembers it, and looks at a page after each thing done.

    Only they change their tweets and whom they follow; so what they remember of these is the truth.
    """

    def __init__(self, person, seed):
        self.person = person
        self.id = person.id
        self.dice = random.Random(seed)
        self.tweet_ids, self.gone, self.followed, self.ever_followed = [], set(), [], {person.id}
        self.done = 0

    def work(self, others, stop):
        """
        :raises AssertionError: a page was wrong.
        """
        while not stop.is_set():
            self.dice.choice([self.post, self.post, self.delete, self.follow, self.follow, self.unfollow])(others)
            self.look_at_feed(others)
            self.look_at_followings()
            self.done += 1

    def post(self, others):
        if len(self.tweet_ids) >= settings.BACKFILL_TWEETS:
            # Whoever follows now would not find the oldest one.
            return self.delete(others)
        self.tweet_ids.append(self.person.tweets(f"Number {len(self.tweet_ids)} of {self.person.name}"))

    def delete(self, others):
        if self.tweet_ids:
            tweet_id = self.tweet_ids.pop(self.dice.randrange(len(self.tweet_ids)))
            response = self.person.delete(f"tweets/{tweet_id}/")
            assert response.status_code == 204, response.json()
            self.gone.add(tweet_id)

    def follow(self, others):
        strangers = [other for other in others if other is not self and other not in self.followed]
        if strangers:
            other = self.dice.choice(strangers)
            self.ever_followed.add(other.id)
            self.person.follows(other)
            self.followed.append(other)

    def unfollow(self, others):
        if self.followed:
            other = self.followed.pop(self.dice.randrange(len(self.followed)))
            self.person.unfollows(other)

    def look_at_feed(self, others):
        """
        A feed has its reader's own tweets, in order, none twice, none that was gone before it was asked for.
        """
        gone = {tweet_id for other in others for tweet_id in tuple(other.gone)}
        response = self.person.get("newsfeeds/", limit=100)
        assert response.status_code == 200, response.json()
        rows = response.json()["results"]
        ids = [row["id"] for row in rows]
        authors = {row["tweet"]["user"]["id"] for row in rows}
        assert ids == sorted(set(ids), reverse=True), f"out of order: {ids}"
        assert not gone.intersection(ids), "a deleted tweet is shown"
        assert authors <= self.ever_followed, "a stranger's tweet is shown"
        oldest = ids[-1] if response.json()["has_next_page"] else 0
        own = {row["id"] for row in rows if row["tweet"]["user"]["id"] == self.id}
        assert own == {tweet_id for tweet_id in self.tweet_ids if tweet_id >= oldest}, "own tweets are not all there"

    def look_at_followings(self):
        """
        The newest follow is first, and an unfollow is seen at once.
        """
        response = self.person.get(f"friendships/{self.id}/followings/", limit=100)
        assert response.status_code == 200, response.json()
        shown = [row["user"]["id"] for row in response.json()["results"]]
        assert shown == [other.id for other in reversed(self.followed)], f"followings are {shown}"


class LiveMigrationTests(RealStackTestCase):
    pytestmark = [pytest.mark.stack, pytest.mark.hbase]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        hbase = {**settings.HBASE, "TABLE_PREFIX": f"test_{os.getpid()}_living_", "TIMEOUT_MS": 5_000}
        # As long as in the processes beside this one.
        cls.enterClassContext(override_settings(HBASE=hbase, PHASE_SECONDS=2))
        reset_pool()
        for table in HBASE_TABLES:
            table.create_table()
            cls.addClassCleanup(table.drop_table)

    def setUp(self):
        super().setUp()
        for table in TABLES:
            put_in_phase(Phase.MYSQL, table)

    def start_everything(self):
        """
        Start web server, workers and relay, and return the web server's address.
        """
        self.start("default", "fanout", "relay")
        address = f"127.0.0.1:{free_port()}"
        host, port = address.split(":")
        knobs = {"HOST": host, "PORT": port, "RATE_LIMITS": "off", "WEB_WORKERS": "2", "WEB_THREADS": "4"}
        web = self.start_command(production_command("web"), BROKER_URL=self.broker.url, **knobs)
        self.until(lambda: answers(f"http://{address}/livez") or not web.is_running, "the web server answers")
        self.assertTrue(web.is_running, web.output)
        self.web = web
        return address

    @contextmanager
    def eight_at_work(self):
        """
        Give eight people who are at work until the block ends; nothing that they set going is left then.
        """
        address, stop = self.start_everything(), threading.Event()
        people = [self.person(f"writer{number}") for number in range(WRITERS)]
        for person in people:
            person.client = Connection(address, AccessTokenService.create_token(user=person.user))
        writers = [Writer(person, seed) for seed, person in enumerate(people)]
        with ThreadPoolExecutor(WRITERS) as threads:
            working = [threads.submit(writer.work, writers, stop) for writer in writers]
            try:
                yield writers
            finally:
                stop.set()
        for writer, one in zip(writers, working):
            self.assertIsNone(one.exception(), self.web.output[-5000:])
            self.assertGreater(writer.done, 10)
        self.until(lambda: not Message.objects.exists(), "the outbox is empty", seconds=120)

    def move(self, phase, tables=TABLES):
        """
        Take tables a step, as an operator does, and let people work for a while.
        """
        if phase == Phase.READ_HBASE:
            for table in tables:
                call_command("backfill_store", table, stdout=StringIO(), stderr=StringIO())
                call_command("compare_store", table, "--repair", stdout=StringIO(), stderr=StringIO())
                PhaseService.change_phase(table=table, phase=phase, percentage=50)
            for table in tables:
                self.wait_until_known(table)
        for table in tables:
            PhaseService.change_phase(table=table, phase=phase)
        for table in tables:
            self.wait_until_known(table)
        time.sleep(SECONDS_A_PHASE)

    def wait_until_known(self, table):
        def is_known():
            return PhaseService.get_status(table=table).is_known

        self.until(is_known, f"every process knows where {table} is", seconds=60)

    def test_eight_writers_notice_nothing_there_and_back_and_there_again(self):
        with self.eight_at_work() as writers:
            for phase in (*FORWARD, *BACK, *FORWARD):
                self.move(phase)

        feeds = self.get_feeds(writers)
        self.assertEqual(set(NewsFeed.objects.values_list("user_id", "tweet_id")), feeds)
        self.assertEqual({row.key for row in Feed.scan()}, feeds)
        self.assert_friendships_equal(writers)
        from_hbase = self.pages(writers)
        self.move(Phase.DUAL_WRITE)
        self.assertEqual(self.pages(writers), from_hbase)

    def test_feeds_go_all_the_way(self):
        with self.eight_at_work() as writers:
            for phase in FORWARD:
                self.move(phase)
            self.move(Phase.HBASE_ONLY, [FEEDS])
            NewsFeed.objects.all().delete()
            time.sleep(SECONDS_A_PHASE)

        self.assertEqual({row.key for row in Feed.scan()}, self.get_feeds(writers))
        self.assertFalse(NewsFeed.objects.exists())
        self.assert_friendships_equal(writers)

    def get_feeds(self, writers):
        """
        Return (user id, tweet id) of all that belongs into feeds, by what the writers remember.
        """
        return {
            (writer.id, tweet_id)
            for writer in writers
            for author in (writer, *writer.followed)
            for tweet_id in author.tweet_ids
        }

    def assert_friendships_equal(self, writers):
        """
        MySQL has what the writers remember, and each table of HBase has what MySQL has.
        """
        in_mysql = set(Friendship.objects.values_list("from_user_id", "to_user_id", "id"))
        pairs = {(writer.id, other.id) for writer in writers for other in writer.followed}
        self.assertEqual({(follower_id, followee_id) for follower_id, followee_id, _ in in_mysql}, pairs)
        self.assertEqual({(row.follower_id, row.followee_id, row.id) for row in Following.scan()}, in_mysql)
        self.assertEqual({(row.follower_id, row.followee_id, row.id) for row in Follower.scan()}, in_mysql)
        pairs = {(row.follower_id, row.followee_id, row.friendship_id) for row in FollowingPair.scan()}
        self.assertEqual(pairs, in_mysql)

    def pages(self, writers):
        """
        Return what everybody is shown, read anew.
        """
        self.caches_are_lost()
        paths = ("newsfeeds/", "friendships/{id}/followers/", "friendships/{id}/followings/")
        return [writer.person.get(path.format(id=writer.id)).json() for writer in writers for path in paths]

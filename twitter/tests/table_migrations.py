"""
A project that moves from MySQL to HBase: what the tests of its commands have in common.
"""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import StringIO
from unittest import mock

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test import override_settings

from friendships.hbase_models import Follower, Following, FollowingPair
from friendships.models import Friendship
from newsfeeds.hbase_models import Feed
from newsfeeds.models import NewsFeed
from stores.constants import FEEDS, FRIENDSHIPS, TABLES, Phase
from stores.models import StorePhase
from stores.services import PhaseService
from testing.fixtures import HBASE_TABLES
from testing.testcases import CommittedTestCase
from utils.database.time_ids import MAX_ID
from utils.hbase.pool import reset_pool

AGREE = "0 missing, 0 extra, 0 different"
ALL_IN_MYSQL = dict.fromkeys(TABLES, Phase.MYSQL)


class TableMigrationTestCase(CommittedTestCase):
    """
    A project that begins in MySQL, beside tables of HBase that are empty: what is compared is all of a table.
    """

    pytestmark = [pytest.mark.stack, pytest.mark.hbase]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.addClassCleanup(reset_pool)
        hbase = {**settings.HBASE, "TABLE_PREFIX": f"test_{os.getpid()}_moving_", "TIMEOUT_MS": 5_000}
        # The end of each test writes the initial phases anew, and those of these tests are not the next ones'.
        cls.addClassCleanup(lambda: StorePhase.objects.all().delete())
        cls.enterClassContext(override_settings(HBASE=hbase, INITIAL_PHASES=ALL_IN_MYSQL, PHASE_SECONDS=0))
        reset_pool()
        for table in HBASE_TABLES:
            table.create_table()
            cls.addClassCleanup(table.drop_table)

    def setUp(self):
        for table in HBASE_TABLES:
            table.batch_delete([row.key for row in table.scan()], version=MAX_ID)
        # A new database may begin on HBase.
        StorePhase.objects.all().delete()

    def move_to(self, phase, *tables):
        """
        Take tables, both if none is named, to a phase that is one step from where they are.
        """
        for table in tables or TABLES:
            PhaseService.change_phase(table=table, phase=phase, force=True)

    def another_process_moves_to(self, phase, table=FEEDS):
        """
        Change a phase without a word to this process.
        """
        StorePhase.objects.filter(table=table).update(phase=phase)

    def back_fill(self, table, *arguments):
        """
        Run the command; return how many rows it says it copied.
        """
        said = self.run_command("backfill_store", table, *arguments)
        return int(re.search(r"(\d+) rows were copied", said)[1])

    def compare(self, table, *arguments):
        """
        Run the command; return what it says of each table of HBase, as {name: words}.
        """
        return self.by_table(self.run_command("compare_store", table, *arguments))

    def by_table(self, said):
        prefix = settings.HBASE["TABLE_PREFIX"]
        return dict(line.removeprefix(prefix).split(": ") for line in said.splitlines())

    def run_command(self, *arguments):
        output = StringIO()
        try:
            call_command(*arguments, stdout=output, stderr=StringIO())
        except CommandError as error:
            # What was said before is part of the answer.
            error.output = output.getvalue()
            raise
        return output.getvalue()


class World(TableMigrationTestCase):
    """
    Alice, Bob and Carol have followed each other and said things while there was MySQL alone.
    """

    def setUp(self):
        super().setUp()
        self.alice, self.bob, self.carol = self.people = [self.person(name) for name in ("alice", "bob", "carol")]
        self.bob.follows(self.alice)
        self.carol.follows(self.alice)
        self.carol.follows(self.bob)
        self.bob.follows(self.carol)
        self.tweet_ids = [person.tweets() for person in (*self.people, *self.people)]
        self.everything_settles()

    def pages(self):
        """
        Return what each of them is shown, read anew: feeds and both lists of people.
        """
        self.caches_are_lost()
        paths = ["newsfeeds/"]
        paths += [f"friendships/{person.id}/{side}/" for person in self.people for side in ("followers", "followings")]
        return [person.get(path).json()["results"] for person in self.people for path in paths]

    def find_friendship(self, follower, followee):
        return Friendship.objects.get(from_user_id=follower.id, to_user_id=followee.id)

    def assert_agree(self):
        self.assert_feeds_agree()
        self.assert_friendships_agree()

    def assert_feeds_agree(self):
        """
        Check by the command's words and with one's own eyes that HBase has what MySQL has.
        """
        self.assertEqual(self.compare(FEEDS), {"feeds": AGREE})
        self.assertEqual({row.key for row in Feed.scan()}, set(NewsFeed.objects.values_list("user_id", "tweet_id")))

    def assert_friendships_agree(self):
        agree = {"followings": AGREE, "followers": AGREE, "following_pairs": AGREE}
        self.assertEqual(self.compare(FRIENDSHIPS), agree)
        friendships = set(Friendship.objects.values_list("id", "from_user_id", "to_user_id"))
        self.assertEqual({(row.id, row.follower_id, row.followee_id) for row in Following.scan()}, friendships)
        self.assertEqual({(row.id, row.follower_id, row.followee_id) for row in Follower.scan()}, friendships)
        pairs = {(row.friendship_id, row.follower_id, row.followee_id) for row in FollowingPair.scan()}
        self.assertEqual(pairs, friendships)

    @contextmanager
    def just_before(self, table, verb, happening):
        """
        Let something happen when HBase is about to be told, once: after MySQL was read, before the rows arrive.
        """
        speak, waiting = getattr(table, verb), [happening]

        def wait_and_speak(*args, **kwargs):
            if waiting:
                waiting.pop()()
            return speak(*args, **kwargs)

        with mock.patch.object(table, verb, wait_and_speak):
            yield
        self.assertFalse(waiting, "it never came to that")

    def in_the_background(self, action):
        """
        Begin an action in a thread of its own, and return its Future.
        """

        def run():
            try:
                action()
            finally:
                connections.close_all()

        threads = ThreadPoolExecutor(1)
        self.addCleanup(threads.shutdown)
        return threads.submit(run)

    def somebody_waits(self, statement):
        """
        Say whether another connection is busy with a statement like this.
        """
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT COUNT(*) FROM information_schema.processlist "
                "WHERE db = DATABASE() AND id <> CONNECTION_ID() AND info LIKE %s",
                [statement],
            )
            return cursor.fetchone()[0] > 0

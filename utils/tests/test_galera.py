"""
A Galera cluster of MariaDB behind HAProxy: what the project sees of conflicts, and of a writer that is lost.
"""

import subprocess
import threading
from contextlib import suppress
from itertools import count

import pytest
from django.db import OperationalError, close_old_connections, connection, connections

from accounts.models import UserProfile
from likes.models import Like
from testing.stack_mariadb import Server, Servers, copy_database, database_at
from testing.testcases import CommittedTestCase
from tweets.models import Tweet
from utils.database.transactions import retried_transaction

NODES = ("galera-2", "galera-3", "galera-4")
# Four are measured (docs/operations.md); the rest is for a machine that does other things as well.
SETTLED_SECONDS = 30


class Load:
    """
    What somebody does again and again, and the tweets for which it was acknowledged.

    :param act: returns the response, and the id of the tweet that it is about.
    """

    def __init__(self, act):
        self.act = act
        self.acknowledged = []
        self.refused = []
        self.stopped = threading.Event()

    def run(self):
        while not self.stopped.is_set():
            # As before each request; the test client leaves it out.
            close_old_connections()
            response, tweet_id = self.act()
            if response.status_code == 201:
                self.acknowledged.append(tweet_id)
            else:
                self.refused.append(response.status_code)
                self.stopped.wait(0.05)


@pytest.mark.stack
class GaleraTests(CommittedTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.servers = Servers("cluster.sh", {"GALERA_PORT": 6})
        cls.addClassCleanup(cls.servers.stop)
        cls.servers.run("up", "galera")
        cls.url = cls.servers.urls("cluster.env")["DATABASE_URL"]
        copy_database(cls.url)
        cls.nodes = {name: Server(cls.servers.folder / "cluster" / name) for name in NODES}

    def setUp(self):
        self.enterContext(database_at(self.url))
        number = UserProfile.objects.count()
        self.alice, self.bob = self.person(f"alice{number}"), self.person(f"bob{number}")

    def writer(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT @@wsrep_node_name")
            return cursor.fetchone()[0]

    def successor_of(self, writer):
        """
        Return who writes now, None while that is nobody or still `writer`.
        """
        connection.close()
        with suppress(OperationalError):
            now = self.writer()
            return now if now != writer else None

    def set_count(self, node, person, count):
        # The node may not have heard of the person yet.
        update = f"UPDATE twitter.accounts_userprofile SET tweets_count = {count} WHERE user_id = {person.id}"
        node.execute(f"SET wsrep_sync_wait = 3; {update}")

    def others(self):
        return [self.nodes[name] for name in NODES if name != self.writer()]

    def test_a_conflict_with_another_node_is_found_at_the_commit_and_the_transaction_runs_again(self):
        profile, runs = UserProfile.objects.filter(user_id=self.alice.id), []
        [other, _] = self.others()

        @retried_transaction
        def count_tweet():
            runs.append(profile.get().tweets_count)
            profile.update(tweets_count=runs[-1] + 1)
            if len(runs) == 1:
                self.set_count(other, self.alice, 10)

        count_tweet()

        self.assertEqual(runs, [0, 10])
        self.assertEqual(profile.get().tweets_count, 11)

    def test_a_new_connection_waits_for_all_that_the_cluster_has_committed(self):
        [other, _] = self.others()
        for number in range(20):
            self.set_count(other, self.bob, number)
            connection.close()

            self.assertEqual(UserProfile.objects.get(user_id=self.bob.id).tweets_count, number)

    def test_nothing_that_was_acknowledged_is_lost_with_the_writer(self):
        writer = self.writer()

        posts, likes = self.load_while(self.nodes[writer].kill)

        self.assertNotEqual(self.writer(), writer)
        self.assert_all_there(posts, likes)
        # It comes back, and is not given the writes again.
        successor = self.writer()
        self.servers.run("up", "galera")
        connection.close()
        self.assertEqual(self.writer(), successor)
        self.assertEqual(self.count_tweets_at(writer), Tweet.objects.count())

    def test_nor_with_a_writer_that_is_frozen_and_thaws_when_another_one_writes(self):
        writer = self.writer()
        self.addCleanup(self.nodes[writer].thaw)

        posts, likes = self.load_while(self.nodes[writer].freeze)
        self.nodes[writer].thaw()

        self.assertNotEqual(self.writer(), writer)
        self.assert_all_there(posts, likes)
        self.until(lambda: self.count_tweets_at(writer) == Tweet.objects.count(), "it has what was written meanwhile")

    def count_tweets_at(self, node):
        """
        Return how many tweets a node has, None while it is not in the cluster.
        """
        with suppress(subprocess.CalledProcessError):
            return int(self.nodes[node].execute("SET wsrep_sync_wait = 1; SELECT COUNT(*) FROM twitter.tweets_tweet"))

    def load_while(self, fault):
        """
        Let Alice post and Bob like while something happens to the writer, and on until both are answered again.
        """
        first, numbers, writer = self.alice.tweets(), count(), self.writer()

        def post():
            response = self.alice.post("tweets/", content=f"Tweet number {next(numbers)}")
            return response, response.json().get("id")

        def like():
            latest = (posts.acknowledged or [first])[-1]
            return self.bob.post("likes/", content_type="tweet", object_id=latest), latest

        posts, likes = Load(post), Load(like)
        threads = [threading.Thread(target=self.in_thread, args=[load.run]) for load in (posts, likes)]
        for thread in threads:
            thread.start()
        try:
            self.wait_for_more(posts, likes)
            fault()
            self.until(lambda: self.successor_of(writer), "another one writes", seconds=SETTLED_SECONDS)
            self.wait_for_more(posts, likes)
        finally:
            for load in (posts, likes):
                load.stopped.set()
            for thread in threads:
                thread.join()
        connection.close()
        return posts, likes

    def in_thread(self, run):
        try:
            run()
        finally:
            connections.close_all()

    def wait_for_more(self, *loads):
        counts = [len(load.acknowledged) + 5 for load in loads]
        self.until(
            lambda: all(len(load.acknowledged) >= count for load, count in zip(loads, counts)),
            "both are answered again",
            seconds=SETTLED_SECONDS,
        )

    def assert_all_there(self, posts, likes):
        tweets = set(Tweet.objects.filter(user_id=self.alice.id).values_list("id", flat=True))
        liked = set(Like.objects.filter(user_id=self.bob.id).values_list("object_id", flat=True))

        # What is declared, and no 500.
        self.assertLessEqual({*posts.refused, *likes.refused}, {503})
        self.assertLessEqual(set(posts.acknowledged), tweets)
        self.assertLessEqual(set(likes.acknowledged), liked)
        # Each refusal may have been carried out, or not; once at most.
        self.assertLessEqual(len(tweets), 1 + len(posts.acknowledged) + len(posts.refused))
        self.assertEqual(UserProfile.objects.get(user_id=self.alice.id).tweets_count, len(tweets))

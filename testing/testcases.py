"""
The test cases of the suite.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.db import connection, connections
from django.db.models import F
from django.test import Client, TestCase, TransactionTestCase
from django.test.utils import CaptureQueriesContext

from accounts.models import User, UserProfile
from accounts.services import AccountService
from friendships.models import Friendship
from friendships.storage import HBaseFriendshipStore, is_mirrored
from newsfeeds.storage import store_to_read
from outbox.models import Message
from outbox.relay import relay_once
from outbox.services import OutboxService
from testing.caches import empty_caches
from testing.people import PASSWORD, Browser, Nobody, Person, Phone
from utils.database.time_ids import next_id


class Steps:
    """
    What a test can do besides calling the API.
    """

    def person(self, name, **fields):
        return Person(name, **fields)

    def nobody(self):
        return Nobody()

    def browser(self):
        return Browser()

    def phone(self, token):
        return Phone(token)

    def form_client(self):
        """
        Return a client with CSRF checks, so that its forms are read for the token.
        """
        client = Client(enforce_csrf_checks=True)
        client.cookies["csrftoken"] = "a" * 32
        return client

    def likes(self, person, kind, object_id):
        """
        Let somebody like a tweet or a comment, and return the like.
        """
        response = person.post("likes/", content_type=kind, object_id=object_id)
        self.assertEqual(response.status_code, 201, response.json())
        return response.json()

    def comments(self, person, tweet_id, content="Well said"):
        """
        Let somebody comment on a tweet, and return the comment's id.
        """
        response = person.post("comments/", tweet_id=tweet_id, content=content)
        self.assertEqual(response.status_code, 201, response.json())
        return response.json()["id"]

    def suspend(self, user):
        with TestCase.captureOnCommitCallbacks(execute=True):
            AccountService.suspend(user=user)

    def restore(self, user):
        with TestCase.captureOnCommitCallbacks(execute=True):
            AccountService.restore(user=user)

    def closes(self, person):
        """
        Let somebody close their account.
        """
        person.user.set_password(PASSWORD)
        person.user.save()
        with TestCase.captureOnCommitCallbacks(execute=True):
            AccountService.delete_account(user=person.user, password=PASSWORD)

    def limit(self, **rates):
        """
        Switch rate limits on, with these instead of the configured ones: `tweets__list=["3/h", "9/d"]`.
        """
        named = {name.replace("__", "."): list(rates[name]) for name in rates}
        self.enterContext(self.settings(RATELIMIT_ENABLE=True, RATES={**settings.RATES, **named}))

    def tasks_run(self):
        """
        Run all tasks that the requests so far have caused, and the tasks that these cause.
        """
        for _ in range(50):
            with TestCase.captureOnCommitCallbacks(execute=True):
                if not relay_once():
                    return
        raise AssertionError("the outbox does not empty")

    def tasks_run_once(self):
        """
        Run the tasks that are due now, but not those that they cause.
        """
        with TestCase.captureOnCommitCallbacks(execute=True):
            return relay_once()

    def everything_settles(self):
        """
        Run all tasks, including those that are due later.
        """
        for _ in range(20):
            OutboxService.make_all_due()
            self.tasks_run()
            if not Message.objects.exists():
                return
        raise AssertionError(f"the outbox keeps {list(Message.objects.all())}")

    def caches_are_lost(self):
        """
        Empty every cache, as a restart of their servers would.
        """
        empty_caches()

    def crowd(self, size, *, following):
        """
        Make `size` users who follow `following` already, in bulk and so without events; return their ids, ascending.
        """
        first = User.objects.filter(username__endswith=f"_of_{following.id}").count()
        names = [f"fan{number}_of_{following.id}" for number in range(first, first + size)]
        User.objects.bulk_create([User(username=name, email=f"{name}@example.com") for name in names])
        user_ids = sorted(User.objects.filter(username__in=names).values_list("id", flat=True))
        UserProfile.objects.bulk_create([UserProfile(user_id=user_id, followings_count=1) for user_id in user_ids])
        self.befriend((user_id, following.id) for user_id in user_ids)
        UserProfile.objects.filter(user_id=following.id).update(followers_count=F("followers_count") + size)
        return user_ids

    def befriend(self, pairs):
        """
        Let the first of each of `pairs` (user ids) follow the second, in bulk and so without counters and events.
        """
        friendships = [(next_id(), follower_id, followee_id) for follower_id, followee_id in pairs]
        Friendship.objects.bulk_create(Friendship(id=id, from_user_id=a, to_user_id=b) for id, a, b in friendships)
        if is_mirrored():
            HBaseFriendshipStore().put(friendships, version=next_id())

    def rows_of(self, person):
        """
        Return the ids of the tweets in somebody's feed as they are stored, newest first: no cache, no filter.
        """
        return store_to_read(person.id).get_tweet_ids(person.id, before=None, after=None, limit=10_000)

    def holders(self, tweet_id):
        """
        Return the ids of the users in whose feeds a tweet is stored, ascending.
        """
        return self._holders_among(list(User.objects.order_by("id").values_list("id", flat=True)), tweet_id)

    def _holders_among(self, user_ids, tweet_id):
        count = store_to_read(user_ids[0]).count_feeds_with(tweet_id, user_ids)
        if count in (0, len(user_ids)):
            return user_ids if count else []
        half = len(user_ids) // 2
        return self._holders_among(user_ids[:half], tweet_id) + self._holders_among(user_ids[half:], tweet_id)

    def feed_rows(self):
        """
        Return (user id, tweet id) of every stored row of feeds.
        """
        return [(user.id, tweet_id) for user in User.objects.order_by("id") for tweet_id in self.rows_of(user)]

    def together(self, *actions):
        """
        Run actions at the same time, each in a thread of its own; return their results, or
        raise the error of one of them.
        """
        start = threading.Barrier(len(actions))

        def run(action):
            start.wait(timeout=10)
            return action()

        with ThreadPoolExecutor(len(actions)) as threads:
            running = [threads.submit(self.in_a_thread, run, action) for action in actions]
        return [thread.result() for thread in running]

    def in_a_thread(self, action, *arguments):
        """
        Run an action in the calling thread, which is not the test's, and close the connections that it opened.
        """
        try:
            return action(*arguments)
        finally:
            connections.close_all()

    def until(self, condition, what, *, seconds=30):
        """
        Wait until `condition()` is true; fail with the text `what` if that takes too long.
        """
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {seconds} s in vain: {what}")
            time.sleep(0.02)

    def count_queries(self, action, *args, **kwargs):
        """
        Return how many SQL queries an action takes, not counting BEGIN, COMMIT and savepoints.
        """
        with CaptureQueriesContext(connection) as captured:
            action(*args, **kwargs)
        own = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")
        return len([query for query in captured if not query["sql"].startswith(own)])

    def assert_refused(self, response, status, field=None, text=None):
        """
        Check that the response is the contract's error body.
        """
        body = response.json()
        self.assertEqual(response.status_code, status, body)
        self.assertEqual(set(body), {"success", "code", "message", "detail", "errors", "request_id"})
        self.assertIs(body["success"], False)
        self.assertEqual(body["message"], body["detail"])
        if field:
            self.assertIn(field, body["errors"])
        if text:
            self.assertIn(text, str(body))
        return body


class Between:
    """
    Calls an action right before the first statement on a table that begins with a given text, as another process might
    act then. The action is rolled back with the transaction around that statement.
    """

    def __init__(self, beginning, table, action):
        self.beginning, self.table, self.action = beginning, table, action

    def __call__(self, execute, sql, params, many, context):
        if self.action and sql.startswith(self.beginning) and self.table in sql:
            action, self.action = self.action, None
            action()
        return execute(sql, params, many, context)


class ApiTestCase(Steps, TestCase):
    """
    A test inside one transaction that is rolled back: fast, for everything except concurrency.
    """


class CommittedTestCase(Steps, TransactionTestCase):
    """
    A test that commits, for threads and other processes.
    """

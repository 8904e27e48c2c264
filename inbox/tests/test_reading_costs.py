"""
What the inbox costs, and its page for people.
"""

import re

from django.contrib.contenttypes.models import ContentType

from accounts.models import User
from comments.models import Comment
from inbox.models import Notification
from inbox.services import CommentFact, FollowFact, LikeFact, NotificationService
from inbox.tests.reading import ReadingTestCase
from likes.models import Like
from tweets.models import Tweet
from utils.database.time_ids import next_id

HTML = {"HTTP_ACCEPT": "text/html"}


class CostTests(ReadingTestCase):
    def setUp(self):
        super().setUp()
        # Each process asks for content types once.
        ContentType.objects.get_for_models(User, Tweet, Comment)
        # What is warm stays warm on a busy machine too.
        self.enterContext(self.settings(OBJECT_CACHE_SECONDS=300))

    def costs(self, *paths):
        """
        Return how many queries each page takes: the first time, and once caches are warm.
        """
        counts = []
        for path in paths:
            self.caches_are_lost()
            counts.append([self.count_queries(self.bob.get, path) for _ in range(2)])
        return counts

    def test_pages_cost_the_same_with_one_with_twenty_and_with_a_hundred(self):
        paths = ("notifications/", "notifications/?unread=true", "notifications/unread-count/")
        costs = []
        for more in (1, 19, 80):
            self.fans(more)
            tweet_id = self.bob.tweets()
            self.likes(self.alice, "comment", self.comments(self.bob, tweet_id))
            self.comments(self.carol, tweet_id)
            self.tasks_run()
            # Content types are looked up once in the life of a process.
            self.page()
            costs.append(self.costs(*paths))

        self.assertEqual(costs[0], costs[1])
        self.assertEqual(costs[0], costs[2])
        # Warm: the count and the page; the number alone.
        self.assertEqual([warm for _, warm in costs[0]], [2, 2, 1])

    def test_marking_costs_the_same_with_one_and_with_a_hundred(self):
        costs = []
        for more in (1, 99):
            self.fans(more)
            row = self.page()["results"][0]
            costs.append(
                (
                    self.count_queries(self.bob.put, f"notifications/{row['id']}/", unread=False),
                    self.count_queries(self.bob.post, "notifications/mark-all-as-read/"),
                )
            )

        self.assertEqual(costs, [(2, 1)] * 2)

    def test_notifying_costs_the_same_for_the_first_and_for_the_hundredth(self):
        tweet_id, costs = self.bob.tweets(), []
        for more in (1, 99):
            self.fans(more)
            costs.append(
                self.count_queries(
                    NotificationService.reconcile_comments,
                    facts=[CommentFact(self.comments(self.alice, tweet_id), tweet_id, self.alice.id, self.bob.id)],
                )
            )

        # Look, notify, look again.
        self.assertEqual(costs, [3, 3])

    def test_a_hundred_facts_cost_what_one_costs(self):
        tweet_id, fan_ids = self.bob.tweets(), self.crowd(100, following=self.bob)
        likes = Like.objects.bulk_create(
            Like(
                id=next_id(),
                user_id=fan_id,
                content_type=ContentType.objects.get_for_model(Tweet),
                object_id=tweet_id,
            )
            for fan_id in fan_ids
        )
        comments = Comment.objects.bulk_create(
            Comment(id=next_id(), user_id=fan_id, tweet_id=tweet_id, content="Well said") for fan_id in fan_ids
        )
        lists_of_facts = {
            NotificationService.reconcile_follows: [FollowFact(fan_id, self.bob.id) for fan_id in fan_ids],
            NotificationService.reconcile_likes: [
                LikeFact("tweet", tweet_id, like.user_id, self.bob.id) for like in likes
            ],
            NotificationService.reconcile_comments: [
                CommentFact(comment.id, tweet_id, comment.user_id, self.bob.id) for comment in comments
            ],
        }

        costs = {
            reconcile.__name__: [self.count_queries(reconcile, facts=facts[:size]) for size in (1, 100)]
            for reconcile, facts in lists_of_facts.items()
        }

        # A look at likes is also one at the tweets that are liked.
        self.assertEqual(costs, {"reconcile_follows": [3, 3], "reconcile_likes": [5, 5], "reconcile_comments": [3, 3]})
        self.assertEqual(Notification.objects.filter(recipient_id=self.bob.id).count(), 300)


class PagesForPeopleTests(ReadingTestCase):
    def get_page(self, path):
        response = self.bob.client.get(f"/api/{path}", **HTML)
        self.assertEqual(response["Content-Type"], "text/html; charset=utf-8")
        return response.content.decode()

    def test_the_list_is_a_page_with_a_way_to_the_next(self):
        self.fans(11)

        self.assertIn("page=2", self.get_page("notifications/"))

    def test_one_notification_can_be_marked_as_read_by_hand(self):
        self.fans(1)
        [row] = self.page()["results"]

        form = self.get_page(f"notifications/{row['id']}/")
        options = re.findall(r'<option value="(\w+)"', form)
        response = self.bob.client.put(
            f"/api/notifications/{row['id']}/", "unread=false", content_type="application/x-www-form-urlencoded"
        )

        self.assertRegex(form, r'<select id="unread" name="unread"')
        self.assertEqual(options, ["true", "false"])
        self.assertEqual((response.status_code, response.json()["unread"]), (200, False))

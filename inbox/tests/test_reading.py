"""
The list and the count of unread ones: what is shown to whom, page by page, and what that costs.
"""

import re

from django.contrib.contenttypes.models import ContentType

from accounts.models import User, UserProfile
from accounts.services import AccountService
from comments.models import Comment
from inbox.models import Notification
from inbox.services import CommentFact, FollowFact, LikeFact, NotificationService
from inbox.tests.people import InboxTestCase
from likes.models import Like
from testing.people import PASSWORD
from tweets.models import Tweet
from utils.database.time_ids import next_id

HTML = {"HTTP_ACCEPT": "text/html"}


class ReadingTestCase(InboxTestCase):
    def fans(self, size):
        """
        Let `size` more people follow Bob, in bulk, and tell him; return their ids, the latest first.
        """
        fan_ids = self.crowd(size, following=self.bob)
        NotificationService.reconcile_follows(facts=[FollowFact(fan_id, self.bob.id) for fan_id in fan_ids])
        return fan_ids[::-1]

    def page(self, person=None, **params):
        response = (person or self.bob).get("notifications/", **params)
        self.assertEqual(response.status_code, 200, response.json())
        return response.json()

    def actor_ids(self, page):
        return [row["actor"]["id"] for row in page["results"]]

    def unread_count(self, person):
        response = person.get("notifications/unread-count/")
        self.assertEqual((response.status_code, set(response.json())), (200, {"unread_count"}))
        return response.json()["unread_count"]


class ListTests(ReadingTestCase):
    def test_an_empty_inbox_is_an_empty_page(self):
        self.assertEqual(self.page(), {"count": 0, "next": None, "previous": None, "results": []})

    def test_it_comes_newest_first_ten_a_page(self):
        fan_ids = self.fans(23)

        first = self.page()
        second = self.bob.client.get(first["next"]).json()
        third = self.bob.client.get(second["next"]).json()

        self.assertEqual([page["count"] for page in (first, second, third)], [23] * 3)
        self.assertEqual(
            [self.actor_ids(page) for page in (first, second, third)], [fan_ids[:10], fan_ids[10:20], fan_ids[20:]]
        )
        self.assertEqual((first["previous"], third["next"]), (None, None))
        self.assertTrue(first["next"].startswith("http://testserver/api/notifications/?page=2"))
        self.assertEqual(self.bob.client.get(third["previous"]).json(), second)

    def test_what_happened_first_stands_last_whatever_was_told_first(self):
        first, second, third = self.crowd(3, following=self.bob)
        for fan_id in (second, third, first):
            NotificationService.reconcile_follows(facts=[FollowFact(fan_id, self.bob.id)])

        times = [row["timestamp"] for row in self.page()["results"]]

        self.assertEqual(times, sorted(times, reverse=True))

    def test_a_page_that_is_not_there_is_404(self):
        self.fans(11)
        for number in ("0", "3", "-1", "x", "1e3", "9" * 30, "9" * 5000, "\x00"):
            with self.subTest(page=number[:30]):
                self.assert_refused(self.bob.get("notifications/", page=number), 404, text="Invalid page.")

    def test_everybody_sees_their_own(self):
        self.fans(3)
        self.alice.follows(self.carol)
        self.tasks_run()

        self.assertEqual([self.page(person)["count"] for person in (self.alice, self.bob, self.carol)], [0, 3, 1])

    def test_anonymous_callers_have_none(self):
        for path in ("notifications/", "notifications/unread-count/"):
            with self.subTest(path=path):
                body = self.assert_refused(self.nobody().get(path), 403)
                self.assertEqual(body["detail"], "Authentication credentials were not provided.")

    def test_it_is_only_read_and_one_alone_cannot_be(self):
        self.fans(1)
        [row] = self.page()["results"]
        for method, path in (
            ("post", "notifications/"),
            ("delete", "notifications/"),
            ("post", "notifications/unread-count/"),
            ("get", f"notifications/{row['id']}/"),
            ("patch", f"notifications/{row['id']}/"),
            ("delete", f"notifications/{row['id']}/"),
        ):
            with self.subTest(method=method, path=path):
                response = getattr(self.bob.client, method)(f"/api/{path}", {"unread": False, "verb": "x"})
                self.assert_refused(response, 405)
        self.assertEqual(self.page()["results"], [row])

    def test_it_is_listed_among_the_collections(self):
        self.assertEqual(self.nobody().get("").json()["notifications"], "http://testserver/api/notifications/")

    def test_a_nickname_is_shown_as_it_is_now(self):
        self.alice.follows(self.bob)
        self.assertIsNone(self.inbox(self.bob)[0]["actor"]["nickname"])

        UserProfile.objects.filter(user_id=self.alice.id).update(nickname="Al")
        AccountService.announce_change(user_id=self.alice.id)
        self.tasks_run()

        self.assertEqual(self.inbox(self.bob)[0]["actor"]["nickname"], "Al")


class UnreadFilterTests(ReadingTestCase):
    def setUp(self):
        super().setUp()
        self.read = self.fans(12)
        self.reads_all(self.bob)
        self.unread = self.fans(11)

    def test_true_and_false_each_ask_for_a_part(self):
        for word, fan_ids in (
            ("true", self.unread),
            ("True", self.unread),
            ("1", self.unread),
            ("false", self.read),
            ("FALSE", self.read),
            ("0", self.read),
        ):
            with self.subTest(unread=word):
                page = self.page(unread=word)

                self.assertEqual((page["count"], self.actor_ids(page)), (len(fan_ids), fan_ids[:10]))

    def test_the_next_page_asks_the_same(self):
        page = self.bob.client.get(self.page(unread="true")["next"]).json()

        self.assertEqual((page["count"], self.actor_ids(page)), (11, self.unread[10:]))

    def test_junk_is_ignored(self):
        for word in ("", "maybe", "2", "-1", "null", "None", "true ", "[]", "\x00", "ⅰ", "😀", "x" * 5000):
            with self.subTest(unread=word[:30]):
                self.assertEqual(self.page(unread=word), {**self.page(), "next": self.page(unread=word)["next"]})

    def test_the_count_of_unread_ones_is_the_count_of_that_list(self):
        self.assertEqual(self.unread_count(self.bob), 11)
        self.assertEqual(self.unread_count(self.alice), 0)

        self.reads_all(self.bob)

        self.assertEqual((self.unread_count(self.bob), self.page(unread="true")["count"]), (0, 0))


class HiddenPeopleTests(ReadingTestCase):
    def test_the_suspended_are_not_shown_and_pages_are_as_full_as_ever(self):
        fan_ids = self.fans(23)
        hidden, shown = fan_ids[:9:2], [id for id in fan_ids if id not in fan_ids[:9:2]]

        for fan_id in hidden:
            AccountService.suspend(user=User.objects.get(id=fan_id))

        pages = [self.page(page=number) for number in (1, 2)]
        self.assertEqual([page["count"] for page in pages], [18, 18])
        self.assertEqual([self.actor_ids(page) for page in pages], [shown[:10], shown[10:]])
        self.assertEqual(self.unread_count(self.bob), 18)

    def test_marking_all_as_read_leaves_alone_what_bob_cannot_see(self):
        fan_ids = self.fans(3)
        suspended = User.objects.get(id=fan_ids[0])
        AccountService.suspend(user=suspended)

        self.assertEqual(self.reads_all(self.bob), 2)
        AccountService.restore(user=suspended)

        self.assertEqual(self.unread_count(self.bob), 1)
        self.assertEqual(self.actor_ids(self.page(unread="true")), fan_ids[:1])

    def test_one_by_somebody_suspended_cannot_be_marked_either(self):
        [fan_id] = self.fans(1)
        [row] = self.page()["results"]
        AccountService.suspend(user=User.objects.get(id=fan_id))

        self.assert_refused(self.bob.put(f"notifications/{row['id']}/", unread=False), 404)

    def test_staff_see_the_suspended(self):
        self.bob = self.person("staff1", is_staff=True)
        fan_ids = self.fans(2)

        AccountService.suspend(user=User.objects.get(id=fan_ids[0]))

        self.assertEqual((self.actor_ids(self.page()), self.unread_count(self.bob)), (fan_ids, 2))

    def test_who_has_closed_the_account_is_gone_at_once_for_staff_too(self):
        dave = self.browser()
        dave.signs_up("dave_1")
        staff = self.person("staff1", is_staff=True)
        for person in (self.bob, staff):
            dave.post(f"friendships/{person.id}/follow/")
            self.reads_all(person)
            self.assertEqual(self.page(person)["count"], 1)

        dave.delete("accounts/me/", password=PASSWORD)

        self.assertEqual([self.page(person)["results"] for person in (self.bob, staff)], [[], []])


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

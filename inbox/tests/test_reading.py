"""
The list and the count of unread ones: what is shown to whom, page by page, and what that costs.
"""

from accounts.models import User, UserProfile
from accounts.services import AccountService
from inbox.services import FollowFact, NotificationService
from inbox.tests.reading import ReadingTestCase
from testing.people import PASSWORD


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

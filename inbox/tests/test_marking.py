"""
Marking as read and unread: one's own only, again without harm, and not too often.
"""

from django.conf import settings
from django.db import connection

from inbox.models import Notification
from inbox.tests.people import InboxTestCase
from testing.testcases import Between


class MarkingTestCase(InboxTestCase):
    def setUp(self):
        super().setUp()
        for person in (self.alice, self.carol):
            person.follows(self.bob)
        self.rows = self.inbox(self.bob)

    def mark(self, person, row, **data):
        return person.put(f"notifications/{row['id']}/", **data)

    def mark_all(self, person):
        return person.post("notifications/mark-all-as-read/")

    def unread(self):
        """
        Return whether each of Bob's two notifications is unread, the newest first.
        """
        return [row["unread"] for row in self.inbox(self.bob)]


class MarkingOneTests(MarkingTestCase):
    def test_bob_marks_one_as_read_and_the_other_stays_unread(self):
        response = self.mark(self.bob, self.rows[0], unread=False)

        self.assertEqual((response.status_code, response.json()), (200, {**self.rows[0], "unread": False}))
        self.assertEqual(self.unread(), [False, True])

    def test_bob_marks_it_as_unread_again(self):
        self.mark(self.bob, self.rows[0], unread=False)

        response = self.mark(self.bob, self.rows[0], unread=True)

        self.assertEqual((response.status_code, response.json()), (200, self.rows[0]))
        self.assertEqual(self.unread(), [True, True])

    def test_marking_again_changes_nothing(self):
        responses = [self.mark(self.bob, self.rows[0], unread=False).json() for _ in range(2)]

        self.assertEqual(responses[0], responses[1])
        self.assertEqual(self.unread(), [False, True])

    def test_the_words_that_mean_yes_and_no_are_taken(self):
        for value, unread in (("false", False), ("true", True), (0, False), (1, True)):
            with self.subTest(value=value):
                self.assertIs(self.mark(self.bob, self.rows[0], unread=value).json()["unread"], unread)

    def test_everything_else_in_the_body_is_ignored(self):
        before = Notification.objects.filter(id=self.rows[0]["id"]).values().get()

        response = self.mark(
            self.bob,
            self.rows[0],
            unread=False,
            id=1,
            key="x",
            verb="x",
            recipient=self.carol.id,
            recipient_id=self.carol.id,
            actor_object_id=self.bob.id,
            target_object_id="1",
            timestamp="2020-01-01T00:00:00Z",
            deleted=True,
            public=False,
        )

        self.assertEqual(response.json(), {**self.rows[0], "unread": False})
        after = Notification.objects.filter(id=self.rows[0]["id"]).values().get()
        self.assertEqual(after, {**before, "unread": False})

    def test_without_unread_the_request_means_nothing(self):
        for data in ({}, {"unread": None}, {"unread": ""}, {"read": True}):
            with self.subTest(data=data):
                response = self.mark(self.bob, self.rows[0], **data)

                body = self.assert_refused(response, 400, field="unread")
                self.assertEqual(body["message"], "missing unread in request")
        self.assertEqual(self.unread(), [True, True])

    def test_a_body_that_is_no_object_lacks_it_too(self):
        for body in ("[]", "[true]", "false", "1", '"unread"'):
            with self.subTest(body=body):
                response = self.bob.client.put(
                    f"/api/notifications/{self.rows[0]['id']}/", body, content_type="application/json"
                )
                self.assert_refused(response, 400, text="missing unread in request")

    def test_what_is_no_bool_is_refused(self):
        for value in ("maybe", 2, -1, 0.5, [], [True], {}, {"a": 1}, "\x00", "😀", 10**30):
            with self.subTest(value=value):
                self.assert_refused(self.mark(self.bob, self.rows[0], unread=value), 400, field="unread")
        self.assertEqual(self.unread(), [True, True])

    def test_somebody_elses_is_not_there(self):
        for person in (self.alice, self.carol, self.person("staff1", is_staff=True)):
            with self.subTest(person=person.name):
                self.assert_refused(self.mark(person, self.rows[0], unread=False), 404)
        self.assertEqual(self.unread(), [True, True])

    def test_what_nobody_was_told_is_not_there(self):
        for id in (0, self.rows[0]["id"] + 1000, 2**53, 2**63, 2**70, "x", "-1", "1.5", "١"):
            with self.subTest(id=id):
                self.assert_refused(self.bob.put(f"notifications/{id}/", unread=False), 404)

    def test_one_that_is_withdrawn_at_that_moment_is_not_there(self):
        withdraw = Notification.objects.filter(id=self.rows[0]["id"]).delete

        with connection.execute_wrapper(Between("UPDATE", "inbox_notification", withdraw)):
            response = self.mark(self.bob, self.rows[0], unread=False)

        self.assert_refused(response, 404)

    def test_what_was_withdrawn_is_not_there(self):
        self.carol.unfollows(self.bob)
        self.tasks_run()

        self.assert_refused(self.mark(self.bob, self.rows[0], unread=False), 404)

    def test_an_anonymous_caller_marks_nothing(self):
        self.assert_refused(self.mark(self.nobody(), self.rows[0], unread=False), 403)

        self.assertEqual(self.unread(), [True, True])


class MarkingAllTests(MarkingTestCase):
    def test_bob_marks_both_and_again_none(self):
        responses = [self.mark_all(self.bob) for _ in range(2)]

        self.assertEqual(
            [(response.status_code, response.json()) for response in responses],
            [(200, {"marked_count": 2}), (200, {"marked_count": 0})],
        )
        self.assertEqual(self.unread(), [False, False])

    def test_only_what_was_unread_counts(self):
        self.mark(self.bob, self.rows[0], unread=False)

        self.assertEqual(self.mark_all(self.bob).json(), {"marked_count": 1})

    def test_nobody_elses_are_marked(self):
        self.bob.follows(self.alice)
        self.tasks_run()

        self.assertEqual(self.mark_all(self.alice).json(), {"marked_count": 1})

        self.assertEqual(self.unread(), [True, True])

    def test_what_the_body_says_is_ignored(self):
        response = self.alice.post("notifications/mark-all-as-read/", recipient=self.bob.id, user_id=self.bob.id)

        self.assertEqual(response.json(), {"marked_count": 0})
        self.assertEqual(self.unread(), [True, True])

    def test_an_anonymous_caller_marks_nothing(self):
        self.assert_refused(self.mark_all(self.nobody()), 403)

        self.assertEqual(self.unread(), [True, True])

    def test_only_post_marks(self):
        for method in ("get", "put", "patch", "delete"):
            with self.subTest(method=method):
                response = getattr(self.bob.client, method)("/api/notifications/mark-all-as-read/")

                self.assert_refused(response, 405)
                self.assertEqual(response["Allow"], "POST, OPTIONS")
        self.assertEqual(self.unread(), [True, True])


class OrderOfChecksTests(MarkingTestCase):
    def limit_each(self, rate):
        """
        Switch limits on; a window of an hour does not end in the middle of a test.
        """
        self.limit(**{f"notifications__{name}": [rate] for name in ("unread_count", "mark_all_as_read", "update")})

    def test_the_limits_are_the_contracts(self):
        limited = {name: rates for name, rates in settings.RATES.items() if name.startswith("notifications.")}

        self.assertEqual(
            limited,
            {f"notifications.{name}": ["3/s"] for name in ("unread_count", "mark_all_as_read", "update")},
        )

    def test_each_is_limited_by_itself_and_for_each_person(self):
        self.limit_each("3/h")
        calls = (
            lambda person: person.get("notifications/unread-count/"),
            self.mark_all,
            lambda person: self.mark(person, self.rows[0], unread=False),
        )
        for call in calls:
            statuses = [call(self.bob).status_code for _ in range(4)]

            self.assertEqual(statuses, [200, 200, 200, 429])
            self.assertIn(call(self.alice).status_code, (200, 404))
        self.assertEqual({self.bob.get("notifications/").status_code for _ in range(8)}, {200})

    def test_a_missing_parameter_comes_before_the_limit_and_does_not_count(self):
        self.limit_each("1/h")

        missing = [self.mark(self.bob, self.rows[0]) for _ in range(3)]

        for response in missing:
            self.assert_refused(response, 400, text="missing unread in request")
        self.assertEqual(self.mark(self.bob, self.rows[0], unread=False).status_code, 200)

    def test_a_missing_parameter_comes_before_the_look_up(self):
        self.assert_refused(self.mark(self.alice, self.rows[0]), 400, text="missing unread in request")

    def test_the_limit_comes_before_the_look_up(self):
        self.limit_each("1/h")

        responses = [self.mark(self.alice, self.rows[0], unread=False).status_code for _ in range(2)]

        self.assertEqual(responses, [404, 429])

    def test_the_look_up_comes_before_validation(self):
        self.assert_refused(self.mark(self.alice, self.rows[0], unread="maybe"), 404)

"""
Reporting what breaks the rules.
"""

from functools import partial

from accounts.services import AccountService
from moderation.models import Report
from testing.testcases import ApiTestCase, CommittedTestCase
from utils.database.time_ids import MAX_ID


class ReportsTestCase(ApiTestCase):
    def setUp(self):
        self.alice, self.bob = self.person("alice1"), self.person("bobby1")
        self.tweet_id = self.alice.tweets()
        comment = self.alice.post("comments/", tweet_id=self.tweet_id, content="As I said").json()
        self.things = {"tweet": self.tweet_id, "comment": comment["id"], "user": self.alice.id}

    def report(self, person, kind="tweet", object_id=None, reason="Spam", **others):
        object_id = self.things[kind] if object_id is None else object_id
        return person.post("reports/", content_type=kind, object_id=object_id, reason=reason, **others)


class ReportingTests(ReportsTestCase):
    def test_bob_reports_a_tweet_a_comment_and_a_user(self):
        for kind, object_id in self.things.items():
            with self.subTest(kind=kind):
                response = self.report(self.bob, kind, reason="  Spam ")

                row = Report.objects.get(content_type=kind)
                self.assertEqual((response.status_code, response.json()), (201, {"id": row.id, "status": "open"}))
                self.assertEqual((row.reporter_id, row.object_id, row.reason), (self.bob.id, object_id, "Spam"))

    def test_again_it_is_the_same_report(self):
        first = self.report(self.bob).json()

        again = self.report(self.bob, reason="Really, it is spam")

        self.assertEqual((again.status_code, again.json()), (201, first))
        self.assertEqual(Report.objects.get().reason, "Spam")

    def test_again_after_it_was_handled_it_is_still_the_same(self):
        self.report(self.bob)
        Report.objects.update(status="dismissed")

        self.assertEqual(self.report(self.bob).json()["status"], "dismissed")
        self.assertEqual(Report.objects.count(), 1)

    def test_carols_is_another_one(self):
        self.report(self.bob)
        self.report(self.person("carol1"))

        self.assertEqual(Report.objects.count(), 2)

    def test_reporting_ones_own_is_a_report_like_any_other(self):
        for kind in self.things:
            self.assertEqual(self.report(self.alice, kind).status_code, 201)

    def test_what_else_is_sent_changes_nothing(self):
        others = {"id": 7, "reporter": self.alice.id, "reporter_id": self.alice.id, "status": "resolved"}

        body = self.report(self.bob, handled_by=self.bob.id, created_at="2020-01-01T00:00:00Z", **others).json()

        row = Report.objects.get()
        self.assertEqual((body["status"], row.status, row.reporter_id), ("open", "open", self.bob.id))
        self.assertIsNone(row.handled_by_id)


class RefusedTests(ReportsTestCase):
    def test_nobody_reports(self):
        self.assert_refused(self.report(self.nobody()), 403)
        self.assertFalse(Report.objects.exists())

    def test_a_kind_that_cannot_be_reported_is_refused(self):
        for kind in ("like", "Tweet", "", None, ["tweet"], 7, "photo"):
            with self.subTest(kind=kind):
                response = self.bob.post("reports/", content_type=kind, object_id=self.tweet_id, reason="Spam")

                self.assert_refused(response, 400, field="content_type")

    def test_a_thing_that_is_not_there_is_refused(self):
        for kind in self.things:
            for object_id in (MAX_ID, MAX_ID + 1, 2**63, 0, -1, "abc", [1]):
                with self.subTest(kind=kind, object_id=object_id):
                    self.assert_refused(self.report(self.bob, kind, object_id), 400, field="object_id")

    def test_what_is_deleted_or_hidden_is_refused(self):
        self.alice.delete(f"tweets/{self.tweet_id}/")
        for kind in ("tweet", "comment"):
            self.assert_refused(self.report(self.bob, kind), 400, field="object_id")

        with self.captureOnCommitCallbacks(execute=True):
            AccountService.suspend(user=self.alice.user)

        self.assert_refused(self.report(self.bob, "user"), 400, field="object_id")

    def test_a_reason_is_needed(self):
        for reason in ("", "   ", None, "x" * 501, ["spam"], "a\x00b"):
            with self.subTest(reason=reason):
                self.assert_refused(self.report(self.bob, reason=reason), 400, field="reason")
        self.assertFalse(Report.objects.exists())

    def test_what_is_missing_is_a_matter_of_validation(self):
        body = self.assert_refused(self.bob.post("reports/"), 400)

        self.assertEqual(body["message"], "Please check input")
        self.assertEqual(set(body["errors"]), {"content_type", "object_id", "reason"})

    def test_reports_are_nobodys_to_read(self):
        self.report(self.bob)

        self.assert_refused(self.bob.get("reports/"), 405)
        self.assert_refused(self.bob.get(f"reports/{Report.objects.get().id}/"), 404)


class AtOnceTests(CommittedTestCase):
    def test_one_report_that_is_sent_six_times_at_once_is_one_report(self):
        alice, bob = self.person("alice1"), self.person("bobby1")
        send = partial(bob.post, "reports/", content_type="user", object_id=alice.id, reason="Spam")

        responses = self.together(*[send] * 6)

        self.assertEqual([response.status_code for response in responses], [201] * 6)
        self.assertEqual({response.json()["id"] for response in responses}, {Report.objects.get().id})

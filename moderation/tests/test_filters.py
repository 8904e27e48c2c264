"""
What moderators see of a list: which rows a filter leaves, what the columns say, and what they are told.
"""

from django.contrib.contenttypes.models import ContentType

from accounts.models import User
from comments.models import Comment
from likes.models import Like
from moderation.models import AuditEntry, Report
from moderation.tests.people import Moderating
from testing.testcases import ApiTestCase
from tweets.models import Tweet, TweetPhoto
from tweets.tests.photos import Photographing


class FiltersTestCase(Moderating, Photographing, ApiTestCase):
    def setUp(self):
        self.mod = self.moderator()

    def names(self, **params):
        return {user.username for user in self.rows(self.mod, "accounts/user", **params)}

    def cells(self, screen, column, **params):
        """
        Return the texts of a column, as the page shows them.
        """
        response = self.mod.browser.get(f"/admin/{screen}/", params)
        changelist = response.context["cl"]
        admin = changelist.model_admin
        return [getattr(admin, column)(row) for row in changelist.result_list]

    def choices(self, screen, **params):
        """
        Return {title of a filter: [(choice, whether it is the present one)]}.
        """
        changelist = self.mod.browser.get(f"/admin/{screen}/", params).context["cl"]
        return {
            spec.title: [(choice["display"], choice["selected"]) for choice in spec.choices(changelist)]
            for spec in changelist.filter_specs
        }


class PeopleTests(FiltersTestCase):
    def setUp(self):
        super().setUp()
        self.alice, self.bob, self.carol = (self.person(name) for name in ("alice1", "bobby1", "carol1"))
        self.suspend(self.bob.user)
        self.closes(self.carol)
        self.gone = User.objects.get(id=self.carol.id).username

    def test_without_a_filter_everybody_is_there(self):
        self.assertEqual(self.names(), {"moder1", "alice1", "bobby1", self.gone})

    def test_each_state_has_its_people(self):
        for state, expected in (
            ("active", {"moder1", "alice1"}),
            ("suspended", {"bobby1"}),
            ("deleted", {self.gone}),
            ("staff", {"moder1"}),
            ("nonsense", {"moder1", "alice1", "bobby1", self.gone}),
        ):
            with self.subTest(state=state):
                self.assertEqual(self.names(state=state), expected)

    def test_one_who_was_suspended_and_left_is_among_both(self):
        self.suspend(User.objects.get(id=self.carol.id))

        self.assertIn(self.gone, self.names(state="suspended"))
        self.assertIn(self.gone, self.names(state="deleted"))
        self.assertNotIn(self.gone, self.names(state="active"))

    def test_the_column_says_the_state_and_of_one_who_left_that_they_left(self):
        self.suspend(User.objects.get(id=self.carol.id))
        states = dict(
            zip([user.username for user in self.rows(self.mod, "accounts/user")], self.cells("accounts/user", "state"))
        )

        self.assertEqual(states, {"moder1": "active", "alice1": "active", "bobby1": "suspended", self.gone: "deleted"})

    def test_the_columns_count_what_each_has(self):
        self.alice.tweets()
        self.mod.follows(self.alice)
        rows = self.rows(self.mod, "accounts/user")
        position = [user.username for user in rows].index("alice1")

        self.assertEqual(self.cells("accounts/user", "tweets")[position], 1)
        self.assertEqual(self.cells("accounts/user", "followers")[position], 1)

    def test_a_filter_and_a_search_go_together(self):
        self.assertEqual(self.names(state="suspended", q="bob"), {"bobby1"})
        self.assertEqual(self.names(state="active", q="bob"), set())

    def test_the_filter_offers_four_states_and_all(self):
        offered = self.choices("accounts/user", state="suspended")["state"]

        self.assertEqual([choice for choice, _ in offered], ["All", "Active", "Suspended", "Deleted", "Staff"])
        self.assertEqual([choice for choice, is_present in offered if is_present], ["Suspended"])


class QueuesTests(FiltersTestCase):
    def setUp(self):
        super().setUp()
        self.alice, self.bob = self.person("alice1"), self.person("bobby1")

    def reports(self, **params):
        return [report.object_id for report in self.rows(self.mod, "moderation/report", **params)]

    def test_of_reports_those_that_wait_come_unasked_and_each_status_by_its_name(self):
        ids = [self.alice.tweets(f"Number {number} of mine") for number in range(3)]
        for tweet_id in ids:
            self.bob.post("reports/", content_type="tweet", object_id=tweet_id, reason="Spam")
        waiting, resolved, dismissed = Report.objects.order_by("id")
        self.act(self.mod, "moderation/report", "resolve", resolved)
        self.act(self.mod, "moderation/report", "dismiss", dismissed)

        self.assertEqual(self.reports(), [ids[0]])
        for number, status in enumerate(("open", "resolved", "dismissed")):
            self.assertEqual(self.reports(status=status), [ids[number]])
        self.assertEqual(self.reports(status="all"), ids)
        self.assertEqual(self.reports(status="nonsense"), [])

    def test_the_queue_says_which_status_it_shows(self):
        for params, present in (({}, "Open"), ({"status": "resolved"}, "Resolved"), ({"status": "all"}, "All")):
            offered = self.choices("moderation/report", **params)["status"]

            self.assertEqual([choice for choice, _ in offered], ["Open", "Resolved", "Dismissed", "All"])
            self.assertEqual([choice for choice, is_present in offered if is_present], [present])

    def test_of_photos_those_that_wait_come_unasked_and_each_status_by_its_name(self):
        self.posts(self.alice, self.picture(), self.picture(), self.picture())
        waiting, approved, rejected = TweetPhoto.objects.order_by("id")
        self.act(self.mod, "tweets/tweetphoto", "approve", approved)
        self.act(self.mod, "tweets/tweetphoto", "reject", rejected, reason="Nasty")

        screen = "tweets/tweetphoto"
        self.assertEqual(self.rows(self.mod, screen), [waiting])
        for photo, status in ((waiting, "pending"), (approved, "approved"), (rejected, "rejected")):
            self.assertEqual(self.rows(self.mod, screen, status=status), [photo])
        self.assertEqual(self.rows(self.mod, screen, status="all"), [waiting, approved, rejected])

    def test_the_trail_is_filtered_by_what_was_done(self):
        self.act(self.mod, "accounts/user", "suspend", self.alice.user, reason="Spam")
        self.act(self.mod, "accounts/user", "restore", self.alice.user)
        suspended, restored = AuditEntry.objects.order_by("id")

        self.assertEqual(self.rows(self.mod, "moderation/auditentry", verb__exact="suspend"), [suspended])
        self.assertEqual(self.rows(self.mod, "moderation/auditentry", verb__exact="restore"), [restored])


class ToldTests(FiltersTestCase):
    """
    How many were done, and which were refused and why.
    """

    def setUp(self):
        super().setUp()
        self.alice, self.bob = self.person("alice1"), self.person("bobby1")
        self.tweets = [Tweet.objects.get(id=self.alice.tweets(f"Number {number} of mine")) for number in range(2)]

    def test_they_are_counted(self):
        for screen, action, things, told in (
            ("accounts/user", "suspend", [self.alice.user, self.bob.user], "2 suspended."),
            ("accounts/user", "restore", [self.alice.user], "1 restored."),
            ("tweets/tweet", "delete_tweets", self.tweets, "2 deleted."),
        ):
            with self.subTest(action=action):
                self.assertEqual(self.act(self.mod, screen, action, *things, reason="Spam"), [told])

    def test_each_refusal_is_named_and_the_others_are_done(self):
        other = self.moderator("moder2")

        told = self.act(self.mod, "accounts/user", "suspend", self.alice.user, other.user, reason="Spam")

        self.assertIn("1 suspended.", told)
        self.assertEqual(len(told), 2)
        self.assertTrue(any(text.startswith("moder2: ") for text in told))
        self.assertTrue(self.is_suspended(self.alice))
        self.assertFalse(self.is_suspended(other))

    def test_where_all_are_refused_nothing_is_counted(self):
        told = self.act(self.mod, "tweets/tweet", "delete_tweets", *self.tweets)

        self.assertEqual(len(told), 2)
        self.assertTrue(all("Say why" in text for text in told))
        self.assertEqual(Tweet.objects.not_deleted().count(), 2)

    def test_a_reason_of_blanks_is_none(self):
        told = self.act(self.mod, "accounts/user", "suspend", self.alice.user, reason="   ")

        self.assertIn("Say why", told[0])
        self.assertFalse(self.is_suspended(self.alice))

    def test_a_reason_is_kept_without_the_blanks_around_it(self):
        self.act(self.mod, "accounts/user", "suspend", self.alice.user, reason="  Spam  ")

        self.assertEqual(AuditEntry.objects.get().reason, "Spam")

    def test_without_a_selection_nothing_happens(self):
        self.act(self.mod, "accounts/user", "suspend", reason="Spam")

        self.assertFalse(User.objects.filter(suspended_at__isnull=False).exists())
        self.assertFalse(AuditEntry.objects.exists())

    def test_a_deleted_tweet_says_so_in_its_row(self):
        self.act(self.mod, "tweets/tweet", "delete_tweets", self.tweets[0], reason="Spam")

        self.assertEqual(self.cells("tweets/tweet", "is_deleted"), [False, True])

    def test_what_is_only_looked_at_has_no_actions(self):
        self.bob.follows(self.alice)
        Like.objects.create(
            id=1, user=self.bob.user, content_type=ContentType.objects.get_for_model(Tweet), object_id=self.tweets[0].id
        )
        self.comments(self.bob, self.tweets[1].id)
        self.assertTrue(Comment.objects.exists())

        for screen in ("likes/like", "friendships/friendship", "accounts/userprofile", "moderation/auditentry"):
            self.assertNotIn('name="action"', self.look(self.mod, screen), screen)
        for screen in ("comments/comment", "tweets/tweet", "accounts/user"):
            self.assertIn('name="action"', self.look(self.mod, screen), screen)

"""
The pages as people know them: their titles, an inbox, and a first session that is not empty.
"""

import re
from html import unescape

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import UserProfile
from twitter.tests.pages import CONTROL, HIDDEN, HTML, PeoplePagesTestCase
from utils.tests.pictures import encoded, picture


class TitlesTests(PeoplePagesTestCase):
    def test_pages_are_called_what_people_call_them(self):
        UserProfile.objects.filter(user=self.alice.user).update(nickname="Alice")
        tweet_id = self.alice.tweets()
        for path, title in {
            "": "Pushfeed",
            "newsfeeds/": "Home",
            f"tweets/{tweet_id}/": "Tweet",
            f"tweets/?user_id={self.alice.id}": "Tweets of Alice",
            "notifications/": "Inbox",
            f"users/{self.alice.id}/": "Alice",
            "users/by/bobby1/": "bobby1",
            "users/search/?q=a": "Search",
            f"friendships/{self.alice.id}/followers/": "Followers of Alice",
            f"friendships/{self.alice.id}/followings/": "Followed by Alice",
            f"comments/?tweet_id={tweet_id}": "Comments",
        }.items():
            with self.subTest(path=path):
                page = self.page(path)

                self.assertIn(f"<title>{title} · Pushfeed</title>", page)
                self.assertIn(f"<h1>{title}</h1>", page)

    def test_every_collection_and_action_has_a_title(self):
        for path in ("accounts/signup/", "accounts/login/", "likes/", "likes/cancel/", "reports/", "profiles/1/"):
            with self.subTest(path=path):
                self.assertNotRegex(self.page(path, status=405), r"<h1>\w+ (List|Instance)</h1>")

    def test_what_is_not_there_says_so(self):
        self.assertIn("<h1>Not found</h1>", self.page("tweets/1/", status=404))

    def test_breadcrumbs_lead_to_whom_a_page_is_about(self):
        tweet_id = self.alice.tweets()
        for path in (f"tweets/{tweet_id}/", f"friendships/{self.alice.id}/followers/"):
            crumbs = re.search(r'aria-label="Breadcrumbs">.*?</nav>', self.page(path), re.DOTALL)[0]

            self.assertIn(f'<a href="/api/users/{self.alice.id}/">alice1</a>', crumbs)


class InboxTests(PeoplePagesTestCase):
    def setUp(self):
        super().setUp()
        self.tweet_id = self.alice.tweets("Hello from Alice")
        self.comment_id = self.alice.post("comments/", tweet_id=self.tweet_id, content="First of all").json()["id"]

    def inbox(self, **params):
        self.tasks_run()
        query = "&".join(f"{name}={value}" for name, value in params.items())
        return list(self.rows(self.page(f"notifications/?{query}", self.alice)).values())

    def test_each_leads_to_what_it_is_about(self):
        self.bob.follows(self.alice)
        self.bob.post("likes/", content_type="tweet", object_id=self.tweet_id)
        self.bob.post("likes/", content_type="comment", object_id=self.comment_id)
        comment_id = self.bob.post("comments/", tweet_id=self.tweet_id, content="Me too").json()["id"]

        rows = {re.search(r'<a class="subject" href="([^"]+)">([\w ]+)</a>', row).group(2, 1) for row in self.inbox()}

        self.assertEqual(
            rows,
            {
                ("followed you", f"/api/users/{self.bob.id}/"),
                ("liked your tweet", f"/api/tweets/{self.tweet_id}/"),
                ("liked your comment", f"/api/tweets/{self.tweet_id}/#comment_{self.comment_id}"),
                ("commented on your tweet", f"/api/tweets/{self.tweet_id}/#comment_{comment_id}"),
            },
        )

    def test_what_it_is_about_is_quoted(self):
        self.bob.post("likes/", content_type="comment", object_id=self.comment_id)

        (row,) = self.inbox()

        self.assertIn("First of all", row)

    def test_unread_is_seen_at_once_and_one_control_marks_it(self):
        self.bob.follows(self.alice)

        (unread,) = self.inbox()
        address, fields = unescape(CONTROL.search(unread)[1]), dict(HIDDEN.findall(unread))
        response = self.alice.client.put(address, fields, format="multipart", **HTML)
        (read,) = self.inbox()

        self.assertIn("is-unread", unread)
        self.assertIn("Mark as read", unread)
        self.assertIn('data-method="PUT"', unread)
        self.assertEqual((response.status_code, response["Location"].partition("#")[0]), (303, "/api/notifications/"))
        self.assertNotIn("is-unread", read)
        self.assertIn("Mark as unread", read)

    def test_all_are_marked_as_read_by_one_button(self):
        self.bob.follows(self.alice)
        self.tasks_run()
        page = self.page("notifications/", self.alice)
        action = re.search(r'action="(/api/notifications/mark-all-as-read/[^"]*)"', page)[1]

        response = self.alice.client.post(action, {}, format="multipart", **HTML)

        self.assertEqual((response.status_code, response["Location"]), (303, "/api/notifications/"))
        self.assertNotIn("is-unread", self.page("notifications/", self.alice))

    def test_unread_is_a_choice(self):
        self.bob.follows(self.alice)

        self.assertEqual((len(self.inbox(unread="true")), len(self.inbox(unread="false"))), (1, 0))
        page = self.page("notifications/?unread=true", self.alice)
        self.assertIn('<a href="/api/notifications/?unread=true" aria-current="page">Unread</a>', page)
        self.assertIn('<a href="/api/notifications/?unread=false">Read</a>', page)
        self.assertNotRegex(page, r'<input[^>]* name="unread" value="true"')


class FirstSessionTests(PeoplePagesTestCase):
    def test_an_empty_home_offers_the_most_followed_people(self):
        self.bob.follows(self.carol)
        dora = self.person("dora12")

        rows = self.rows(self.page("newsfeeds/", dora))
        self.press(rows[f"person_{self.carol.id}"], dora)

        self.assertEqual(list(rows)[0], f"person_{self.carol.id}")
        self.assertNotIn(f"person_{dora.id}", rows)
        self.assertNotIn(f"person_{self.carol.id}", self.rows(self.page("newsfeeds/", dora)))

    def test_a_home_with_tweets_offers_nobody(self):
        self.bob.tweets()

        self.assertNotIn("person_", "".join(self.rows(self.page("newsfeeds/"))))

    def test_every_page_has_a_box_to_find_people(self):
        for path, who in (("", self.nobody()), ("newsfeeds/", self.bob), (f"users/{self.alice.id}/", self.nobody())):
            page = self.page(path, who)

            self.assertIn('role="search" action="/api/users/search/"', page)
            self.assertRegex(page, r'<input type="search" id="search" name="q"')

    def test_signing_up_leads_home(self):
        page = self.page("accounts/signup/", self.nobody(), status=405)

        self.assertIn('action="/api/accounts/signup/?next=%2Fapi%2Fnewsfeeds%2F"', page)


class CostTests(PeoplePagesTestCase):
    def queries(self, path):
        self.page(path)
        self.caches_are_lost()
        with CaptureQueriesContext(connection) as queries:
            self.page(path)
        return len(queries)

    def grow(self, round):
        """
        Let there be more of everything that a page shows.
        """
        for number in range(3):
            fan = self.person(f"bofan_{round}{number}")
            fan.follows(self.bob)
            self.bob.follows(fan)
            tweet_id = self.bob.tweets(f"Tweet {round} {number}")
            photo = {"content": "With a photo", "files": SimpleUploadedFile("a.png", encoded(picture(), "PNG"))}
            self.bob.client.post("/api/tweets/", photo, format="multipart")
            fan.tweets(f"Another {round} {number}")
            comment_id = self.bob.post("comments/", tweet_id=self.tweet_id, content="Mine").json()["id"]
            fan.post("comments/", tweet_id=self.tweet_id, content="Hello")
            fan.post("likes/", content_type="tweet", object_id=tweet_id)
            fan.post("likes/", content_type="tweet", object_id=self.tweet_id)
            fan.post("likes/", content_type="comment", object_id=comment_id)
        self.tasks_run()

    def test_more_rows_cost_no_more_queries(self):
        self.tweet_id = self.bob.tweets("The first tweet")
        paths = (
            "newsfeeds/",
            f"tweets/?user_id={self.bob.id}",
            f"tweets/{self.tweet_id}/",
            f"users/{self.bob.id}/",
            f"friendships/{self.bob.id}/followers/",
            "users/search/?q=bo",
            "notifications/",
        )
        self.grow(1)
        before = {path: self.queries(path) for path in paths}

        self.grow(2)

        self.assertEqual({path: self.queries(path) for path in paths}, before)

    def test_programs_pay_for_nothing_that_only_pages_show(self):
        self.tweet_id = self.bob.tweets("The first tweet")
        self.grow(1)
        for path in ("notifications/", f"users/{self.bob.id}/", "users/search/?q=bo"):
            with self.subTest(path=path):
                in_page = self.queries(path)
                self.caches_are_lost()
                with CaptureQueriesContext(connection) as queries:
                    self.bob.get(path)

                self.assertLess(len(queries), in_page)

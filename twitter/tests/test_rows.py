"""
The rows of pages: tweets, comments and people, each with one control that comes back to its page.
"""

import re
from html import unescape

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import UserProfile
from twitter.tests.pages import HTML, PeoplePagesTestCase
from utils.tests.pictures import encoded, picture

PHOTO = re.compile(r'<a href="([^"]+)"><img src="([^"]+)" alt="Photo \d of \d" loading="lazy"></a>')


class TweetRowsTests(PeoplePagesTestCase):
    def setUp(self):
        super().setUp()
        UserProfile.objects.filter(user=self.alice.user).update(nickname="Alice <3")
        self.tweet_id = self.alice.tweets("Hello from Alice")
        self.bob.follows(self.alice)
        self.tasks_run()

    def row(self, path):
        return self.rows(self.page(path))[f"tweet_{self.tweet_id}"]

    def test_a_row_says_who_what_and_when_and_how_many(self):
        self.carol.post("likes/", content_type="tweet", object_id=self.tweet_id)
        created_at = self.alice.get(f"tweets/{self.tweet_id}/").json()["created_at"]
        for path in ("newsfeeds/", f"tweets/?user_id={self.alice.id}", f"tweets/{self.tweet_id}/"):
            with self.subTest(path=path):
                row = self.row(path)

                self.assertIn("<b>Alice &lt;3</b>", row)
                self.assertIn("@alice1", row)
                self.assertRegex(row, rf'<time datetime="{created_at}" title="[^"]+ UTC">just now</time>')
                self.assertIn("1 like<", row)
                self.assertIn("0 comments", row)

    def test_photos_are_small_and_lead_to_the_large_ones(self):
        files = [SimpleUploadedFile(f"{name}.png", encoded(picture(), "PNG")) for name in "ab"]
        response = self.alice.client.post("/api/tweets/", {"content": "Two photos", "files": files}, format="multipart")
        row_id, path = f"tweet_{response.json()['id']}", f"tweets/?user_id={self.alice.id}"

        before = self.rows(self.page(path))[row_id]
        self.tasks_run()
        after = self.rows(self.page(path))[row_id]

        photos = response.json()["photo_urls"]
        self.assertEqual(PHOTO.findall(before), [(url, url) for url in photos])
        self.assertEqual([photo for photo, _ in PHOTO.findall(after)], photos)
        for _, thumbnail in PHOTO.findall(after):
            self.assertIn("/photos/thumbnails/", thumbnail)
            self.assertEqual(self.nobody().client.get(thumbnail).status_code, 200)

    def test_one_control_likes_it_and_then_takes_the_like_back(self):
        path = f"/api/tweets/?user_id={self.alice.id}&limit=5"

        liking = self.press(self.row(path))
        liked = self.row(path)
        unliking = self.press(liked)

        self.assertEqual(self.controls(liked), ["/api/likes/cancel/"])
        self.assertIn("1 like<", liked)
        for response in (liking, unliking):
            self.assertEqual((response.status_code, response["Location"]), (303, f"{path}#tweet_{self.tweet_id}"))
        self.assertEqual(self.controls(self.row(path)), ["/api/likes/"])

    def test_a_comment_has_such_a_control_too(self):
        comment_id = self.carol.post("comments/", tweet_id=self.tweet_id, content="First!").json()["id"]
        path = f"tweets/{self.tweet_id}/"

        self.press(self.rows(self.page(path))[f"comment_{comment_id}"])

        self.assertEqual(self.controls(self.rows(self.page(path))[f"comment_{comment_id}"]), ["/api/likes/cancel/"])

    def test_a_comment_is_written_on_the_tweets_page(self):
        page = self.page(f"tweets/{self.tweet_id}/")
        action = unescape(re.search(r'id="comment" method="post" action="([^"]+)"', page)[1])

        response = self.bob.client.post(
            action, {"tweet_id": self.tweet_id, "content": "Nice!"}, format="multipart", **HTML
        )

        self.assertEqual(response["Location"], f"/api/tweets/{self.tweet_id}/#comments")
        self.assertIn("Nice!", self.page(response["Location"]))

    def test_strangers_see_counts_and_are_told_to_log_in(self):
        page = self.page(f"tweets/{self.tweet_id}/", self.nobody())

        self.assertEqual(self.controls(page), [])
        self.assertIn("0 likes", page)
        self.assertIn(f'/api-auth/login/?next=/api/tweets/{self.tweet_id}/">log in</a> first', page)

    def test_an_avatar_or_the_first_letter_of_the_name_is_the_face(self):
        letter = self.row("newsfeeds/")
        with self.captureOnCommitCallbacks(execute=True):
            UserProfile.objects.filter(user=self.alice.user).update(
                avatar="avatars/ab/abababababababababababababababab.png"
            )
            self.caches_are_lost()

        self.assertRegex(letter, r'<span class="face hue-\d" aria-hidden="true">A</span>')
        self.assertRegex(self.row("newsfeeds/"), r'<img class="face" src="[^"]+/media/avatars/ab/')


class PeopleRowsTests(PeoplePagesTestCase):
    def setUp(self):
        super().setUp()
        self.carol.follows(self.alice)

    def test_one_control_follows_somebody_and_then_stops_it_wherever_they_are_shown(self):
        for path in (
            f"users/{self.carol.id}/",
            f"friendships/{self.alice.id}/followers/",
            "users/search/?q=carol",
        ):
            for action in ("follow", "unfollow"):
                with self.subTest(path=path, action=action):
                    row = self.rows(self.page(path))[f"person_{self.carol.id}"]
                    response = self.press(row)

                    self.assertEqual(self.controls(row), [f"/api/friendships/{self.carol.id}/{action}/"])
                    self.assertEqual(
                        (response.status_code, response["Location"]), (303, f"/api/{path}#person_{self.carol.id}")
                    )

    def test_a_person_has_names_and_counts(self):
        self.alice.follows(self.bob)
        for path in (f"users/{self.alice.id}/", "users/search/?q=ali", f"friendships/{self.carol.id}/followings/"):
            with self.subTest(path=path):
                row = self.rows(self.page(path))[f"person_{self.alice.id}"]

                self.assertIn("@alice1", row)
                self.assertIn("<b>1</b> follower<", row)
                self.assertIn("<b>1</b> followed<", row)
                self.assertIn("<b>0</b> tweets<", row)

    def test_nobody_follows_themselves_and_strangers_have_no_control(self):
        for who, path in (
            (self.bob, f"users/{self.bob.id}/"),
            (self.carol, f"friendships/{self.alice.id}/followers/"),
            (self.nobody(), f"users/{self.carol.id}/"),
            (self.nobody(), "users/search/?q=carol"),
        ):
            with self.subTest(path=path):
                self.assertEqual(self.controls(self.page(path, who)), [])

    def test_their_tweets_stand_below(self):
        tweet_id = self.alice.tweets("Hello from Alice")

        self.assertIn(f"tweet_{tweet_id}", self.rows(self.page(f"users/{self.alice.id}/")))


class GoingOnTests(PeoplePagesTestCase):
    def like(self, destination, **headers):
        return self.bob.client.post(
            f"/api/likes/?next={destination}",
            {"content_type": "tweet", "object_id": self.alice.tweets()},
            format="multipart",
            **headers,
        )

    def test_a_form_leads_to_no_other_site(self):
        for destination in (
            "//evil.example/", "https://evil.example/", "https:evil.example", "/%5Cevil.example", "%5C/evil.example",
            "///evil.example", "javascript:1", "evil", "", "%0A//evil.example", "http:///evil.example",
        ):  # fmt: skip
            with self.subTest(destination=destination):
                response = self.like(destination, **HTML)

                self.assertEqual(response.status_code, 201)
                self.assertNotIn("evil.example", response.get("Location", ""))

    def test_a_line_break_in_it_splits_no_header(self):
        response = self.like("/api/%0D%0ASet-Cookie:%20a=b", **HTML)

        self.assertEqual((response.status_code, response["Location"]), (303, "/api/%0D%0ASet-Cookie:%20a=b"))

    def test_programs_get_their_answer(self):
        response = self.like("/api/newsfeeds/")

        self.assertEqual((response.status_code, "Location" in response), (201, False))
        self.assertEqual(response.json()["user"]["id"], self.bob.id)

    def test_a_refusal_stays_and_leads_back(self):
        response = self.bob.client.post(
            "/api/likes/?next=/api/newsfeeds/", {"content_type": "tweet", "object_id": 1}, format="multipart", **HTML
        )

        self.assertEqual(response.status_code, 400)
        self.assertIn('<a href="/api/newsfeeds/">Back to where you were</a>', response.content.decode())

    def test_a_refused_sign_up_leads_to_no_page_that_is_not_open_yet(self):
        page = self.nobody().client.post("/api/accounts/signup/?next=/api/newsfeeds/", format="multipart", **HTML)

        self.assertEqual(page.status_code, 400)
        self.assertNotIn('href="/api/newsfeeds/"', page.content.decode())

    def test_the_forms_of_a_page_lead_on_too(self):
        tweet_id = self.alice.tweets()
        comment_id = self.alice.post("comments/", tweet_id=tweet_id, content="First!").json()["id"]
        mine = f"tweets/?user_id={self.alice.id}"
        for path, method, fields, destination in (
            (mine, "post", {"content": "Hello again"}, mine),
            (f"comments/{comment_id}/", "put", {"content": "Second!"}, f"tweets/{tweet_id}/#comment_{comment_id}"),
            (f"profiles/{self.alice.user.profile.id}/", "put", {"nickname": "A"}, f"users/{self.alice.id}/"),
            (f"comments/{comment_id}/", "delete", {}, f"tweets/{tweet_id}/"),
            (f"tweets/{tweet_id}/", "delete", {}, f"users/{self.alice.id}/"),
        ):
            with self.subTest(path=path, method=method):
                page = self.alice.client.get(f"/api/{path}", **HTML).content.decode()
                mark = "" if method == "post" else f' data-method="{method.upper()}"'
                form = rf'<form class="page-form card" id="form_\w+" action="([^"]+)"[^>]*novalidate{mark}>'
                action = unescape(re.search(form, page)[1])

                response = getattr(self.alice.client, method)(action, fields, format="multipart", **HTML)

                self.assertEqual((response.status_code, response["Location"]), (303, f"/api/{destination}"))

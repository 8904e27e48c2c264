"""
The whole site in a real headless Chromium: a stranger who becomes a reader, and a moderator at work.
"""

import tempfile
from pathlib import Path

from django.contrib.auth.models import Permission
from PIL import Image

from accounts.models import User, UserProfile
from testing.browser import BrowserTestCase
from testing.people import PASSWORD
from tweets.constants import PhotoStatus
from tweets.models import TweetPhoto


def pictures(*colours):
    """
    Return the paths of new PNG files, each of one colour.
    """
    folder = Path(tempfile.mkdtemp(prefix="pictures"))
    for colour in colours:
        Image.new("RGB", (320, 200), colour).save(folder / f"{colour}.png")
    return [str(folder / f"{colour}.png") for colour in colours]


class ReaderTests(BrowserTestCase):
    def test_a_stranger_signs_up_and_does_everything_by_hand(self):
        self.bob = self.person("bobby1")
        self.bob_tweet = self.bob.tweets("Good morning from Bob")

        self.signs_up_and_logs_in_again()
        tweet_id = self.posts_with_two_photos()
        self.follows_bob()
        self.likes_and_comments()
        self.bob.post("likes/", content_type="tweet", object_id=tweet_id)
        self.tasks_run()
        self.reads_the_feed(tweet_id)
        self.reads_the_inbox()
        self.finds_bob_and_unfollows()

        self.assertEqual(self.chromium.complaints(), [])

    def signs_up_and_logs_in_again(self):
        page = self.chromium
        page.open("/api/")
        page.follow("Sign up")
        page.send("#form_signup", username="no", email="alice@example.com", password="short")
        self.assertIn("Use 6 to 20 letters, digits and underscores.", page.text)
        self.assertEqual(page.find('[name="email"]').get_attribute("value"), "alice@example.com")

        page.send("#form_signup", username="Alice_1", email="alice@example.com", password=PASSWORD)
        self.assertIn("alice_1", page.find(".site-bar").text)
        # Nothing is in the feed yet, and so there are people to follow.
        self.assertEqual(page.find("h1").text, "Home")
        self.assertIn("@bobby1", page.find(".rows").text)
        page.turn_page(page.find("#log-out").click)
        self.assertNotIn("alice_1", page.find(".site-bar").text)

        page.turn_page(page.find("#log-in").click)
        page.send("form.login-box", username="alice_1", password="wrong password")
        self.assertTrue(page.find(".alert").text)
        page.send("form.login-box", username="alice_1", password=PASSWORD)
        self.assertIn("alice_1", page.find(".site-bar").text)
        self.alice = User.objects.get(username="alice_1")

    def posts_with_two_photos(self):
        page = self.chromium
        page.open("/api/")
        page.follow("Write a tweet")
        page.send("#form_create", content="Hello with photos", files=pictures("crimson", "gold"))

        self.assertIn("Hello with photos", page.find(".rows").text)
        shown = page.find_all(".rows .pictures img")
        self.until(lambda: all(picture.get_property("complete") for picture in shown), "the photos are there")
        self.assertEqual([picture.get_property("naturalWidth") for picture in shown], [320, 320])
        return int(page.find("article").get_attribute("id").removeprefix("tweet_"))

    def follows_bob(self):
        page = self.chromium
        page.open(f"/api/users/{self.bob.id}/")
        page.press(f"#person_{self.bob.id} .control button")

        self.assertIn("Unfollow", page.find(f"#person_{self.bob.id} .control").text)
        self.assertIn("1 follower", page.find(f"#person_{self.bob.id}").text)
        page.follow("Followers")
        self.assertIn("alice_1", page.find(".rows").text)
        self.tasks_run()

    def likes_and_comments(self):
        page = self.chromium
        page.open("/api/")
        page.follow("Home")
        like = f"#tweet_{self.bob_tweet} .like"
        self.assertIn("Like", page.find(like).text)
        page.press(like)
        self.assertIn("Unlike", page.find(like).text)
        self.assertIn("1 like", page.find(f"#tweet_{self.bob_tweet}").text)
        # The hand stays on the button.
        self.assertEqual(page.driver.switch_to.active_element, page.find(like))

        page.turn_page(page.find(f"#tweet_{self.bob_tweet} .row-head time").click)
        page.send("#comment", content="Good morning, Bob!")
        page.follow("Edit or delete")
        page.send("#form_update", content="Good evening, Bob!")
        self.assertEqual(page.find("h1").text, "Tweet")
        self.assertIn("Good evening, Bob!", page.find("article[id^=comment]").text)
        self.assertIn("Liked by alice_1", page.text)

    def reads_the_feed(self, tweet_id):
        page = self.chromium
        page.turn_page(page.driver.find_element("link text", "Home").click)

        feed = [row.text for row in page.find_all(".rows > li .text")]
        self.assertEqual(feed, ["Hello with photos", "Good morning from Bob"])

    def reads_the_inbox(self):
        page = self.chromium
        page.follow("Inbox")
        self.assertIn("New", page.find(".is-unread").text)
        page.press(".is-unread .control button")
        self.assertFalse(page.find_all(".is-unread"))
        self.assertIn("Mark as unread", page.find(".control button").text)

        page.follow("Unread")
        self.assertFalse(page.find_all(".rows"))
        page.follow("Read")
        page.follow("liked your tweet")
        self.assertEqual(page.find(".is-head .text").text, "Hello with photos")

    def finds_bob_and_unfollows(self):
        page = self.chromium
        page.send(".search", q="BOBB")
        page.press(f"#person_{self.bob.id} .control button")

        self.assertEqual(page.find("h1").text, "Search")
        self.assertIn("Follow", page.find(f"#person_{self.bob.id} .control").text)


class UntouchedFilesTests(BrowserTestCase):
    def setUp(self):
        super().setUp()
        self.carol = self.browser()
        self.carol.signs_up("carol1")
        self.chromium.log_in("carol1", PASSWORD)

    def test_somebody_posts_text_alone(self):
        page = self.chromium
        page.open("/api/tweets/")

        page.send("#form_create", content="Words are enough")

        self.assertIn("Words are enough", page.find(".rows").text)
        self.assertFalse(page.find_all(".rows .pictures img"))

    def test_somebody_changes_a_nickname_and_keeps_the_avatar_until_it_is_removed(self):
        page = self.chromium
        address = f"/api/profiles/{UserProfile.objects.get(user_id=self.carol.id).id}/"
        page.open(address)
        page.send("#form_update", avatar=pictures("crimson"))
        avatar = self.carol.get(f"users/{self.carol.id}/").json()["avatar_url"]

        page.open(address)
        page.send("#form_update", nickname="Carol")
        kept = self.carol.get(f"users/{self.carol.id}/").json()
        file = self.nobody().client.get(avatar)
        page.open(address)
        page.find('#form_update [name="avatar_remove"]').click()
        page.send("#form_update")
        removed = self.carol.get(f"users/{self.carol.id}/").json()

        self.assertEqual((kept["nickname"], kept["avatar_url"], file.status_code), ("Carol", avatar, 200))
        self.assertEqual((removed["nickname"], removed["avatar_url"]), ("Carol", None))
        self.assertEqual(page.complaints(), [])


class LeavingTests(BrowserTestCase):
    def test_a_text_of_140_emoji_and_line_breaks_fits_and_is_stored_as_typed(self):
        self.browser().signs_up("carol1")
        alice = self.person("alice1")
        tweet_id, text = alice.tweets("What do you say?"), "😀" * 100 + "\nwords\n\n" + "🎉" * 32
        self.assertEqual(len(text), 140)
        page = self.chromium
        page.log_in("carol1", PASSWORD)
        page.open(f"/api/comments/?tweet_id={tweet_id}")

        page.type_anything('#form_create [name="content"]', text)
        page.send("#form_create")

        self.assertEqual(page.find("article .text").text, text)
        (comment,) = alice.get("comments/", tweet_id=tweet_id).json()["comments"]
        self.assertEqual(comment["content"], text)

    def test_somebody_closes_an_account_by_hand(self):
        self.browser().signs_up("carol1")
        page = self.chromium
        page.log_in("carol1", PASSWORD)
        page.open("/api/accounts/me/")

        page.send("#form_me", password="not this one")
        wrong = page.text
        page.send("#form_me", password=PASSWORD)

        self.assertIn("400 Bad Request", wrong)
        self.assertEqual(page.find("h1").text, "Pushfeed")
        self.assertNotIn("carol1", page.find(".site-bar").text)


class ModeratorTests(BrowserTestCase):
    def setUp(self):
        super().setUp()
        self.alice = self.person("alice1")
        self.tweet_id = self.post_photos("crimson", "gold", "navy")
        self.mallory = User.objects.create_user("modera1", "m@example.com", PASSWORD, is_staff=True)
        wanted = ["moderate", "view_tweetphoto", "view_tweet", "view_auditentry"]
        self.mallory.user_permissions.set(Permission.objects.filter(codename__in=wanted))

    def post_photos(self, *colours):
        files = [open(path, "rb") for path in pictures(*colours)]  # noqa: SIM115
        try:
            response = self.alice.client.post(
                "/api/tweets/", {"content": "Three photos", "files": files}, format="multipart"
            )
        finally:
            for file in files:
                file.close()
        self.assertEqual(response.status_code, 201, response.content)
        return response.json()["id"]

    def test_a_moderator_empties_the_queue(self):
        page = self.chromium
        page.open("/admin/")
        page.send("#login-form", username="modera1", password=PASSWORD)
        page.follow("Tweet photos")
        self.assertEqual(len(page.find_all(".photo-thumbnail")), 3)

        self.act(page, "reject", [1], reason="Not gold")
        self.assertIn("1 rejected.", page.text)
        self.act(page, "approve", [0, 1], reason="")
        self.assertIn("2 approved.", page.text)

        self.assertFalse(page.find_all(".photo-thumbnail"))
        self.assertEqual(page.complaints(), [])
        self.the_rejected_one_is_gone()
        page.open("/admin/moderation/auditentry/")
        self.assertIn("Not gold", page.text)

    def act(self, page, action, rows, *, reason):
        """
        Tick rows of the queue and let an action run on them.
        """
        boxes = page.find_all('input[name="_selected_action"]')
        for row in rows:
            boxes[row].click()
        page.fill_in("#changelist-form", action=action, reason=reason)
        page.turn_page(page.find("#changelist-form .actions button").click)

    def the_rejected_one_is_gone(self):
        rejected = TweetPhoto.objects.get(status=PhotoStatus.REJECTED)
        seen = self.nobody().get(f"tweets/{self.tweet_id}/").json()["photo_urls"]

        self.assertEqual(len(seen), 2)
        self.assertFalse([url for url in seen if rejected.key in url])
        self.assertEqual(self.nobody().client.get(f"/media/{rejected.key}").status_code, 404)


class OfflineTests(BrowserTestCase):
    def test_the_documentation_draws_itself_without_another_host_or_a_complaint(self):
        page = self.chromium
        for path, selector in (("/api/docs/", ".opblock"), ("/api/redoc/", "h1"), ("/api/", "h1"), ("/admin/", "form")):
            with self.subTest(path=path):
                page.open(path)

                self.until(lambda: page.find(selector).text, "it has drawn itself")  # noqa: B023
                hosts = page.driver.execute_script(
                    "return performance.getEntriesByType('resource').map(entry => new URL(entry.name).origin)"
                )
                self.assertLessEqual(set(hosts), {self.live_server_url, "null"})
                self.assertEqual(page.complaints(), [])

    def test_swagger_tries_a_route_out_with_a_token(self):
        token = self.browser().signs_up("carol1")
        page = self.chromium
        page.open("/api/docs/")
        page.find(".btn.authorize").click()
        scheme = '//h4[contains(., "bearerAuth")]/ancestor::div[contains(@class, "auth-container")]'
        self.until(lambda: page.driver.find_elements("xpath", scheme), "the dialogue opens")
        box = page.driver.find_element("xpath", scheme)
        box.find_element("css selector", "input").send_keys(token)
        box.find_element("css selector", "button.authorize").click()
        page.find(".btn-done").click()
        page.find("#operations-accounts-accounts_login_status .opblock-summary-control").click()
        page.find("#operations-accounts-accounts_login_status .try-out__btn").click()
        page.find("#operations-accounts-accounts_login_status .execute").click()

        response = page.find("#operations-accounts-accounts_login_status .live-responses-table .microlight").text

        self.assertIn("carol1", response)

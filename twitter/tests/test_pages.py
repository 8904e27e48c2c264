"""
The pages of this site: a form for each action with its fields only, links, and refusals beside their fields.
"""

import re
from html import unescape
from urllib.parse import quote, urldefrag, urlencode, urlsplit

from testing.people import PASSWORD
from testing.testcases import ApiTestCase
from twitter.pages import PageRenderer

HTML = {"HTTP_ACCEPT": "text/html"}
FORM = re.compile(r'<form class="page-form card" id="form_(\w+)".*?</form>', re.DOTALL)
FIELD = re.compile(r'<(?:input|textarea|select)[^>]* name="(\w+)"')
HREF = re.compile(r' href="([^"]*)"')
NAMES = re.compile(r"{(?:asked\[)?(\w+)")
LINK = re.compile(r'<a (?:class="\w+" )?href="([^"]+)"[^>]*>([^<]+)</a>')


class PageTestCase(ApiTestCase):
    def setUp(self):
        self.alice, self.bob = self.person("alice1"), self.person("bobby1")
        self.tweet_id = self.alice.tweets("Hello from Alice")
        self.comment_id = self.alice.post("comments/", tweet_id=self.tweet_id, content="First!").json()["id"]
        self.bob.follows(self.alice)
        self.tasks_run()
        self.notification_id = self.alice.get("notifications/").json()["results"][0]["id"]

    def page(self, path, who=None):
        return (who or self.alice).client.get(f"/api/{path}", **HTML).content.decode()

    def forms(self, page):
        """
        Return {action: [names of its fields]}, CSRF tokens aside.
        """
        return {
            match[1]: [name for name in FIELD.findall(match[0]) if name != "csrfmiddlewaretoken"]
            for match in FORM.finditer(page)
        }

    def links(self, page):
        return {title: unescape(address) for address, title in LINK.findall(page)}


class FormsTests(PageTestCase):
    def test_each_action_has_a_form_with_its_fields_and_no_other(self):
        like = ["content_type", "object_id"]
        for path, forms in {
            "accounts/signup/": {"signup": ["username", "email", "password"]},
            "accounts/login/": {"login": ["username", "password"]},
            "accounts/logout/": {"logout": []},
            "accounts/password/": {"password": ["old_password", "new_password"]},
            "accounts/me/": {"me": ["password"]},
            f"profiles/{self.alice.user.profile.id}/": {"update": ["nickname", "avatar", "avatar_remove"]},
            f"friendships/{self.bob.id}/follow/": {"follow": []},
            f"friendships/{self.bob.id}/unfollow/": {"unfollow": []},
            f"tweets/?user_id={self.alice.id}": {"create": ["content", "files"]},
            f"tweets/{self.tweet_id}/": {"destroy": []},
            f"comments/?tweet_id={self.tweet_id}": {"create": ["tweet_id", "content"]},
            f"comments/{self.comment_id}/": {"update": ["content"], "destroy": []},
            "likes/": {"create": like},
            "likes/cancel/": {"cancel": like},
            "reports/": {"create": [*like, "reason"]},
            "notifications/mark-all-as-read/": {"mark_all_as_read": []},
            f"notifications/{self.notification_id}/": {"update": ["unread"]},
        }.items():
            with self.subTest(path=path):
                self.assertEqual(self.forms(self.page(path)), forms)

    def test_several_photos_are_chosen_at_once(self):
        self.assertRegex(
            self.page(f"tweets/?user_id={self.alice.id}"), r'<input type="file"[^>]*name="files"[^>]*multiple'
        )

    def test_what_is_somebody_elses_has_no_form_to_change_it(self):
        for path in (f"tweets/{self.tweet_id}/", f"comments/{self.comment_id}/"):
            with self.subTest(path=path):
                self.assertEqual(self.forms(self.page(path, self.bob)), {})

    def test_nobody_is_told_to_log_in_first(self):
        page = self.page(f"comments/?tweet_id={self.tweet_id}", self.nobody())

        self.assertEqual(self.forms(page), {})
        self.assertIn(">log in</a> first", page)

    def test_a_form_begins_with_what_the_address_or_the_store_knows(self):
        like = self.page("likes/?content_type=comment&object_id=77")
        comment = self.page(f"comments/{self.comment_id}/")

        self.assertRegex(like, r'name="object_id"[^>]*value="77"')
        self.assertRegex(like, r'<option value="comment" selected ?>')
        self.assertRegex(comment, r'name="content"[^>]*>First!</textarea>')

    def test_an_address_cannot_type_a_password_in(self):
        self.assertNotIn("swordfish", self.forms_text(self.page("accounts/login/?password=swordfish")))

    def forms_text(self, page):
        return re.sub(r' action="[^"]*"', "", "".join(match[0] for match in FORM.finditer(page)))

    def test_limits_and_parameters_are_explained(self):
        page = self.page(f"tweets/?user_id={self.alice.id}")

        self.assertIn("At most 1/s and 5/m a caller.", page)
        for name in ("user_id", "limit", "cursor", "created_at__lt", "Idempotency-Key"):
            self.assertIn(f"<code>{name}</code>", page)


class RefusalsTests(PageTestCase):
    def send(self, path, **fields):
        return self.alice.client.post(f"/api/{path}", fields, format="multipart", **HTML).content.decode()

    def test_a_refusal_of_a_service_stands_beside_its_field_too(self):
        page = self.send("accounts/signup/", username="bobby1", email="other@example.com", password=PASSWORD)

        form = next(match[0] for match in FORM.finditer(page))
        self.assertRegex(form, r'<span class="help-block is-error"[^>]*>[^<]*has been occupied')
        self.assertIn('value="other@example.com"', form)

    def test_a_refusal_that_is_about_no_field_stands_on_top(self):
        for path, fields, text in (
            ("accounts/login/", {"username": "bobby1", "password": "wrong"}, "does not match"),
            (f"friendships/{self.alice.id}/follow/", {}, "You can not follow yourself"),
        ):
            with self.subTest(path=path):
                alert = re.search(r'<div class="alert is-error".*?</div>', self.send(path, **fields), re.DOTALL)

                self.assertIn(text, alert[0])

    def test_a_missing_parameter_stands_beside_its_field(self):
        page = self.send("likes/", content_type="tweet")

        self.assertRegex(page, r'<span class="help-block is-error"[^>]*>This field is required.</span>')


class LinksTests(PageTestCase):
    def test_pages_lead_to_what_belongs_to_them(self):
        for path, titles in {
            "": {"Home", "Write a tweet", "My page", "Inbox", "Swagger UI", "newsfeeds"},
            f"tweets/{self.tweet_id}/": {"All comments", "alice1", "Edit or delete"},
            f"users/{self.alice.id}/": {"Tweets", "Followers", "Followings", "Edit my profile"},
            f"profiles/{self.alice.user.profile.id}/": {"My page", "Change my password", "Close my account"},
            "newsfeeds/": {"Write a tweet"},
            "notifications/": {"All", "Unread", "Read", "followed you"},
            f"friendships/{self.alice.id}/followers/": {"Profile", "Tweets", "Followings"},
        }.items():
            with self.subTest(path=path):
                self.assertLessEqual(titles, set(self.links(self.page(path))))


class CrawlTests(PageTestCase):
    def test_no_link_leads_where_the_query_says(self):
        """
        Each name that a link is made of, and each page, with and without an error.
        """
        evil = "//evil.example/"
        templates = [link.address for links in PageRenderer.links.values() for link in links]
        names = {name for template in templates for name in NAMES.findall(template)}
        self.assertLessEqual({"comments_next", "id", "user_id", "tweet_id", "content_type", "object_id"}, names)
        query = urlencode(dict.fromkeys(sorted(names), evil))
        query += f"&trail={quote(evil)},{quote(evil)}&page=1"
        for path in (
            "", "tweets/1/", f"tweets/{self.tweet_id}/", "tweets/", "comments/", "likes/", "likes/cancel/",
            "newsfeeds/", "notifications/", "users/1/", f"users/{self.alice.id}/", "reports/", "accounts/login/",
            "profiles/1/", f"friendships/{self.alice.id}/followers/", "friendships/1/follow/",
        ):  # fmt: skip
            for word in (query, query.replace(quote(evil, safe=""), "evil")):
                with self.subTest(path=path, word=word[:40]):
                    page = self.page(f"{path}?{word}")

                    addresses = [unescape(address) for address in HREF.findall(page)]
                    self.assertTrue(addresses)
                    for address in addresses:
                        where = urlsplit(address)
                        self.assertIn(where.netloc, ("", "testserver"), address)
                        self.assertRegex(where.path, r"^/(api|api-auth|admin|static)(/|$)|^$")
                        self.assertNotIn("//", where.path)

    def test_every_link_begins_on_this_site_or_is_one_that_the_answer_holds(self):
        for links in PageRenderer.links.values():
            for link in links:
                self.assertTrue(link.address.startswith("/api/") or link.address == "{comments_next}", link)

    def test_no_box_counts_for_the_browser(self):
        """
        A browser's maxlength counts UTF-16 units: of 140 emoji it would take 70.
        """
        for path in (f"tweets/?user_id={self.alice.id}", f"comments/?tweet_id={self.tweet_id}", "newsfeeds/"):
            self.assertNotIn("maxlength", self.page(path))
        self.assertNotIn("maxlength", self.page(f"profiles/{self.alice.user.profile.id}/"))
        self.assertNotIn("maxlength", self.alice.client.get("/api-auth/login/", **HTML).content.decode())

    def test_every_page_that_can_be_reached_is_there(self):
        seen, ahead = set(), ["/api/"]
        while ahead:
            address = ahead.pop()
            if address in seen or not address.startswith("/api/"):
                continue
            seen.add(address)
            response = self.alice.client.get(address, **HTML)
            # A page that only takes writes is 405 and shows its form; one that wants to know whose is 400 and asks.
            self.assertIn(response.status_code, (200, 400, 405) if address != "/api/users/" else (403,), address)
            if response["Content-Type"].startswith("text/html"):
                ahead += [urldefrag(unescape(address))[0] for address in HREF.findall(response.content.decode())]

        self.assertGreater(len(seen), 20)

    def test_no_choice_has_more_options_than_a_person_reads(self):
        for path in (
            "likes/",
            "reports/",
            f"comments/?tweet_id={self.tweet_id}",
            f"notifications/{self.notification_id}/",
        ):
            with self.subTest(path=path):
                self.assertLessEqual(self.page(path).count("<option"), 3)

    def test_a_numbered_list_has_controls(self):
        self.crowd(3, following=self.alice)

        page = self.page(f"friendships/{self.alice.id}/followers/?page=2&size=2")

        self.assertIn('rel="prev"', page)
        self.assertNotIn('rel="next"', page)

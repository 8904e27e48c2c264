"""
Numbers of five thousand digits, which Python refuses to read, wherever a client may write one.
"""

import json
from urllib.parse import urlencode

from django.contrib import admin
from django.test import Client

from accounts.services import AccessTokenService
from testing.testcases import ApiTestCase

LONG = "9" * 5000


class LongNumbersTests(ApiTestCase):
    def setUp(self):
        self.user = self.person("alice1").user
        token = AccessTokenService.create_token(user=self.user)
        self.alice = Client(headers={"Authorization": f"Bearer {token}"})

    def assert_survives(self, response):
        self.assertLess(response.status_code, 500, response.content[:300])

    def test_in_the_address(self):
        friends = f"/api/friendships/{self.user.id}/followers/"
        timeline = f"/api/tweets/?user_id={self.user.id}"
        for address in (
            f"/api/tweets/?user_id={LONG}", f"/api/comments/?tweet_id={LONG}", f"/api/tweets/{LONG}/",
            f"{timeline}&limit={LONG}", f"{timeline}&cursor={LONG}", f"{timeline}&created_at__lt={LONG}",
            f"{timeline}&created_at__gt={LONG}-01-01T00:00:00Z", f"{friends}?page={LONG}", f"{friends}?size={LONG}",
            f"/api/notifications/?page={LONG}", f"/api/notifications/?unread={LONG}", f"/api/users/?page={LONG}",
        ):  # fmt: skip
            with self.subTest(address=address[:50]):
                self.assert_survives(self.alice.get(address))

    def test_in_a_body(self):
        bodies = {
            "/api/comments/": {"tweet_id": LONG, "content": "As I said"},
            "/api/likes/": {"content_type": "tweet", "object_id": LONG},
            "/api/reports/": {"content_type": "tweet", "object_id": LONG, "reason": "spam"},
            "/api/tweets/": {"content": "Hello world", f"files[{LONG}]": LONG},
        }
        for path, body in bodies.items():
            as_number = json.dumps(body).replace(f'"{LONG}"', LONG)
            for kind, text in (
                ("application/json", json.dumps(body)),
                ("application/json", as_number),
                ("application/x-www-form-urlencoded", urlencode(body)),
            ):
                with self.subTest(path=path, kind=kind):
                    self.assert_survives(self.alice.generic("POST", path, text, content_type=kind))

    def test_in_the_admin(self):
        root = Client()
        root.force_login(self.person("root_1", is_staff=True, is_superuser=True).user)
        for model in admin.site._registry:
            page = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
            for rest in (*(f"?{name}={LONG}" for name in ("q", "id", "p", "o", "user")), f"{LONG}/change/"):
                with self.subTest(page=page, rest=rest[:10]):
                    self.assert_survives(root.get(page + rest))

    def test_as_the_length_of_a_body(self):
        for length in (LONG, "-5", "abc", "1e3", "\u0661"):
            for path in ("/api/tweets/", "/admin/login/", "/api-auth/login/"):
                with self.subTest(length=length[:5], path=path):
                    response = self.alice.generic(
                        "POST", path, b"x=1", content_type="application/x-www-form-urlencoded", CONTENT_LENGTH=length
                    )

                    self.assert_refused(response, 413)

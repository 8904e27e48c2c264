"""
Every page for everybody, in a real Chromium: with a screen reader, on a phone, without scripts, in the dark.
"""

import os
from pathlib import Path

import pytest

from testing.browser import BrowserTestCase
from testing.people import PASSWORD

# What axe-core has to say: https://github.com/dequelabs/axe-core/blob/develop/doc/API.md
ASK_AXE = """
const done = arguments[arguments.length - 1];
axe.run(document).then((results) =>
  done(results.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join("; ")}`)));
"""
IS_TOO_WIDE = "return document.documentElement.scrollWidth > window.innerWidth"
HOSTS = "return performance.getEntriesByType('resource').map(entry => new URL(entry.name).origin)"


class EveryPageTestCase(BrowserTestCase):
    def setUp(self):
        super().setUp()
        self.alice = self.browser()
        self.alice.signs_up("alice1")
        bob = self.person("bobby1")
        bob.follows(self.alice)
        self.tweet_id = self.alice.tweets("Hello from Alice, " + "w" * 100)
        bob.post("likes/", content_type="tweet", object_id=self.tweet_id)
        bob.post("comments/", tweet_id=self.tweet_id, content="m" * 140)
        self.browser().signs_up("nobody_follows_this1")
        self.tasks_run()

    def pages(self):
        """
        Open every kind of page, first as a stranger, then as somebody new, then as Alice; yield the paths.
        """
        everybody = (
            "/api/",
            f"/api/users/{self.alice.id}/",
            f"/api/tweets/{self.tweet_id}/",
            "/api/users/search/?q=alice",
            "/api/accounts/signup/",
            "/api-auth/login/",
            "/api/tweets/",
            "/nowhere",
        )
        yield from self.opened(*everybody)
        self.chromium.log_in("nobody_follows_this1", PASSWORD)
        yield from self.opened("/api/newsfeeds/")
        self.chromium.driver.delete_all_cookies()
        self.chromium.log_in("alice1", PASSWORD)
        yield from self.opened(
            *everybody[:4],
            "/api/newsfeeds/",
            "/api/notifications/",
            f"/api/tweets/?user_id={self.alice.id}",
            f"/api/comments/?tweet_id={self.tweet_id}",
            f"/api/friendships/{self.alice.id}/followers/",
            f"/api/profiles/{self.alice.user.profile.id}/",
            "/api/accounts/me/",
            "/api/likes/",
            "/api/features/",
        )

    def opened(self, *paths):
        for path in paths:
            self.chromium.open(path)
            for details in self.chromium.find_all("details:not([open])"):
                self.chromium.driver.execute_script("arguments[0].open = true", details)
            yield path


@pytest.mark.axe
class AccessibilityTests(EveryPageTestCase):
    def test_axe_finds_nothing(self):
        axe = Path(os.environ["AXE"]).read_text()
        for colours in ("light", "dark"):
            self.chromium.driver.delete_all_cookies()
            self.chromium.prefer(colours)
            for path in self.pages():
                with self.subTest(path=path, colours=colours):
                    self.chromium.driver.execute_script(axe)

                    self.assertEqual(self.chromium.driver.execute_async_script(ASK_AXE), [])


class PhoneTests(EveryPageTestCase):
    def test_no_page_scrolls_sideways_or_asks_another_host_or_breaks_its_policy(self):
        page = self.chromium
        page.resize(360, 740)
        for path in self.pages():
            with self.subTest(path=path):
                self.assertFalse(page.driver.execute_script(IS_TOO_WIDE))
                self.assertLessEqual(set(page.driver.execute_script(HOSTS)), {self.live_server_url})
                self.assertEqual(page.complaints(), [])


class KeyboardTests(EveryPageTestCase):
    def test_the_first_tab_skips_the_bar(self):
        page = self.chromium
        page.log_in("alice1", PASSWORD)
        page.open("/api/notifications/")

        page.keys("\t")
        first = page.driver.switch_to.active_element.text
        page.keys("\n")

        self.assertEqual(first, "Skip to the content")
        self.assertEqual(page.driver.switch_to.active_element.get_attribute("id"), "main")


class WithoutScriptsTests(EveryPageTestCase):
    def test_controls_and_forms_work_and_come_back_to_their_page(self):
        page = self.chromium
        page.run_scripts(False)
        page.log_in("alice1", PASSWORD)
        page.open("/api/newsfeeds/")

        page.press(".like")
        self.assertIn("Unlike", page.find(".like").text)
        self.assertEqual(page.find("h1").text, "Home")

        page.open(f"/api/tweets/{self.tweet_id}/")
        page.send("#comment", content="By hand")
        self.assertIn("By hand", page.text)

        page.open("/api/notifications/")
        page.press(".above-rows button")
        self.assertFalse(page.find_all(".is-unread"))

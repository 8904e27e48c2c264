"""
The box on the home page to write a tweet in: a feature that is switched on by degrees.
"""

import re

from gatekeeper.services import GatekeeperService
from testing.testcases import ApiTestCase
from twitter.page_bodies import WRITE_FROM_HOME

HTML = {"HTTP_ACCEPT": "text/html"}
BOX = re.compile(r'<form class="write-box page-form card".*?action="([^"]+)".*?</form>', re.DOTALL)


class WriteFromHomeTests(ApiTestCase):
    def setUp(self):
        self.people = [self.person(f"person{number}") for number in range(12)]
        self.alice, self.bob = self.people[:2]

    def feature(self, **fields):
        with self.captureOnCommitCallbacks(execute=True):
            GatekeeperService.define(name=WRITE_FROM_HOME, **fields)

    def box(self, person, path="newsfeeds/"):
        return BOX.search(person.client.get(f"/api/{path}", **HTML).content.decode())

    def have_it(self):
        return {person.id for person in self.people if self.box(person)}

    def test_alice_who_is_allowed_has_it_and_bob_has_not(self):
        self.assertEqual(self.have_it(), set())

        self.feature(percentage=0, allowed=[self.alice.id])

        self.assertEqual(self.have_it(), {self.alice.id})
        self.assertEqual(self.alice.get("features/").json(), {WRITE_FROM_HOME: True})
        self.assertEqual(self.bob.get("features/").json(), {WRITE_FROM_HOME: False})

    def test_bob_who_is_denied_never_has_it(self):
        self.feature(percentage=100, denied=[self.bob.id])

        self.assertEqual(self.have_it(), {person.id for person in self.people} - {self.bob.id})

    def test_whoever_has_it_keeps_it_as_it_grows(self):
        had = set()
        for percentage in (0, 25, 50, 75, 100):
            self.feature(percentage=percentage)
            has = self.have_it()
            self.assertEqual(has, self.have_it())
            self.assertLessEqual(had, has)
            had = has

        self.assertEqual(len(had), len(self.people))

    def test_what_alice_writes_there_is_a_tweet(self):
        self.feature(percentage=100)
        address = self.box(self.alice)[1]

        page = self.alice.client.post(address, {"content": "Hello from home"}, format="multipart", **HTML)

        self.assertEqual((page.status_code, page["Location"]), (303, "/api/newsfeeds/"))
        self.assertIn("Hello from home", self.alice.client.get(page["Location"], **HTML).content.decode())

    def test_the_box_leaves_counting_to_the_server(self):
        self.feature(percentage=100)

        self.assertNotIn("maxlength", self.box(self.alice)[0])

    def test_it_is_on_the_home_page_alone(self):
        self.feature(percentage=100)

        for path in ("", f"users/{self.alice.id}/", f"tweets/?user_id={self.alice.id}"):
            self.assertIsNone(self.box(self.alice, path), path)
        self.assertIsNone(self.box(self.nobody()))

    def test_programs_get_what_they_always_got(self):
        before = self.alice.get("newsfeeds/").content
        self.feature(percentage=100)

        self.assertEqual(self.alice.get("newsfeeds/").content, before)

"""
Whatever hypothesis can think of as a body or a parameter: an answer of the contract, never a crash.
"""

import json
import string

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from testing.people import PersonClient
from testing.testcases import Steps

MANY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)

json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
moments = st.datetimes().map(str) | st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat())
words = st.text(string.ascii_letters + string.digits + "-_=.", max_size=24) | st.text(max_size=6)


class AnyInputTests(Steps, TestCase):
    def alice(self):
        """
        Make Alice anew for each example: the database was rolled back, the caches were not.
        """
        self.caches_are_lost()
        return self.person("alice1")

    @MANY
    @given(name=json_values, password=json_values, mail=json_values)
    def test_no_json_whatsoever_crashes_a_door(self, name, password, mail):
        client = PersonClient(raise_request_exception=False)
        body = {"username": name, "password": password, "email": mail}

        for path in ("signup", "login"):
            response = client.post(f"/api/accounts/{path}/", json.dumps(body), content_type="application/json")

            self.assertIn(response.status_code, (200, 201, 400), response.content)

    @MANY
    @given(content=json_values)
    def test_no_json_whatsoever_crashes_a_post(self, content):
        alice = self.alice()
        alice.client.raise_request_exception = False

        body = json.dumps({"content": content})
        response = alice.client.post("/api/tweets/", body, content_type="application/json")

        self.assertIn(response.status_code, (201, 400), response.content)
        if response.status_code == 201:
            self.assertTrue(6 <= len(response.json()["content"]) <= 140)

    @MANY
    @given(
        limit=st.none() | st.text(string.printable, max_size=6) | st.integers().map(str),
        cursor=st.none() | words,
        lt=st.none() | moments | words,
        gt=st.none() | moments | words,
        page=st.none() | st.integers().map(str) | words,
    )
    def test_no_parameter_whatsoever_crashes_a_list(self, limit, cursor, lt, gt, page):
        alice = self.alice()
        alice.client.raise_request_exception = False
        given = {"limit": limit, "cursor": cursor, "created_at__lt": lt, "created_at__gt": gt, "page": page}
        params = {name: value for name, value in given.items() if value is not None}

        for path in (f"friendships/{alice.id}/followers/", "newsfeeds/", f"tweets/?user_id={alice.id}"):
            response = alice.get(path, **params)

            self.assertIn(response.status_code, (200, 400, 404), response.content)

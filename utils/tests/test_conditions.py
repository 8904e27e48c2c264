"""
Conditions in plain SQL, and what MariaDB makes of them.
"""

import pytest

from friendships.models import Friendship
from testing.testcases import ApiTestCase
from utils.database.conditions import any_of


class AnyOfTests(ApiTestCase):
    def setUp(self):
        self.alice = self.person("alice1")
        self.fans = self.crowd(300, following=self.alice)

    def friendships(self, *fans):
        pairs = [(fan, self.alice.id) for fan in fans]
        return Friendship.objects.filter(any_of(("from_user_id", "to_user_id"), pairs))

    def test_it_finds_the_rows_that_are_there_and_no_others(self):
        nobody = self.fans[-1] + 1

        found = self.friendships(self.fans[0], self.fans[7], nobody).values_list("from_user_id", flat=True)

        self.assertEqual(set(found), {self.fans[0], self.fans[7]})
        self.assertFalse(self.friendships())
        self.assertEqual(self.friendships(*self.fans).exclude(from_user_id=self.fans[0]).count(), len(self.fans) - 1)

    @pytest.mark.stack
    def test_an_index_leads_to_them(self):
        plan = self.friendships(*self.fans[:3]).explain().split()

        self.assertIn("range", plan)

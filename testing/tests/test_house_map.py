"""
The map of the house: which folder imports from which.
"""

import pytest
from django.test import SimpleTestCase

from testing.house_map import DOCUMENTED, PICTURE, Arrow, arrows, draw

pytestmark = pytest.mark.embedded


class HouseMapTests(SimpleTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.arrows = arrows()

    def test_what_climbs_is_an_api_and_documented(self):
        climbing = {(arrow.importer, arrow.imported): arrow.upstairs for arrow in self.arrows if arrow.climbs}

        self.assertEqual(climbing, dict.fromkeys(DOCUMENTED, True))

    def test_no_other_arrow_between_two_folders_points_both_ways(self):
        pairs = {(arrow.importer, arrow.imported) for arrow in self.arrows}

        both_ways = {pair for pair in pairs if pair[::-1] in pairs and {pair, pair[::-1]}.isdisjoint(DOCUMENTED)}

        self.assertEqual(both_ways, set())

    def test_the_picture_in_the_docs_is_that_of_the_imports_as_they_are(self):
        self.assertEqual(PICTURE.read_text(), draw(self.arrows), "the imports have changed: make map")

    def test_what_climbs_is_drawn_in_red(self):
        self.assertIn("#cf222e", draw([Arrow("likes", "inbox", False)]))
        self.assertNotIn("#cf222e", draw([Arrow("inbox", "likes", False)]))

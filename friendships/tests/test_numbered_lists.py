"""
Followers and followings by page numbers, and what lists cost.
"""

from accounts.models import User
from friendships.tests.listing import BAD_LIMITS, ListTestCase
from testing.stack_hbase import FRIENDSHIPS_LOOK


class NumberedPageTests(ListTestCase):
    def test_page_answers_by_numbers(self):
        fan_ids = self.crowd(45, following=self.alice)

        pages = [self.page(page=number) for number in (1, 2, 3)]

        self.assertEqual(
            {name: value for name, value in pages[0].items() if name != "results"},
            {"total_results": 45, "total_pages": 3, "page_number": 1, "has_next_page": True},
        )
        self.assertEqual([self.ids(page) for page in pages], [fan_ids[:24:-1], fan_ids[24:4:-1], fan_ids[4::-1]])
        self.assertEqual([page["has_next_page"] for page in pages], [True, True, False])

    def test_size_makes_smaller_pages_and_no_larger_ones(self):
        fan_ids = self.crowd(25, following=self.alice)

        small, large = self.page(page=2, size=10), self.page(page=1, size=100)

        self.assertEqual((self.ids(small), small["total_pages"]), (fan_ids[14:4:-1], 3))
        self.assertEqual((len(large["results"]), large["total_pages"]), (20, 2))

    def test_the_first_page_of_nothing_is_a_page(self):
        expected = {"total_results": 0, "total_pages": 1, "page_number": 1, "has_next_page": False, "results": []}

        self.assertEqual(self.page(page=1), expected)

    def test_a_page_that_is_not_there_is_404(self):
        self.crowd(3, following=self.alice)

        for number in ("0", "2", "-1", "abc", "", "1.5", "１", "9" * 5000, str(2**63)):
            with self.subTest(page=number[:20]):
                body = self.assert_refused(self.nobody().get(self.path, page=number), 404)

                self.assertEqual(body["detail"], "Invalid page.")

    def test_a_bad_size_is_refused(self):
        for size in BAD_LIMITS:
            with self.subTest(size=size):
                self.assert_refused(self.nobody().get(self.path, page=1, size=size), 400, field="size")

    def test_followings_have_numbers_too(self):
        bob = self.person("bobby1")
        self.alice.follows(bob)

        page = self.page(path=f"friendships/{self.alice.id}/followings/", page=1)

        self.assertEqual((self.ids(page), page["total_results"]), ([bob.id], 1))


class CostTests(ListTestCase):
    def circle(self, size):
        """
        Return somebody with `size` followers, all of whom they follow back.
        """
        star = self.person(f"star_{User.objects.count()}")
        fan_ids = self.crowd(size, following=star)
        self.befriend((star.id, fan_id) for fan_id in fan_ids)
        return star

    def costs(self, viewer=None, **params):
        """
        Return the SQL queries of both lists of somebody, cold and warm, for 1, 20 and 100 people.

        Unless there is another `viewer`, it is they who ask.
        """
        counts = []
        for size in (1, 20, 100):
            star = self.circle(size)
            for side in ("followers", "followings"):
                self.caches_are_lost()
                (viewer or star).get("accounts/login_status/")
                path = f"friendships/{star.id}/{side}/"
                counts.append([self.count_queries(self.page, viewer or star, path, **params) for _ in "cw"])
        return counts

    def test_endless_pages_take_the_same_queries_for_one_and_for_a_hundred(self):
        # Cold: whose list, the rows, the people, and for somebody logged in whom they follow. Warm: the first two.
        self.assertEqual(self.costs(self.nobody(), limit=100), [[2 + FRIENDSHIPS_LOOK, 1 + FRIENDSHIPS_LOOK]] * 6)
        self.assertEqual(self.costs(limit=100), [[2 + 2 * FRIENDSHIPS_LOOK, 1 + FRIENDSHIPS_LOOK]] * 6)

    def test_numbered_pages_do_too(self):
        self.assertEqual(self.costs(self.nobody(), page=1), [[2 + FRIENDSHIPS_LOOK, 1 + FRIENDSHIPS_LOOK]] * 6)
        self.assertEqual(self.costs(page=1), [[2 + 2 * FRIENDSHIPS_LOOK, 1 + FRIENDSHIPS_LOOK]] * 6)

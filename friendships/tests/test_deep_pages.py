"""
Pages by number in a list that is longer than they reach.
"""

from unittest import mock

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User, UserProfile
from friendships.tests.test_lists import ListTestCase


class DeepPageTests(ListTestCase):
    """
    A list that is longer than pages by number reach; here they reach 40 rows.
    """

    def setUp(self):
        super().setUp()
        self.enterContext(mock.patch("friendships.services.MAX_NUMBERED_ROWS", 40))

    def get_page(self, number, **params):
        return self.nobody().get(self.path, page=number, **params)

    def test_the_pages_end_at_the_bound_and_the_total_is_the_counter(self):
        fan_ids = self.crowd(60, following=self.alice)
        self.count_followers(60)

        first, second = self.page(page=1), self.page(page=2)

        self.assertEqual(self.ids(first) + self.ids(second), fan_ids[:19:-1])
        self.assertEqual([page["total_results"] for page in (first, second)], [60, 60])
        self.assertEqual([page["total_pages"] for page in (first, second)], [2, 2])
        self.assertEqual([page["has_next_page"] for page in (first, second)], [True, False])
        self.assertEqual(self.assert_refused(self.get_page(3), 404)["detail"], "Invalid page.")

    def count_followers(self, number):
        UserProfile.objects.filter(user_id=self.alice.id).update(followers_count=number)

    def test_pages_are_full_whoever_is_hidden(self):
        fan_ids = self.crowd(60, following=self.alice)
        User.objects.filter(id__in=fan_ids[-5:]).update(suspended_at=timezone.now())

        first, second = self.page(page=1), self.page(page=2)

        self.assertEqual((self.ids(first), self.ids(second)), (fan_ids[54:34:-1], fan_ids[34:19:-1]))
        self.assertEqual((first["total_pages"], second["has_next_page"]), (2, False))

    def test_of_a_list_within_the_bound_the_total_is_who_is_seen(self):
        fan_ids = self.crowd(25, following=self.alice)
        User.objects.filter(id__in=fan_ids[:5]).update(suspended_at=timezone.now())
        self.count_followers(25)

        page = self.page(page=1)

        self.assertEqual((page["total_results"], page["total_pages"], len(page["results"])), (20, 1, 20))

    def test_nothing_is_counted_or_skipped_and_each_page_costs_the_same(self):
        self.crowd(60, following=self.alice)
        self.page(page=1)
        queries = []
        for number in (1, 2):
            with CaptureQueriesContext(connection) as captured:
                self.get_page(number)
            queries.append([query["sql"] for query in captured])

        self.assertEqual(queries[0], queries[1])
        rows = [sql for sql in queries[0] if "friendships_friendship" in sql]
        self.assertEqual([sql.endswith("LIMIT 41") for sql in rows], [True] * len(rows))
        for sql in queries[0]:
            self.assertNotRegex(sql, "COUNT|OFFSET")

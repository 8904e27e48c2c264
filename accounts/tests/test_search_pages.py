"""
The pages of a search and what they cost.
"""

from unittest import mock

from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User, UserProfile, search_key
from accounts.services import AccountService
from accounts.tests.searching import Searching
from testing.people import PASSWORD


class PagesTests(Searching):
    def test_ten_a_page_and_nobody_is_lost_or_repeated_however_many_share_a_rank(self):
        names = self.many(35)
        UserProfile.objects.filter(user__username__in=names[5:30]).update(followers_count=7)

        pages = self.all_pages("many")

        self.assertEqual([len(page) for page in pages], [10, 10, 10, 5])
        self.assertEqual(sorted(name for page in pages for name in page), names)

    def test_nobody_is_lost_or_repeated_when_numbers_of_followers_change_between_pages(self):
        names = self.many(150)
        shown, hidden = names[-1], names[0]

        def turn_around(page):
            # Who was first becomes last, and who is to come first; then the other way round.
            self.with_followers({shown: 0, hidden: 9_000} if page % 2 else {shown: 9_000, hidden: 0})
            self.with_followers(dict.fromkeys(names[40:60], 1_000 + page))

        self.assert_each_once(self.all_pages("many", between=turn_around), names)

    def test_everybody_of_more_than_a_thousand_is_reached_by_paging_on(self):
        names = self.many(1_100) + self.many(550, prefix="other", nickname="Many")

        pages = self.all_pages("many", between=lambda page: self.with_followers({names[page * 7]: 20_000 + page}))

        self.assert_each_once(pages, names)
        self.assertEqual(pages[0][0], "many01099")

    def test_who_is_found_by_both_names_and_who_shares_a_nickname_is_there_once(self):
        names = self.many(130, nickname="many") + self.many(130, prefix="other")
        UserProfile.objects.filter(user__username__startswith="other").update(nickname_key=search_key("Many"))

        self.assert_each_once(self.all_pages("many"), names)

    def test_who_is_suspended_between_two_pages_is_hidden_and_the_pages_stay_full(self):
        names = self.many(130)

        def suspend(page):
            if page == 1:
                for name in (names[-15], names[5], names[-1]):
                    AccountService.suspend(user=User.objects.get(username=name))

        pages = self.all_pages("many", between=suspend)

        # The first page had shown one of them.
        self.assert_each_once(pages, set(names) - {names[-15], names[5]})

    def test_a_page_that_is_just_full_is_the_last(self):
        self.many(20)

        self.assertEqual([len(page) for page in self.all_pages("many")], [10, 10])

    def test_as_many_as_are_ranked_are_all(self):
        for size, last in ((100, 10), (101, 1)):
            with self.subTest(size=size):
                prefix = f"many{size}_"
                names = self.many(size, prefix=prefix)

                pages = self.all_pages(prefix)

                self.assert_each_once(pages, names)
                self.assertEqual(len(pages[-1]), last)

    def test_next_is_an_address_that_keeps_what_was_asked(self):
        self.many(11, nickname="张")

        body = self.nobody().get("users/search/", q="张").json()

        self.assertRegex(body["next"], r"^http://testserver/api/users/search/\?q=%E5%BC%A0&cursor=[A-Za-z0-9_-]+$")

    def test_suspended_and_closed_people_are_hidden_and_pages_are_full_all_the_same(self):
        names = self.many(25)
        for name in names[-4:]:
            AccountService.suspend(user=User.objects.get(username=name))
        leaver = self.browser()
        leaver.signs_up("many99999")
        leaver.delete("accounts/me/", password=PASSWORD)

        pages = self.all_pages("many")

        self.assertEqual([len(page) for page in pages], [10, 10, 1])
        self.assertEqual(sorted(name for page in pages for name in page), names[:-4])
        self.assertEqual(self.looks_for("~deleted"), [])

    def test_staff_sees_the_suspended(self):
        alice, staff = self.person("alice1"), self.person("staff1", is_staff=True)
        AccountService.suspend(user=alice.user)

        self.assertEqual((self.looks_for("alice"), self.looks_for("alice", staff)), ([], ["alice1"]))

    def test_a_bad_cursor_is_refused(self):
        # Of an id that no column holds.
        self.assert_refused(
            self.nobody().get("users/search/", q="a", cursor="MC45OTk5OTk5OTk5OTk5OTk5OTk5Lg"), 400, "cursor"
        )
        for cursor in ("", "junk", "MS4xLjE=", "%", "MS4wMS4x", "x" * 5000, "\x00", "张", "OS4xLg", "MS4wMS4"):
            with self.subTest(cursor=cursor[:10]):
                self.assert_refused(self.nobody().get("users/search/", q="a", cursor=cursor), 400, "cursor")

    def test_a_search_for_nothing_is_refused(self):
        self.assert_refused(self.nobody().get("users/search/"), 400, "q")
        for text in ("", " ", "\t\n", "\x00", "x" * 201):
            with self.subTest(text=text[:5]):
                self.assert_refused(self.nobody().get("users/search/", q=text), 400, "q")

    def test_five_a_second_and_no_more(self):
        self.enterContext(self.settings(RATELIMIT_ENABLE=True))

        response = self.nobody().get("users/search/", q="a")

        self.assertEqual(settings.RATES["users.search"], ["5/s"])
        self.assertEqual((response["X-RateLimit-Limit"], response["X-RateLimit-Remaining"]), ("5", "4"))

    def test_the_limit_comes_before_the_input(self):
        self.enterContext(self.settings(RATELIMIT_ENABLE=True, RATES={**settings.RATES, "users.search": ["1/d"]}))
        self.nobody().get("users/search/", q="a")

        self.assert_refused(self.nobody().get("users/search/"), 429)


class CostTests(Searching):
    def plans(self, action):
        """
        Return how the database says that it answers each SELECT of an action.
        """
        explain = "EXPLAIN" if connection.vendor == "mysql" else "EXPLAIN QUERY PLAN"
        with CaptureQueriesContext(connection) as captured:
            action()
        plans = []
        with connection.cursor() as cursor:
            for query in captured:
                if query["sql"].startswith("SELECT"):
                    cursor.execute(f"{explain} {query['sql'].replace('%', '%%')}")
                    plans.append(" | ".join(" ".join(map(str, row)) for row in cursor.fetchall()))
        return plans

    def assert_by_index(self, plan, index):
        self.assertIn(index, plan)
        for sign in (" ALL ", "SCAN accounts_user |", "filesort", "TEMP B-TREE"):
            self.assertNotIn(sign, f"{plan} |")

    def test_each_query_goes_along_an_index(self):
        self.many(3_000)
        username = "username" if connection.vendor == "mysql" else "sqlite_autoindex_accounts_user_1"
        nobody = self.nobody()

        rare = self.plans(lambda: nobody.get("users/search/", q="many0012"))
        nickname = self.plans(lambda: nobody.get("users/search/", q="nick many0012"))
        # As many of them as the real numbers are of a million.
        with mock.patch.multiple("accounts.services.search", MAX_SEARCH_CANDIDATES=5, MAX_MOST_FOLLOWED=20):
            common = self.plans(lambda: nobody.get("users/search/", q="m"))

        self.assert_by_index(nickname[0], "profile_by_nickname")
        self.assert_by_index(rare[1], username)
        self.assert_by_index(common[2], "profile_by_followers")
        self.assert_by_index(self.plans_of_others("many02")[0], username)
        self.assert_by_index(self.plans_of_others("nick many02")[0], "profile_by_nickname")

    def plans_of_others(self, text):
        """
        Return the plans of a page behind those who are ranked.
        """
        following = f"/api/users/search/?q={text}"
        for _ in range(12):
            following = self.nobody().client.get(following).json()["next"]
        return self.plans(lambda: self.nobody().client.get(following))

    def test_the_number_of_queries_is_the_same_for_one_and_for_many(self):
        counts = []
        for more in (1, 9, 90):
            self.many(more, prefix=f"many{more}_")
            self.caches_are_lost()
            counts.append(self.count_queries(self.nobody().get, "users/search/", q="many"))

        self.assertEqual(counts, [3, 3, 3])

    def test_a_page_far_behind_costs_no_more_than_one_before(self):
        self.many(120)
        counts, following = [], "/api/users/search/?q=many"
        while following:
            self.caches_are_lost()
            counts.append(self.count_queries(self.nobody().client.get, following))
            following = self.nobody().client.get(following).json()["next"]

        # Who is left of the ranked, others by user name, others by nickname, records.
        self.assertLessEqual(max(counts), 4)

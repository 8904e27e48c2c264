"""
Looking for people by how their user name or nickname begins.
"""

from importlib import import_module
from unittest import mock

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User, UserProfile, search_key
from accounts.services import AccountService, SearchService
from friendships.services import FriendshipService
from testing.people import PASSWORD
from testing.testcases import ApiTestCase

USER = {"id", "username", "nickname", "avatar_url"}


class Searching(ApiTestCase):
    def looks_for(self, text, viewer=None, **params):
        """
        Return the user names of the first page.
        """
        response = (viewer or self.nobody()).get("users/search/", q=text, **params)
        self.assertEqual(response.status_code, 200, response.content)
        return [user["username"] for user in response.json()["results"]]

    def all_pages(self, text, between=None):
        """
        Return the user names of each page, by following `next` to the end; `between` happens after each page.
        """
        pages, following = [], f"/api/users/search/?q={text}"
        while following:
            body = self.nobody().client.get(following).json()
            self.assertEqual(body["has_next_page"], body["next"] is not None)
            pages.append([user["username"] for user in body["results"]])
            following = body["next"]
            if between:
                between(len(pages))
        return pages

    def assert_each_once(self, pages, names):
        self.assertEqual([len(page) for page in pages[:-1]], [10] * (len(pages) - 1))
        self.assertEqual(sorted(name for page in pages for name in page), sorted(names))

    def with_nickname(self, name, nickname):
        person = self.person(name)
        response = person.put(f"profiles/{person.user.profile.id}/", nickname=nickname)
        self.assertEqual(response.status_code, 200, response.content)
        return person

    def with_followers(self, followers):
        """
        Give people as many followers as `followers` says by their user name, without anybody behind them.
        """
        for name, count in followers.items():
            UserProfile.objects.filter(user__username=name).update(followers_count=count)

    def many(self, size, *, prefix="many", nickname="Nick"):
        """
        Make `size` people in bulk, of whom each has one follower more than the one before.
        """
        names = [f"{prefix}{number:05}" for number in range(size)]
        User.objects.bulk_create([User(username=name, email=f"{name}@example.com") for name in names])
        users = User.objects.filter(username__in=names).order_by("username")
        UserProfile.objects.bulk_create(
            UserProfile(user=user, followers_count=number, nickname=f"{nickname} {user.username}")
            for number, user in enumerate(users)
        )
        return names


class FindingTests(Searching):
    def test_somebody_is_found_by_how_the_user_name_begins_in_any_case(self):
        self.person("alice1"), self.person("bobby1")

        for text in ("a", "ali", "ALI", "Alice1", "ａｌｉ", " ali "):
            with self.subTest(text=text):
                self.assertEqual(self.looks_for(text), ["alice1"])

    def test_somebody_is_found_by_how_the_nickname_begins_in_any_case(self):
        for name, nickname, texts in (
            ("alice1", "Wonder Woman", ("w", "WONDER", "wonder w")),
            ("bobby1", "张伟", ("张", "张伟")),
            ("carol1", "さくら", ("さ", "さくら")),
            ("david1", "김민준", ("김", "김민")),
            ("erika1", "Ärztin", ("ä", "ÄRZT")),
            ("fanny1", "STRASSE", ("straß", "Strasse")),
            ("george1", "😀 smiles", ("😀",)),
            ("hannah1", "50%_\\", ("50%", "50%_", "50%_\\")),
        ):
            self.with_nickname(name, nickname)
            for text in texts:
                with self.subTest(nickname=nickname, text=text):
                    self.assertEqual(self.looks_for(text), [name])

    def test_the_middle_of_a_name_finds_nobody(self):
        self.with_nickname("alice1", "Wonder Woman")

        for text in ("lice1", "woman", "alice12", "wonder woman!", "alice1@example.com"):
            with self.subTest(text=text):
                self.assertEqual(self.looks_for(text), [])

    def test_what_only_looks_alike_or_means_something_in_sql_finds_nobody(self):
        self.with_nickname("alice1", "Zoe"), self.with_nickname("bobby1", "か"), self.with_nickname("carol1", "😀")

        in_sql = ("%", "_", "al%", "a_ice", "' OR 1=1 --", "~", "[a-z]", "*", "\\")
        for text in (*in_sql, "álice", "zoé", "が", "カ", "😁"):
            with self.subTest(text=text):
                self.assertEqual(self.looks_for(text), [])

    def test_a_name_that_matches_twice_is_there_once(self):
        self.with_nickname("alice1", "Alice the Great")

        self.assertEqual(self.looks_for("alice"), ["alice1"])

    def test_a_nickname_that_was_changed_or_removed_no_longer_finds(self):
        alice = self.with_nickname("alice1", "Wonder Woman")
        path = f"profiles/{alice.user.profile.id}/"

        alice.put(path, nickname="Queen")
        self.assertEqual((self.looks_for("wonder"), self.looks_for("queen")), ([], ["alice1"]))
        alice.put(path, nickname=None)
        self.assertEqual(self.looks_for("queen"), [])

    def test_a_long_nickname_is_found_by_all_of_it(self):
        self.with_nickname("alice1", "长" * 200)

        self.assertEqual(self.looks_for("长" * 200), ["alice1"])

    def test_an_answer_has_the_shape_of_users(self):
        self.with_nickname("alice1", "Wonder Woman")

        body = self.nobody().get("users/search/", q="alice").json()

        self.assertEqual(set(body), {"has_next_page", "next", "results"})
        self.assertEqual((body["has_next_page"], body["next"]), (False, None))
        self.assertEqual(set(body["results"][0]), USER)
        self.assertEqual(body["results"][0]["nickname"], "Wonder Woman")


class OrderTests(Searching):
    def test_the_very_name_comes_first_and_then_the_most_followed(self):
        for name in ("anna_1", "anna_12", "anna_123", "anna_1234"):
            self.person(name)
        self.with_followers({"anna_1": 0, "anna_12": 3, "anna_123": 70, "anna_1234": 8})

        self.assertEqual(self.looks_for("Anna_1"), ["anna_1", "anna_123", "anna_1234", "anna_12"])
        self.assertEqual(self.looks_for("anna"), ["anna_123", "anna_1234", "anna_12", "anna_1"])

    def test_following_somebody_moves_them_up(self):
        alice, bob = self.person("anna_1"), self.person("anna_2")

        self.assertEqual(self.looks_for("anna"), ["anna_1", "anna_2"])
        alice.follows(bob)
        self.assertEqual(self.looks_for("anna"), ["anna_2", "anna_1"])

    def test_where_more_people_share_a_beginning_than_are_ranked_the_famous_are_still_first(self):
        names = self.many(40)

        with mock.patch("accounts.services.search.MAX_SEARCH_CANDIDATES", 15):
            pages = self.all_pages("m")

        self.assertEqual(pages[0], names[::-1][:10])
        self.assertEqual(sorted(name for page in pages for name in page), names)


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


class SuggestionsTests(Searching):
    def names(self, records):
        return [record["username"] for record in records]

    def test_the_most_followed_whom_one_does_not_follow_yet(self):
        alice, bob, carol, david = (self.person(name) for name in ("alice1", "bobby1", "carol1", "david1"))
        self.with_followers({"alice1": 9, "bobby1": 5, "carol1": 7, "david1": 3})
        alice.follows(carol)

        self.assertEqual(self.names(FriendshipService.get_suggestions(viewer=alice.user)), ["bobby1", "david1"])
        AccountService.suspend(user=bob.user)
        self.assertEqual(self.names(FriendshipService.get_suggestions(viewer=alice.user)), ["david1"])

    def test_no_more_than_asked_for(self):
        names, alice = self.many(30), self.person("alice1")

        self.assertEqual(self.names(FriendshipService.get_suggestions(viewer=alice.user)), names[::-1][:10])
        self.assertEqual(self.names(SearchService.get_most_followed(viewer=alice.user, limit=3)), names[::-1][:3])


class MigrationTests(Searching):
    def test_profiles_from_before_get_their_keys_and_a_second_run_changes_nothing(self):
        names = self.many(25)
        UserProfile.objects.update(nickname_key="")
        migration = import_module("accounts.migrations.0005_fill_nickname_keys")
        self.assertEqual(self.looks_for("nick"), [])

        with mock.patch.object(migration, "BITE", 10):
            for _ in range(2):
                migration.fill(apps, mock.Mock(connection=connection))

                self.assertEqual(sorted(name for page in self.all_pages("nick") for name in page), names)

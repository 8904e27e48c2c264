"""
Looking for people by how their user name or nickname begins.
"""

from importlib import import_module
from unittest import mock

from django.apps import apps
from django.db import connection

from accounts.models import UserProfile
from accounts.services import AccountService, SearchService
from accounts.tests.searching import Searching
from friendships.services import FriendshipService

USER = {"id", "username", "nickname", "avatar_url"}


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

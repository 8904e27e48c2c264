"""
`manage.py load_graph`: real input.
"""

import gzip
import random
import tempfile
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User, UserProfile
from friendships.models import Friendship
from testing.testcases import ApiTestCase
from tweets.models import Tweet


class LoadGraphTestCase(ApiTestCase):
    def setUp(self):
        super().setUp()
        # Where HBase is in use, the copying of friendships waits for the leases of other processes. There are none.
        self.enterContext(self.settings(PHASE_SECONDS=0))

    def file(self, content, name="graph.txt"):
        path = Path(self.enterContext(tempfile.TemporaryDirectory())) / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def load(self, content, name="graph.txt", **options):
        """
        Load a file with this content; return what the command reports as wrong.
        """
        complaints = StringIO()
        call_command("load_graph", self.file(content, name), stdout=StringIO(), stderr=complaints, **options)
        return complaints.getvalue()

    def edges(self):
        return set(Friendship.objects.values_list("from_user_id", "to_user_id"))

    def everything(self):
        return (
            list(User.objects.order_by("id").values_list("id", "username", "email")),
            list(Friendship.objects.order_by("id").values_list("id", "from_user_id", "to_user_id")),
            list(UserProfile.objects.order_by("user_id").values_list("user_id", "followers_count", "followings_count")),
        )

    def assert_counters_are_true(self):
        for profile in UserProfile.objects.all():
            self.assertEqual(
                (profile.followers_count, profile.followings_count),
                (
                    Friendship.objects.filter(to_user=profile.user_id).count(),
                    Friendship.objects.filter(from_user=profile.user_id).count(),
                ),
                f"user {profile.user_id}",
            )


class LoadingTests(LoadGraphTestCase):
    def test_each_line_is_a_follow_and_each_number_a_user(self):
        complaints = self.load("11 12\n13 12\n12 11\n")

        self.assertEqual(complaints, "")
        self.assertEqual(self.edges(), {(11, 12), (13, 12), (12, 11)})
        self.assertEqual(
            dict(User.objects.values_list("id", "username")), {11: "user_11", 12: "user_12", 13: "user_13"}
        )
        self.assert_counters_are_true()

    def test_what_is_loaded_can_be_read_through_the_api(self):
        self.load("11 12\n13 12\n")

        user = self.nobody().get("users/12/").json()
        followers = self.nobody().get("friendships/12/followers/").json()["results"]

        self.assertEqual((user["username"], user["followers_count"], user["followings_count"]), ("user_12", 2, 0))
        self.assertEqual({row["user"]["id"] for row in followers}, {11, 13})

    def test_a_gzipped_file_is_as_good(self):
        self.load(gzip.compress(b"11 12\n13 12\n"), name="graph.txt.gz")

        self.assertEqual(self.edges(), {(11, 12), (13, 12)})

    def test_tabs_spaces_windows_line_ends_and_a_missing_last_one_are_no_trouble(self):
        complaints = self.load("11\t12\r\n  13   12  \n\n# a remark\n14 12")

        self.assertEqual(complaints, "")
        self.assertEqual(self.edges(), {(11, 12), (13, 12), (14, 12)})

    def test_a_line_that_stands_there_twice_counts_once(self):
        self.load("11 12\n11 12\n13 12\n11 12\n")

        self.assertEqual(UserProfile.objects.get(user_id=12).followers_count, 2)
        self.assert_counters_are_true()

    def test_bad_lines_are_reported_with_their_number_and_skipped(self):
        bad = {
            2: "garbage",
            3: "13",
            4: "14 14",
            5: "0 12",
            6: "-1 12",
            7: "1 2 3",
            8: "15 abc",
            9: "99999999999999999999 12",
            10: "\u0661\u0662 12",
            11: "1.5 12",
        }

        complaints = self.load("\n".join(["11 12", *bad.values(), "16 12"]))

        self.assertEqual(self.edges(), {(11, 12), (16, 12)})
        self.assertEqual(set(User.objects.values_list("id", flat=True)), {11, 12, 16})
        for number in bad:
            self.assertIn(f"line {number} skipped", complaints)
        self.assertEqual(complaints.count("skipped"), len(bad))

    def test_very_many_bad_lines_are_summed_up(self):
        complaints = self.load("11 12\n" + "junk\n" * 1000)

        self.assertLess(complaints.count("\n"), 30)
        self.assertIn("1000 lines were skipped", complaints)

    def test_a_file_that_is_not_there_is_named(self):
        with self.assertRaisesMessage(CommandError, "cannot read /nowhere/graph.txt"):
            call_command("load_graph", "/nowhere/graph.txt")

    def test_a_broken_archive_is_refused_with_words(self):
        whole = gzip.compress(b"11 12\n" * 5000)
        for content in (b"not gzipped at all", whole[:40], whole[:10] + b"\xff" * 30, whole[:-8] + b"\0" * 8):
            with self.subTest(content=content), self.assertRaisesMessage(CommandError, "cannot read"):
                self.load(content, name="graph.txt.gz")

        self.assertFalse(User.objects.exists())


class RepeatingTests(LoadGraphTestCase):
    def test_the_same_file_twice_has_the_same_result(self):
        graph = "11 12\n13 12\n12 11\n"
        self.load(graph)
        once = self.everything()

        self.load(graph)

        self.assertEqual(self.everything(), once)

    def test_a_run_that_was_interrupted_is_made_whole_by_the_next(self):
        User.objects.bulk_create([User(id=11, username="user_11", email="user_11@graph.invalid")])
        self.load("13 12\n")
        UserProfile.objects.filter(user_id=12).update(followers_count=0)

        self.load("11 12\n13 12\n12 11\n")

        self.assertEqual(self.edges(), {(11, 12), (13, 12), (12, 11)})
        self.assertEqual(UserProfile.objects.count(), 3)
        self.assert_counters_are_true()

    def test_a_second_graph_adds_to_the_first(self):
        self.load("11 12\n")

        self.load("12 14\n13 12\n")

        self.assertEqual(self.edges(), {(11, 12), (12, 14), (13, 12)})
        self.assert_counters_are_true()

    def test_a_number_that_belongs_to_somebody_else_is_left_out_and_said_so(self):
        alice = self.person("alice")

        complaints = self.load(f"{alice.id} 5000012\n5000011 {alice.id}\n5000011 5000012\n")

        self.assertIn(str(alice.id), complaints)
        self.assertEqual(self.edges(), {(5000011, 5000012)})
        self.assertEqual(User.objects.get(id=alice.id).username, "alice")

    def test_who_signs_up_afterwards_gets_a_number_of_their_own(self):
        self.load("11 12\n5000011 12\n")

        alice = self.person("alice")

        self.assertNotIn(alice.id, (11, 12, 5000011))
        alice.tweets()


class PasswordTests(LoadGraphTestCase):
    def log_in(self, username, password):
        return self.nobody().post("accounts/login/", username=username, password=password).status_code

    def test_with_a_password_everybody_can_log_in(self):
        self.load("11 12\n", password="graph-password")

        self.assertEqual(self.log_in("user_11", "graph-password"), 200)
        self.assertEqual(self.log_in("user_12", "graph-password"), 200)
        self.assertEqual(self.log_in("user_12", "another-password"), 400)

    def test_without_one_nobody_can(self):
        self.load("11 12\n")

        self.assertEqual(self.log_in("user_11", ""), 400)
        self.assertEqual(self.log_in("user_11", "None"), 400)

    def test_a_second_run_can_give_one(self):
        self.load("11 12\n")

        self.load("11 12\n", password="graph-password")

        self.assertEqual(self.log_in("user_11", "graph-password"), 200)


class HeavyTailedTests(LoadGraphTestCase):
    def test_a_graph_like_real_ones_is_loaded_to_the_last_edge(self):
        dice = random.Random(88)
        edges = set()
        while len(edges) < 6000:
            follower, followee = dice.randint(1000, 3000), 1000 + int(dice.paretovariate(0.8))
            if follower != followee:
                edges.add((follower, followee))

        complaints = self.load("".join(f"{a} {b}\n" for a, b in edges))

        self.assertEqual(complaints, "")
        self.assertEqual(self.edges(), edges)
        most = UserProfile.objects.order_by("-followers_count").first()
        self.assertGreater(most.followers_count, 500)
        self.assertEqual(most.followers_count, sum(1 for _, followee in edges if followee == most.user_id))
        self.assertFalse(Tweet.objects.exists())

    @pytest.mark.filterwarnings("error")
    def test_loading_costs_a_number_of_queries_that_hardly_grows(self):
        small = "".join(f"{number} 9001\n" for number in range(1000, 1010))
        large = "".join(f"{number} 9001\n" for number in range(1000, 2000))

        counts = [self.count_queries(self.load, small), self.count_queries(self.load, large)]

        self.assertLess(counts[1], counts[0] + 30)

"""
The feed laboratory: its trace, what it finds, what it reports, and that an interrupted run goes on.
"""

import gzip
import json
import tempfile
from io import StringIO
from pathlib import Path
from unittest import mock

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import SimpleTestCase, override_settings

from newsfeeds.lab import graph, trace
from newsfeeds.lab.costs import Cost, Result, Spread, Summary, choose, find_crossovers, measured
from newsfeeds.lab.player import Player, check_pages, play
from newsfeeds.lab.processes import Laboratory
from newsfeeds.management.commands.lab import describe_commit
from newsfeeds.models import NewsFeed
from newsfeeds.services.strategies import STRATEGIES
from testing.testcases import ApiTestCase

SMALL = ("--readers=6", "--history=3", "--posts=4", "--mix=2", "--repeats=1", "--pages=5")


def small_trace():
    return trace.record(graph.generate(readers=6, seed=2010), history=3, posts=4, mix=2.0, seed=2010)


def lab(*arguments):
    """
    Return what the command says, its complaint included, and whether it failed.
    """
    output = StringIO()
    try:
        call_command("lab", *SMALL, *arguments, stdout=output, stderr=StringIO())
    except CommandError as error:
        return f"{output.getvalue()}{error}", True
    return output.getvalue(), False


class TraceTests(SimpleTestCase):
    def test_the_same_seed_gives_the_same_trace_and_another_seed_another(self):
        again = trace.Trace.from_json(small_trace().to_json())

        other = trace.record(graph.generate(readers=6, seed=2010), history=3, posts=4, mix=2.0, seed=2011)

        self.assertEqual(again, small_trace())
        self.assertEqual(again.digest, small_trace().digest)
        self.assertNotEqual(other.digest, again.digest)

    def test_nobody_does_what_is_not_possible(self):
        recorded = trace.record(graph.generate(readers=30, seed=1), history=10, posts=200, mix=1, seed=1)

        following, posts = set(recorded.edges), dict(enumerate(recorded.history))
        for kind, user_id, target in recorded.acts:
            match kind:
                case trace.POST:
                    posts[len(posts)] = user_id
                case trace.FOLLOW:
                    self.assertNotIn((user_id, target), following)
                    self.assertNotEqual(user_id, target)
                    following.add((user_id, target))
                case trace.UNFOLLOW:
                    following.remove((user_id, target))
                case trace.DELETE:
                    self.assertEqual(posts[target], user_id)
                    posts[target] = None
        self.assertEqual(len(posts), 210)
        self.assertEqual(recorded.count()["read"], 200)

    def test_some_readers_return_only_at_the_end(self):
        recorded = trace.record(graph.generate(readers=30, seed=1), history=0, posts=100, mix=10, seed=1)

        reads = [act.user_id for act in recorded.acts if act.kind == trace.READ]
        early, late = set(reads[: len(reads) // 2]), set(reads[len(reads) // 2 :])

        self.assertGreaterEqual(len(late - early), 5)

    def test_a_graph_is_read_from_a_plain_and_from_a_gzipped_file(self):
        with tempfile.TemporaryDirectory() as folder:
            plain, zipped = Path(folder, "edges.txt"), Path(folder, "edges.txt.gz")
            plain.write_text("# who follows whom\n1 2\n3 2\n2 2\n1 2\n3 1\n")
            zipped.write_bytes(gzip.compress(plain.read_bytes()))

            self.assertEqual(graph.read(plain, readers=10), [(1, 2), (3, 1), (3, 2)])
            self.assertEqual(graph.read(zipped, readers=10), [(1, 2), (3, 1), (3, 2)])
            self.assertEqual(graph.read(plain, readers=1), [(3, 1), (3, 2)])
            with self.assertRaises(graph.UnreadableGraph):
                graph.read(Path(folder, "none.txt"), readers=1)


# As the laboratory's own processes do: in MySQL alone.
@override_settings(FEED_STRATEGY="push", HBASE={**settings.HBASE, "HOST": ""})
class PlayTests(ApiTestCase):
    def setUp(self):
        self.alice, self.bob, self.carol = (self.person(name) for name in ("alice", "bob", "carol"))
        for follower in (self.bob, self.carol):
            follower.follows(self.alice)
        self.tasks_run()
        edges = [(self.bob.id, self.alice.id), (self.carol.id, self.alice.id)]
        self.player = Player(trace.Trace(1, 1.0, edges), Result("push", 1))

    def plays(self, *acts):
        with self.captureOnCommitCallbacks(execute=True):
            self.player.play([trace.Act(*act) for act in acts])

    def test_a_post_of_alice_costs_a_row_for_each_of_her_followers_and_her_own(self):
        self.plays(("post", self.alice.id), ("read", self.bob.id))

        (post,), (read,) = self.player.result.posts, self.player.result.reads
        self.assertEqual((post.size, post.rows), (2, 3))
        self.assertEqual(read.size, 1)
        self.assertTrue(post.round_trips > 3 and post.cpu_ms > 0, post)

    def test_pages_are_as_defined_after_every_kind_of_act(self):
        self.plays(
            *[("post", self.alice.id)] * 30,
            ("delete", self.alice.id, 3),
            ("unfollow", self.bob.id, self.alice.id),
            ("follow", self.bob.id, self.carol.id),
            ("post", self.carol.id),
            ("read", self.bob.id),
        )

        check_pages(self.player, pages=20, seed=1)

        self.assertEqual((self.player.result.pages, self.player.result.differences), (20, 0))

    def test_posts_of_the_history_are_there_and_cost_nothing(self):
        self.player.trace.history.extend([self.alice.id, self.bob.id])

        with self.captureOnCommitCallbacks(execute=True):
            self.player.post_history()
        self.plays(("delete", self.alice.id, 0))
        check_pages(self.player, pages=20, seed=1)

        self.assertEqual(self.player.result.posts, [])
        self.assertEqual(self.player.read(self.bob.id, before=None), self.player.tweet_ids[1:])
        self.assertEqual(self.player.result.differences, 0)

    def test_a_row_that_is_missing_is_found(self):
        self.plays(*[("post", self.alice.id)] * 3)
        NewsFeed.objects.filter(user_id=self.bob.id, tweet_id=self.player.tweet_ids[0]).delete()
        self.caches_are_lost()

        check_pages(self.player, pages=40, seed=1)

        self.assertGreater(self.player.result.differences, 0)

    def test_a_row_too_many_is_found(self):
        self.plays(*[("post", self.alice.id)] * 3)
        NewsFeed.objects.create(user_id=self.bob.id, tweet_id=self.carol.tweets())
        self.caches_are_lost()

        check_pages(self.player, pages=40, seed=1)

        self.assertGreater(self.player.result.differences, 0)

    def test_pull_shows_what_is_posted_without_a_row_for_a_follower(self):
        with override_settings(FEED_STRATEGY="pull"):
            self.player.reconcile_authors()
            self.plays(("post", self.alice.id), ("read", self.bob.id))
            check_pages(self.player, pages=20, seed=1)
            page = self.player.read(self.bob.id, before=None)

        self.assertEqual(self.player.result.posts[0].rows, 1)
        self.assertEqual(page, self.player.tweet_ids)
        self.assertEqual(self.player.result.differences, 0)

    # MariaDB commits before it measures a table, and the next strategy has to begin with the same graph.
    @mock.patch("newsfeeds.lab.player.stored_bytes", lambda: 4096)
    @override_settings(FEED_PULL_THRESHOLD=1)
    def test_a_whole_play_shows_every_page_as_defined_by_each_strategy(self):
        recorded = trace.record(self.player.trace.edges, history=6, posts=8, mix=3.0, seed=1)
        for strategy in STRATEGIES:
            with self.subTest(strategy=strategy), self.settings(FEED_STRATEGY=strategy), transaction.atomic():
                with self.captureOnCommitCallbacks(execute=True):
                    result = play(recorded, repeat=1, pages=20)
                transaction.set_rollback(True)
            self.caches_are_lost()
            self.assertEqual((result.pages, result.differences, len(result.posts)), (20, 0, 8))

    def test_each_statement_is_a_round_trip(self):
        with measured(Cost(size=0)) as cost, connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.execute("SELECT 2")

        self.assertEqual(cost.round_trips, 2)


class CommandTests(SimpleTestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.output = Path(folder.name, "lab")
        override = override_settings(DATA_DIR=Path(folder.name))
        override.enable()
        self.addCleanup(override.disable)

    def result(self, strategy, **fields):
        return Result(
            strategy,
            1,
            posts=[Cost(1, 3.0, 0.02, 9, 2), Cost(5, 7.0, 0.05, 11, 6)],
            reads=[Cost(2, 1.0, 0.001, 3)],
            stored_rows=8,
            stored_bytes=4096,
            pages=5,
            **fields,
        )

    def finished(self, *results):
        """
        Leave what an interrupted run has finished.
        """
        laboratory = Laboratory.of(small_trace(), pages=5, pull_threshold=100, commit=describe_commit())
        laboratory.prepare()
        for result in results:
            laboratory.save(result)
        return laboratory

    def test_what_an_interrupted_run_has_finished_is_not_played_again(self):
        laboratory = self.finished(self.result("pull"), self.result("push"))

        words, failed = lab("--strategies", "pull", "push", f"--output={self.output}")

        self.assertFalse(failed, words)
        self.assertIn(small_trace().digest, words)
        written = json.loads((self.output / "report.json").read_text())
        self.assertEqual([one["figures"]["stored_bytes"]["median"] for one in written["strategies"]], [4096, 4096])
        self.assertFalse(laboratory.folder.exists())

    def test_the_report_says_the_same_in_both_languages(self):
        self.finished(self.result("push"))

        lab("--strategies", "push", f"--output={self.output}")

        english, chinese = ((self.output / name).read_text() for name in ("report.md", "report.zh-CN.md"))
        for text, suffix in ((english, ""), (chinese, ".zh-CN")):
            self.assertIn(small_trace().digest, text)
            self.assertIn(describe_commit(), text)
            self.assertNotIn("$", text)
            for name in ("totals", "posts", "reads", "freshness", "storage"):
                picture = f"{name}{suffix}.svg"
                self.assertIn(f"({picture})", text)
                self.assertTrue((self.output / picture).read_text().startswith("<?xml"))
        self.assertIn("Which strategy for this graph", english)
        self.assertIn("这张关注图该选哪种策略", chinese)
        self.assertEqual(english.count("\n|"), chinese.count("\n|"))
        self.assertEqual(english.count("\n#"), chinese.count("\n#"))

    def test_one_page_that_differs_fails_the_run_and_is_in_the_report(self):
        self.finished(self.result("pull", differences=1), self.result("push"))

        words, failed = lab("--strategies", "pull", "push", f"--output={self.output}")

        self.assertTrue(failed)
        self.assertIn("1 of pull", words)
        self.assertIn("| pull | 5 | 1 |", (self.output / "report.md").read_text())
        self.assertEqual(json.loads((self.output / "report.json").read_text())["choice"], "push")

    def test_a_play_that_would_empty_somebody_elses_redis_is_refused(self):
        laboratory = self.finished()

        with override_settings(REDIS_URL="redis://127.0.0.1:1/0"), self.assertRaises(CommandError) as refused:
            call_command("lab_play", "1", str(laboratory.folder), "--pages=5")

        self.assertIn("may be emptied", str(refused.exception))

    def test_sizes_that_make_no_sense_are_refused(self):
        for sizes in ("--readers=1", "--posts=0", "--repeats=0", "--pages=0", "--mix=-1"):
            with self.subTest(sizes):
                self.assertTrue(lab(sizes)[1])


class ArithmeticTests(SimpleTestCase):
    def summary(self, strategy, post, read, *, per_follower=0.0, per_followee=0.0, differences=0):
        figures = {name: Spread(value, value, value) for name, value in (("post_cpu_ms", post), ("read_cpu_ms", read))}
        return Summary(strategy, figures, {}, per_follower, per_followee, 10, 5, 100, differences)

    def test_where_two_strategies_cost_the_same_and_where_feeding_frenzy_expects_it(self):
        pull, push = self.summary("pull", 2, 3, per_followee=0.4), self.summary("push", 22, 1, per_follower=2)

        (crossover,) = find_crossovers([push, pull])

        self.assertEqual((crossover.below, crossover.above), ("pull", "push"))
        self.assertEqual((crossover.reads_per_post, crossover.predicted), (10, 10))
        self.assertEqual(pull.total_cpu_ms(10), push.total_cpu_ms(10))

    def test_the_cheapest_at_the_mix_is_chosen_and_never_one_that_differs(self):
        pull, push = self.summary("pull", 2, 3), self.summary("push", 22, 1)
        wrong = self.summary("hybrid_edge", 1, 1, differences=1)

        self.assertIs(choose([push, pull, wrong], 5), pull)
        self.assertIs(choose([push, pull, wrong], 50), push)
        self.assertIsNone(choose([wrong], 5))

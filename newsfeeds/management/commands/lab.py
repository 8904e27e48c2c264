"""
The feed laboratory: what each strategy costs, measured on one trace.
"""

import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from newsfeeds.lab import graph, trace
from newsfeeds.lab.costs import Result, Summary, choose, summarise
from newsfeeds.lab.processes import Laboratory, PlayFailed
from newsfeeds.lab.report import Run, write
from newsfeeds.services.strategies import STRATEGIES

SEED = 2010


class Command(BaseCommand):
    help = (
        "Plays one trace through the real services once per strategy, each in a process and a database of its own, and "
        "writes a report. Exit code 1 where a page differs from the definition of feeds. An interrupted run goes on."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="lines `A B`: A follows B; without it one is generated")
        parser.add_argument("--readers", type=int, default=500, metavar="N", help="people who read (500)")
        parser.add_argument("--history", type=int, default=500, metavar="N", help="posts that are there before (500)")
        parser.add_argument("--posts", type=int, default=150, metavar="N", help="posts of the trace (150)")
        parser.add_argument("--mix", type=float, default=10, metavar="X", help="reads per post (10)")
        parser.add_argument(
            "--strategies", nargs="+", choices=list(STRATEGIES), default=list(STRATEGIES), metavar="NAME"
        )
        parser.add_argument("--repeats", type=int, default=5, metavar="N", help="plays of each strategy (5)")
        parser.add_argument("--pages", type=int, default=10_000, metavar="N", help="pages checked a strategy (10,000)")
        parser.add_argument(
            "--pull-threshold", type=int, default=100, metavar="N", help="FEED_PULL_THRESHOLD of hybrid_threshold (100)"
        )
        parser.add_argument("--seed", type=int, default=SEED, help=f"what chance begins with ({SEED})")
        parser.add_argument("--output", type=Path, default=Path(settings.BASE_DIR, "docs", "lab"), metavar="FOLDER")

    def handle(self, *, file: Path | None, strategies: list[str], repeats: int, output: Path, **options: Any) -> None:
        least = min(options["readers"] - 1, options["posts"], repeats, options["pages"])
        if least < 1 or min(options["history"], options["mix"]) < 0:
            raise CommandError("There must be two readers, and a post, a repeat and a page at least.")
        started = time.monotonic()
        recorded = self.record(file, **options)
        self.stdout.write(f"trace {recorded.digest}, seed {recorded.seed}, {len(recorded.acts):,} acts")
        commit = describe_commit()
        pages = -(-options["pages"] // repeats)
        laboratory = Laboratory.of(recorded, pages=pages, pull_threshold=options["pull_threshold"], commit=commit)
        results = self.play(laboratory, strategies, repeats)
        summaries = [summarise([one for one in results if one.strategy == name]) for name in strategies]
        run = Run(
            command=shlex.join(["manage.py", *named(sys.argv[1:], file)]),
            commit=commit,
            profile=settings.PROFILE,
            graph=file.name if file else "generated",
            repeats=repeats,
            seconds=time.monotonic() - started,
        )
        write(output, run, recorded, summaries)
        laboratory.clear()
        self.conclude(summaries, recorded.mix, output)

    def record(self, file: Path | None, *, readers: int, seed: int, **options: Any) -> trace.Trace:
        sizes = {name: options[name] for name in ("history", "posts", "mix")}
        try:
            edges = graph.read(file, readers=readers) if file else graph.generate(readers=readers, seed=seed)
        except graph.UnreadableGraph as error:
            raise CommandError(str(error)) from error
        return trace.record(edges, **sizes, seed=seed)

    def play(self, laboratory: Laboratory, strategies: list[str], repeats: int) -> list[Result]:
        results = laboratory.run(strategies, repeats=repeats)
        try:
            return list(tqdm(results, total=len(strategies) * repeats, desc="playing", unit=" plays"))
        except PlayFailed as error:
            raise CommandError(str(error)) from error

    def conclude(self, summaries: list[Summary], mix: float, output: Path) -> None:
        self.stdout.write(f"written to {output}")
        if different := [f"{one.differences} of {one.strategy}" for one in summaries if one.differences]:
            raise CommandError(f"pages differ from the definition of feeds: {', '.join(different)}")
        if chosen := choose(summaries, mix):
            self.stdout.write(f"no page differs; for this graph and {mix:g} reads per post: {chosen.strategy}")


def named(arguments: list[str], file: Path | None) -> list[str]:
    """
    Return the arguments as the report shows them: the file by its name, whatever folder it was in.
    """
    return [file.name if file and argument == str(file) else argument for argument in arguments]


def describe_commit() -> str:
    """
    Return the short id of the commit, with a + where files differ from it; "unknown" outside a repository.
    """
    command = ["git", "-C", str(settings.BASE_DIR), "describe", "--always", "--exclude=*", "--dirty=+"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return "unknown"

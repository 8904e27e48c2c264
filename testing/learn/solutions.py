"""
Run the solutions of all exercises, or of those whose names are given (`01-a`): each alone, in a copy of the project.

A solution is a diff. The text above its first line is its answer and the tests that show it:

    Passes: path, or path::Class::test     passes with the solution, embedded
    Fails: path::Class::test               fails with it; that is the point of the exercise
    Passes on the stack: …, Fails on HBase: …

Those are run that say something of the profile in which this runs, and of its store.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from testing.learn import pages

CLAIM = re.compile(r"^(Passes|Fails)(?: on (the stack|HBase))?: (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Claim:
    """
    What a solution says of one test.

    :param place: where: "" embedded, "the stack", or "HBase" for a stack with feeds in HBase.
    """

    test: str
    fails: bool
    place: str

    def is_among(self, failed: list[str]) -> bool:
        parts = (f"{self.test}::", f"{self.test}[")
        return any(name == self.test or name.startswith(parts) for name in failed)


@dataclass(frozen=True, slots=True)
class Solution:
    """
    The diff that solves an exercise.
    """

    path: Path

    @property
    def answer(self) -> str:
        """
        Return what stands above the diff.
        """
        return self.path.read_text().partition("diff --git ")[0]

    @property
    def claims(self) -> list[Claim]:
        return [Claim(test, verb == "Fails", place) for verb, place, test in CLAIM.findall(self.answer)]

    def tests(self, place: str = "") -> list[str]:
        """
        Return the names of the tests of which it says something there.
        """
        return [claim.test for claim in self.claims if claim.place == place]

    def check(self, copy: Path, *, place: str = "") -> list[str]:
        """
        Apply the diff to a copy of the project, run its tests, take it back; return what is not as it claims.
        """
        if not (tests := self.tests(place)):
            return []
        apply(self.path, copy)
        try:
            failed = failing_tests(tests, copy, place=place)
        finally:
            apply(self.path, copy, "--reverse")
        return [
            f"{self.path.name}: {claim.test} should {'fail' if claim.fails else 'pass'}"
            for claim in self.claims
            if claim.place == place and claim.fails != claim.is_among(failed)
        ]


def solutions() -> list[Solution]:
    return [Solution(path) for path in sorted(pages.LEARN.glob("solutions/*.diff"))]


def copy_project(folder: str) -> Path:
    """
    Return a copy of the project without data and hidden files, in `folder`.
    """
    copy = Path(folder) / "project"
    shutil.copytree(pages.ROOT, copy, ignore=shutil.ignore_patterns(".*", "var", "__pycache__", "screenshots"))
    return copy


def apply(diff: Path, copy: Path, *options: str) -> None:
    """
    :raises subprocess.CalledProcessError: it does not apply.
    """
    subprocess.run(["git", "apply", *options, diff], cwd=copy, capture_output=True, check=True)


def failing_tests(tests: list[str], copy: Path, *, place: str = "") -> list[str]:
    """
    Return the names of those that fail, one process for all.

    :raises RuntimeError: not all of them could be run.
    """
    embedded = {"PATH": os.environ["PATH"], "PROFILE": "embedded"}
    environment = (os.environ if place else embedded) | {"DATA_DIR": str(copy / "var")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    run = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    if run.returncode > 1:
        raise RuntimeError(run.stdout + run.stderr)
    return re.findall(r"^(?:SUB)?FAILED.*? (\S+::\S+)", run.stdout, re.MULTILINE)


def main() -> int:
    place = ""
    if os.environ.get("PROFILE") == "stack":
        place = "HBase" if os.environ.get("STORE") == "hbase" else "the stack"
    chosen = [each for each in solutions() if len(sys.argv) == 1 or each.path.stem in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as folder:
        copy = copy_project(folder)
        found = [words for each in tqdm(chosen, leave=False) for words in each.check(copy, place=place)]
    sys.stdout.write("\n".join([*found, f"{len(chosen)} solutions, {len(found)} are not as they say.", ""]))
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())

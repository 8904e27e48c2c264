"""
The chapters of docs/learn are as the project is, and their exercises can be solved.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from django.test import SimpleTestCase

from testing.learn import pages
from testing.learn.basics import BASICS
from testing.learn.figures import FIGURES


class ChaptersTests(SimpleTestCase):
    def test_each_chapter_is_whole_and_shows_the_code_of_today(self):
        found = [words for chapter in pages.chapters() for words in pages.complaints(chapter)]

        self.assertFalse(found, "\n  ".join(["", *found]))
        self.assertEqual(pages.chapters(), sorted([*BASICS, *FIGURES]))

    def test_the_index_names_each_chapter_in_both_languages(self):
        for index, language in zip(("README.md", "README.zh-CN.md"), pages.LANGUAGES, strict=True):
            text = (pages.LEARN / index).read_text()
            for chapter in pages.chapters():
                self.assertIn(f"({chapter}{language})", text)

    def test_each_solution_applies(self):
        for diff in sorted(pages.LEARN.glob("solutions/*.diff")):
            with self.subTest(diff=diff.name):
                applied = subprocess.run(
                    ["git", "apply", "--check", diff], cwd=pages.ROOT, capture_output=True, text=True, check=False
                )

                self.assertEqual(applied.returncode, 0, applied.stderr)

    def test_solutions_do_what_their_chapters_say(self):
        """
        In a copy of the project: the test of 7-b passes, and 8-a is found out by the test that the chapter means.
        """
        csrf = (
            "friendships/tests/test_following.py::UnfollowingTests::test_a_session_without_the_csrf_token_ends_nothing"
        )
        place = "gatekeeper/tests/test_features.py::DegreesTests::test_another_feature_has_other_guinea_pigs"
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "project"
            shutil.copytree(pages.ROOT, copy, ignore=shutil.ignore_patterns(".*", "var", "__pycache__"))
            for name in ("07-b", "08-a"):
                diff = pages.LEARN / f"solutions/{name}.diff"
                subprocess.run(["git", "apply", diff], cwd=copy, capture_output=True, check=True)
            run = subprocess.run(
                [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", csrf, place],
                cwd=copy,
                env={"PATH": os.environ["PATH"], "PROFILE": "embedded", "DATA_DIR": folder},
                capture_output=True,
                text=True,
                check=False,
            )

        self.assertIn("1 failed, 1 passed", run.stdout, run.stderr)
        self.assertIn(f"FAILED {place}", run.stdout)

    def test_code_that_is_not_that_of_the_source_is_replaced(self):
        page = "<!-- code: testing/learn/pages.py::LANGUAGES -->\n```python\nold\n```\n<!-- end -->"

        self.assertIn('LANGUAGES = (".md", ".zh-CN.md")', pages.with_code(page))

    def test_a_name_that_is_not_there_is_an_error(self):
        with self.assertRaisesMessage(LookupError, "testing/learn/pages.py has no nothing"):
            pages.source_of("testing/learn/pages.py", "nothing")

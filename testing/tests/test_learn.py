"""
The chapters of docs/learn are as the project is, and their exercises can be solved.
"""

import re
import subprocess
import tempfile

from django.test import SimpleTestCase

from testing.learn import pages
from testing.learn.basics import BASICS
from testing.learn.figures import FIGURES
from testing.learn.solutions import Solution, apply, copy_project, failing_tests, solutions


class ChaptersTests(SimpleTestCase):
    def test_each_chapter_is_whole_and_shows_the_code_of_today(self):
        found = [words for chapter in pages.chapters() for words in pages.complaints(chapter)]

        self.assertFalse(found, "\n  ".join(["", *found]))
        self.assertEqual(pages.chapters(), sorted([*BASICS, *FIGURES]))

    def test_what_was_counted_is_still_so(self):
        """
        The figures that are the same on every machine.
        """
        for chapter in ("07-who-asks", "09-comments", "14-caches", "15-rate-limits", "16-hbase"):
            figure = {**BASICS, **FIGURES}[chapter]()
            for language in pages.LANGUAGES:
                with self.subTest(chapter=chapter, language=language):
                    rows = figure.table(language).partition("|---:|\n")[2].partition("\n\n")[0]

                    self.assertIn(rows, (pages.LEARN / f"{chapter}{language}").read_text(), "run make figures")

    def test_the_index_names_each_chapter_in_both_languages(self):
        for index, language in zip(("README.md", "README.zh-CN.md"), pages.LANGUAGES, strict=True):
            text = (pages.LEARN / index).read_text()
            for chapter in pages.chapters():
                self.assertIn(f"({chapter}{language})", text)

    def test_each_solution_applies(self):
        for solution in solutions():
            with self.subTest(solution=solution.path.name):
                applied = subprocess.run(
                    ["git", "apply", "--check", solution.path],
                    cwd=pages.ROOT,
                    capture_output=True,
                    text=True,
                    check=False,
                )

                self.assertEqual(applied.returncode, 0, applied.stderr)

    def test_each_solution_has_an_answer_in_both_languages_and_names_a_test_that_is_there(self):
        for solution in solutions():
            with self.subTest(solution=solution.path.name):
                self.assertRegex(solution.answer, r"(?s)\n\n[A-Z`].*\n\n.*[\u4e00-\u9fff]")
                self.assertTrue(solution.claims)
                for claim in solution.claims:
                    path, *names = claim.test.split("::")
                    text = (pages.ROOT / path).read_text() + solution.path.read_text()
                    self.assertFalse([name for name in names if not re.search(rf"(class|def) {name}\b", text)])

    def test_a_solution_that_passes_and_one_that_is_found_out(self):
        """
        In a copy of the project. `make learn-check` runs all of them, which takes minutes.
        """
        passing, failing = (Solution(pages.LEARN / f"solutions/{name}.diff") for name in ("07-b", "08-a"))
        with tempfile.TemporaryDirectory() as folder:
            copy = copy_project(folder)
            for solution in (passing, failing):
                apply(solution.path, copy)
            failed = failing_tests([*passing.tests(), *failing.tests()], copy)

        self.assertEqual(failed, failing.tests())

    def test_code_that_is_not_that_of_the_source_is_replaced(self):
        page = "<!-- code: testing/learn/pages.py::LANGUAGES -->\n```python\nold\n```\n<!-- end -->"

        self.assertIn('LANGUAGES = (".md", ".zh-CN.md")', pages.with_code(page))

    def test_a_name_that_is_not_there_is_an_error(self):
        with self.assertRaisesMessage(LookupError, "testing/learn/pages.py has no nothing"):
            pages.find_source("testing/learn/pages.py", "nothing")

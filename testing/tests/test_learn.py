"""
The chapters of docs/learn are as the project is, and their exercises can be solved.
"""

import subprocess

from django.test import SimpleTestCase

from testing.learn import pages
from testing.learn.figures import FIGURES


class ChaptersTests(SimpleTestCase):
    def test_each_chapter_is_whole_and_shows_the_code_of_today(self):
        found = [words for chapter in pages.chapters() for words in pages.complaints(chapter)]

        self.assertFalse(found, "\n  ".join(["", *found]))
        self.assertEqual(pages.chapters(), sorted(FIGURES))

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

    def test_code_that_is_not_that_of_the_source_is_replaced(self):
        page = "<!-- code: testing/learn/pages.py::LANGUAGES -->\n```python\nold\n```\n<!-- end -->"

        self.assertIn('LANGUAGES = (".md", ".zh-CN.md")', pages.with_code(page))

    def test_a_name_that_is_not_there_is_an_error(self):
        with self.assertRaisesMessage(LookupError, "testing/learn/pages.py has no nothing"):
            pages.source_of("testing/learn/pages.py", "nothing")

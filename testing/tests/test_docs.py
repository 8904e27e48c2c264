"""
The documents name what is there, all of it where they promise that; and a wrong name is found.
"""

import json
import re

import pytest
from django.conf import settings
from django.test import SimpleTestCase
from rest_framework.test import APIClient

from testing.tests import doc_names
from testing.tests.sources import ROOT

pytestmark = pytest.mark.embedded


class DocumentsTests(SimpleTestCase):
    def assert_none(self, complaints):
        self.assertFalse(complaints, "\n  ".join(["", *complaints]))

    def test_each_name_in_backticks_is_in_the_project(self):
        named = [span for document, text in doc_names.documents().items() for span in doc_names.spans(document, text)]

        self.assertGreater(len(named), 1000)
        self.assert_none(list(filter(None, map(doc_names.complaint, named))))

    def test_each_command_of_a_document_is_there(self):
        documents = doc_names.documents().items()

        self.assert_none([words for document, text in documents for words in doc_names.commands(document, text)])

    def test_each_key_of_the_caches_is_in_the_table_of_keys(self):
        table = (ROOT / "docs/adr/0006-caches.md").read_text()

        self.assertGreaterEqual(len(doc_names.cache_keys()), 10)
        self.assert_none([key for key in doc_names.cache_keys() if f"| `{key}" not in table])

    def test_each_knob_is_explained(self):
        explained = (ROOT / "docs/operations.md").read_text()
        parts = "".join(part.read_text() for part in (ROOT / "twitter/settings").glob("*.py"))
        read = set(re.findall(r"(?:env\.\w+|choice)\(\s*\"([A-Z0-9_]+)\"", parts))

        self.assert_none(
            [f"{knob} is not in operations.md" for knob in doc_names.knobs() if f"`{knob}`" not in explained]
        )
        # TEST_… is set by the tests themselves.
        lacking = [knob for knob in read - doc_names.knobs() if not knob.startswith("TEST_")]
        self.assert_none([f"{knob} is not in .env.example" for knob in lacking])

    def test_the_root_is_shown_as_it_is(self):
        example = re.search(r"curl -s \$API/\n(\{.*?\n\})", (ROOT / "docs/api.md").read_text(), re.DOTALL)

        root = APIClient().get("/api/", HTTP_HOST="127.0.0.1:8000").json()

        self.assertEqual(json.loads(example[1]), root)
        self.assertEqual(root["version"], settings.VERSION)


class WrongNamesTests(SimpleTestCase):
    """
    What cannot find a wrong name proves nothing.
    """

    def complaints(self, text):
        return [words for span in doc_names.spans("docs/page.md", text) if (words := doc_names.complaint(span))]

    def test_each_kind_of_wrong_name_is_found(self):
        wrong = [
            "`tweets/nowhere.py`",
            "`tweets/cache.py` `TweetState`, `no_such_verb`",
            "`accounts/services/` `get_by_nobody`",
            "(`utils/caching/redis/lists.py`, `PUSH_TWICE`)",
            "`NewsFeedService.dream`",
            "`newsfeeds.tasks.dream_of_feed`",
            "`settings.DREAMS`",
            "`DREAM_SECONDS`",
            "`dreamed_at`",
            "`dream_…`",
            "`dream:{id}`",
            "`DELETE newsfeeds/{id}/`",
            "`/api/dreams/`",
            "`make dream`",
            "`the relay dreamed`",
        ]

        for text in wrong:
            with self.subTest(text=text):
                found = self.complaints(text) or doc_names.commands("docs/page.md", text)

                self.assertEqual(len(found), 1, found)
                self.assertRegex(found[0], r"^docs/page\.md:1: ?")

    def test_a_command_in_a_block_is_looked_at_too(self):
        text = "Text.\n\n    make dream\n    .venv/bin/python manage.py dream --deep\n"

        self.assertEqual(len(doc_names.commands("docs/page.md", text)), 2)

    def test_right_names_are_none(self):
        right = [
            "`tweets/cache.py` `TweetState`, `put_states` and `load_states`; `deliver_tweet`",
            "`newsfeeds/services/` `PostingService.post_tweet`, `NewsFeedService`; `newsfeeds/storage/` `deliver`",
            "`services.py`, `api/views.py`, `docs/adr/`",
            "`Tweet.save`, `Meta.regions`, `accounts.tasks.invalidate_user`, `settings.HBASE`",
            "`GET tweets/{id}/`, `POST /api/tweets/`, `accounts/`, `/livez`",
            "`make test ARGS='-k follow'`, `manage.py store_phase`, `get_`, `purge_…`, `outbox_message`",
        ]

        for text in right:
            with self.subTest(text=text):
                self.assertFalse(self.complaints(text) + doc_names.commands("docs/page.md", text))

"""
The sample of a reverse proxy lets through what the project reads, and not much more.
"""

import re

from django.conf import settings
from django.test import SimpleTestCase
from django.urls import resolve

from utils.bodies.uploads import find_uploads, max_body_bytes

UNITS = {"k": 1024, "m": 1024 * 1024}
SIZE = re.compile(r"client_max_body_size (\d+)([km]);")
LOCATION = re.compile(r"location (?:= )?(/api/\S+) \{\s+client_max_body_size (\d+)([km]);")


class BodySizeTests(SimpleTestCase):
    def setUp(self):
        self.sample = (settings.BASE_DIR / "deploy" / "nginx.conf").read_text()

    def test_where_no_file_is_taken_a_small_body_is(self):
        number, unit = SIZE.search(self.sample).groups()

        self.assertEqual(int(number) * UNITS[unit], 2 * max_body_bytes(None))

    def test_where_files_are_taken_as_much_as_they_may_be_is(self):
        limits = {path: int(number) * UNITS[unit] for path, number, unit in LOCATION.findall(self.sample)}
        self.assertEqual(set(limits), {"/api/tweets/", "/api/profiles/"})

        for path, method in (("/api/tweets/", "POST"), ("/api/profiles/1/", "PUT"), ("/api/profiles/1/", "PATCH")):
            with self.subTest(path=path, method=method):
                wanted = max_body_bytes(find_uploads(resolve(path), method))
                limit = limits[path.removesuffix("1/")]

                self.assertTrue(wanted <= limit <= wanted + UNITS["m"], (wanted, limit))

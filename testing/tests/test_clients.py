"""
Clients that generators make from the schema, in front of a site that really runs (make test-clients).
"""

import os
import subprocess
import tempfile
from pathlib import Path
from urllib.request import urlopen

import pytest
from django.conf import settings
from django.test import LiveServerTestCase
from PIL import Image

from testing.testcases import Steps

TOOLS = Path(os.environ.get("CLIENT_TOOLS", "/nowhere"))
PROGRAMS = settings.BASE_DIR / "testing" / "clients"


@pytest.mark.clients
class ClientTestCase(Steps, LiveServerTestCase):
    """
    A folder with the schema as the site serves it.
    """

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="clients")))
        self.schema = self.folder / "schema.json"
        with urlopen(f"{self.live_server_url}/api/schema/?format=json") as response:
            self.schema.write_bytes(response.read())

    def run_program(self, *command, **environment):
        """
        Run a program in the folder; it must succeed.
        """
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )
        self.assertEqual(done.returncode, 0, done.stdout)


class PythonTests(ClientTestCase):
    def test_it_signs_up_posts_a_photo_pages_through_its_feed_likes_and_meets_the_limit(self):
        limits = {**settings.RATES, "tweets.create": ["3/d"]}
        self.enterContext(self.settings(RATELIMIT_ENABLE=True, RATES=limits))
        photo = self.folder / "photo.png"
        Image.new("RGB", (320, 200), "crimson").save(photo)

        generate = [TOOLS / "python/bin/openapi-python-client", "generate", "--fail-on-warning", "--meta", "none"]
        generate += ["--config", PROGRAMS / "python.yaml", "--path", self.schema]
        self.run_program(*generate, "--output-path", self.folder / "newsfeed_client")
        journey = [TOOLS / "python/bin/python", PROGRAMS / "journey.py", self.live_server_url, photo]
        self.run_program(*journey, PYTHONPATH=str(self.folder))


class TypeScriptTests(ClientTestCase):
    def test_a_program_is_compiled_with_the_types_and_what_is_wrong_is_not(self):
        for name in ("journey.ts", "tsconfig.json"):
            (self.folder / name).write_text((PROGRAMS / name).read_text())
        programs = TOOLS / "typescript/node_modules/.bin"

        self.run_program(programs / "openapi-typescript", self.schema, "--output", self.folder / "api.d.ts")
        self.run_program(programs / "tsc", "--project", self.folder)


class KotlinTests(ClientTestCase):
    def test_ids_and_counters_are_longs(self):
        generator = [
            "java",
            "-jar",
            TOOLS / "kotlin/openapi-generator-cli.jar",
            "generate",
            "--generator-name",
            "kotlin",
        ]
        self.run_program(*generator, "--input-spec", self.schema, "--output", self.folder / "kotlin")

        files = [path for path in self.folder.rglob("*.kt") if path.parent.name in ("apis", "models")]
        sources = {path.name: path.read_text() for path in files}
        self.assertRegex(sources["Tweet.kt"], r"val id: kotlin\.Long")
        self.assertRegex(sources["Tweet.kt"], r"val likesCount: kotlin\.Long")
        self.assertRegex(sources["TweetsApi.kt"], r"fun tweetsRetrieve\(id: kotlin\.Long\)")
        self.assertRegex(sources["TweetsApi.kt"], r"userId: kotlin\.Long")
        self.assertEqual([name for name, text in sources.items() if "kotlin.Int" in text], [])

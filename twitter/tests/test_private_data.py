"""
What is kept in DATA_DIR is for nobody else on the machine.
"""

import stat
import subprocess
from pathlib import Path
from unittest import TestCase

import pytest
from django.conf import settings

from twitter.tests.fresh import FreshStart, fresh_environment

pytestmark = pytest.mark.embedded

POST_A_PICTURE = """
import django
django.setup()
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
default_storage.save("photos/ab/picture.png", ContentFile(b"picture"))
"""


def get_mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


class PrivateDataTests(FreshStart, TestCase):
    def setUp(self):
        super().setUp()
        self.home = self.data_dir / "home"

    def test_the_folder_the_database_and_all_else_are_their_owners_alone(self):
        self.manage("migrate", "--verbosity", "0", DATA_DIR=str(self.home))

        modes = {path.name: oct(get_mode(path)) for path in self.home.rglob("*")}
        self.assertEqual(get_mode(self.home), 0o700)
        self.assertEqual(modes["db.sqlite3"], "0o600")
        self.assertEqual(set(modes.values()), {"0o600", "0o700"}, modes)

    def test_a_web_server_in_front_can_open_a_photo_and_list_none(self):
        environment = {"DATA_DIR": str(self.home), "DJANGO_SETTINGS_MODULE": "twitter.settings"}
        done = self.python("-c", POST_A_PICTURE, **environment)

        self.assertEqual(done.returncode, 0, done.stderr)
        media = self.home / "media"
        self.assertEqual(get_mode(media / "photos" / "ab" / "picture.png"), 0o644)
        self.assertEqual({get_mode(path) for path in (media, media / "photos", media / "photos" / "ab")}, {0o711})

    def test_django_warns_about_a_folder_that_others_may_list(self):
        self.home.mkdir()
        self.home.chmod(0o755)
        warned = self.python("manage.py", "check", DATA_DIR=str(self.home))
        self.home.chmod(0o711)
        silent = self.python("manage.py", "check", DATA_DIR=str(self.home))

        self.assertIn("is open to other accounts of this machine (mode 755)", warned.stderr)
        self.assertNotIn("open to other accounts", silent.stderr)


class ScriptsTests(FreshStart, TestCase):
    def script(self, commands, **knobs):
        """
        Run lines of bash after what every script begins with, and return what they print.
        """
        done = subprocess.run(
            ["bash", "-euc", f". deploy/common.sh\n{commands}"],
            cwd=settings.BASE_DIR,
            env=fresh_environment(self.data_dir / "above" / "home", **knobs),
            capture_output=True,
            text=True,
            timeout=60,
            umask=0o022,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout + done.stderr

    def test_a_folder_they_make_and_what_they_write_is_private_and_the_one_above_is_not(self):
        self.script('touch "$DATA_DIR/file"')

        home = self.data_dir / "above" / "home"
        self.assertEqual([get_mode(path) for path in (home / "file", home, home.parent)], [0o600, 0o700, 0o755])

    def test_a_database_of_an_older_version_is_closed(self):
        home = self.data_dir / "above" / "home"
        home.mkdir(parents=True)
        (home / "db.sqlite3").touch()
        (home / "db.sqlite3").chmod(0o644)

        self.script("true")

        self.assertEqual(get_mode(home / "db.sqlite3"), 0o600)

    def test_a_folder_that_may_be_somebody_elses_is_left_as_it_is(self):
        home = self.data_dir / "above" / "home"
        home.mkdir(parents=True)
        home.chmod(0o1777)

        self.script("true")

        self.assertEqual(get_mode(home), 0o1777)

    def test_demo_people_come_where_they_are_asked_for(self):
        tell = "step() { echo made; }; VENV=/none; demo_people"

        self.assertEqual(self.script(f"{tell} off"), "")
        self.assertEqual(self.script(f"{tell} on"), "made\n")
        self.assertEqual(self.script(f"{tell} off", DEMO="on"), "made\n")
        self.assertEqual(self.script(f"{tell} on", DEMO="off"), "")

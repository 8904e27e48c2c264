"""
The project as a stranger starts it: another process, an environment with nothing in it, an empty DATA_DIR.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from django.conf import settings


def fresh_environment(data_dir, **knobs):
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(data_dir),
        "PYTHONUNBUFFERED": "1",
        "DATA_DIR": str(data_dir),
        "PROFILE": "embedded",
    } | knobs


class FreshStart:
    """
    Mixed into a test case: an empty DATA_DIR and the means to start the project in it.
    """

    def setUp(self):
        super().setUp()
        self.data_dir = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="fresh")))

    def python(self, *arguments, **knobs):
        """
        Run Python in the checkout to its end, and return what came of it.
        """
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=settings.BASE_DIR,
            env=fresh_environment(self.data_dir, **knobs),
            capture_output=True,
            text=True,
            timeout=180,
            # A stranger's shell lets others read.
            umask=0o022,
        )

    def manage(self, *arguments, **knobs):
        """
        Run a management command that must succeed, and return what it printed.
        """
        done = self.python("manage.py", *arguments, **knobs)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def setting(self, expression, **knobs):
        """
        Return what an expression about the settings prints.
        """
        done = self.python("-c", f"from django.conf import settings; print({expression})", **self.named(knobs))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def refusal(self, **knobs):
        """
        Return the last line with which a start ends that must not succeed.
        """
        done = self.python("-c", "from django.conf import settings; settings.DEBUG", **self.named(knobs))
        self.assertNotEqual(done.returncode, 0, done.stdout)
        return done.stderr.strip().splitlines()[-1]

    def named(self, knobs):
        return {"DJANGO_SETTINGS_MODULE": "twitter.settings"} | knobs

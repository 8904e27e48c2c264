"""
The scripts in deploy/, copied into a checkout of their own.
"""

import os
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

from django.conf import settings
from django.test import SimpleTestCase

COMMON, LIBRARY = "deploy/common.sh", "deploy/stack/lib.sh"


class ScriptTestCase(SimpleTestCase):
    """
    Copies stand in a checkout of their own, where no developer's .env is.
    """

    sourced = (COMMON,)

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="scripts"))).resolve()
        for path in self.sourced:
            copy = self.folder / path
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(settings.BASE_DIR / path, copy)

    def command(self, commands):
        """
        Return the command line that runs commands as one of our scripts would.
        """
        sources = [f'. "{self.folder / path}"' for path in self.sourced]
        return ["bash", "-euo", "pipefail", "-c", "\n".join([*sources, commands])]

    def environment(self, **knobs):
        return {"PATH": os.environ["PATH"], "DATA_DIR": str(self.folder / "data"), "FOLDER": str(self.folder), **knobs}

    def run_script(self, commands, **knobs):
        return subprocess.run(
            self.command(commands), env=self.environment(**knobs), capture_output=True, text=True, timeout=60
        )

    def said(self, commands, **knobs):
        """
        Return what commands print that must succeed.
        """
        done = self.run_script(commands, **knobs)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def mode(self, path):
        return oct(stat.S_IMODE(path.stat().st_mode))

    def stub(self, path, commands="true"):
        """
        Put a program into the checkout that notes how it was called, one line a call, and runs commands.
        """
        program = self.folder / path
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f'#!/bin/bash\necho "{program.name} $*" >>"{self.folder}/calls"\n{commands}\n')
        program.chmod(0o755)

    def calls(self):
        """
        Return how the stubs were called so far, in order.
        """
        noted = self.folder / "calls"
        return noted.read_text().splitlines() if noted.exists() else []

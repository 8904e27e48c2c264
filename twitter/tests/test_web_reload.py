"""
A web server that is told to load the project anew (HUP) goes on answering meanwhile.
"""

import os
import signal
import urllib.request

from twitter.tests.test_embedded import EmbeddedTestCase

# Says which process it is; loading it lasts until a file is there.
SLOW_TO_LOAD = """
import os
import time
from pathlib import Path

while not Path(__file__).with_name("may_load").exists():
    time.sleep(0.02)

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
"""


class ReloadTests(EmbeddedTestCase):
    def setUp(self):
        super().setUp()
        self.may_load = self.data_dir / "may_load"
        self.may_load.touch()
        (self.data_dir / "slow_to_load.py").write_text(SLOW_TO_LOAD)
        self.web = self.start_web("--pythonpath", str(self.data_dir), application="slow_to_load:application")

    def begin_reload(self):
        self.may_load.unlink()
        os.kill(self.web.pid, signal.SIGHUP)
        self.until(lambda: len(self.web.children) == 2, "a new process loads the project")

    def who_answers(self):
        with urllib.request.urlopen(self.url("/"), timeout=5) as response:
            return int(response.read())

    def test_the_old_process_answers_until_the_new_one_has_loaded_the_project(self):
        old = self.who_answers()
        self.begin_reload()

        # As many as last longer than a process takes to notice that it is to stop.
        meanwhile = {self.who_answers() for _ in range(500)}
        self.may_load.touch()
        self.until(lambda: self.who_answers() != old, "the new process answers")
        self.until(lambda: len(self.web.children) == 1, "the old process has ended")

        self.assertEqual(meanwhile, {old})

    def test_a_server_that_is_stopped_does_not_wait_for_its_new_processes(self):
        self.begin_reload()
        os.kill(self.web.pid, signal.SIGTERM)
        self.may_load.touch()

        self.assertEqual(self.web.wait(seconds=20), 0)
        self.assertEqual(self.web.left_behind, [])

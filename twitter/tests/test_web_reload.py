"""
A web server that is loading the project: it refuses when it starts, and goes on answering when it reloads (HUP).
"""

import errno
import os
import signal
import socket
import sys
import urllib.request
from unittest import TestCase

from testing.stack_processes import Process, answers, free_port
from testing.testcases import Steps
from twitter.tests.fresh import FreshStart, fresh_environment
from twitter.tests.test_embedded import WEB

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


class LoadingTestCase(FreshStart, Steps, TestCase):
    def setUp(self):
        super().setUp()
        self.data_dir.mkdir(exist_ok=True)
        self.may_load = self.data_dir / "may_load"
        (self.data_dir / "slow_to_load.py").write_text(SLOW_TO_LOAD)
        self.port = free_port()
        environment = fresh_environment(self.data_dir, PORT=str(self.port))
        command = [sys.executable, *WEB, "--pythonpath", str(self.data_dir), "slow_to_load:application"]
        self.web = Process(command, environment)
        self.addCleanup(self.web.kill)

    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    def load(self):
        self.may_load.touch()
        self.until(lambda: answers(self.url()), "it answers")


class StartTests(LoadingTestCase):
    def test_it_refuses_until_it_can_answer_so_that_a_proxy_asks_another(self):
        self.until(lambda: self.web.children, "a process loads the project")

        with socket.socket() as client:
            refused = client.connect_ex(("127.0.0.1", self.port))
        self.load()

        self.assertEqual(refused, errno.ECONNREFUSED)


class ReloadTests(LoadingTestCase):
    def setUp(self):
        super().setUp()
        self.load()

    def begin_reload(self):
        self.may_load.unlink()
        os.kill(self.web.pid, signal.SIGHUP)
        self.until(lambda: len(self.web.children) == 2, "a new process loads the project")

    def who_answers(self):
        with urllib.request.urlopen(self.url(), timeout=5) as response:
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

"""
`make cluster-run`: two hosts behind nginx are one site, and either of them may be lost.
"""

import os
import signal
import subprocess
import tempfile
import threading
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db.models import F

from accounts.services import AccessTokenService
from testing.stack_mariadb import free_ports
from testing.stack_processes import RealStackTestCase, answers, environment_of_test
from twitter.tests.test_live_migration import Connection
from utils.beat.constants import LEASE_SECONDS
from utils.beat.models import BeatLease

HOSTS = ("host-1", "host-2")
ADDRESSES = ("DATABASE_URL", "REDIS_URL", "MEMCACHED_URL", "BROKER_URL")
SCRAPER = "a-scraper"
# Half a minute of processor time, of a machine that may be busy with others.
START_SECONDS = 240


class Reader(threading.Thread):
    """
    Somebody who reads a page without pause; `statuses` are the answers.
    """

    def __init__(self, address, token, path):
        super().__init__()
        self.address, self.token, self.path = address, token, path
        self.statuses = []
        self.stopped = threading.Event()

    def run(self):
        while not self.stopped.is_set():
            self.statuses.append(Connection(self.address, self.token).get(self.path).status_code)

    @property
    def count(self):
        return len(self.statuses)


@pytest.mark.cluster
class ClusterRunTests(RealStackTestCase):
    def setUp(self):
        super().setUp()
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="hosts")))
        # One for nginx, and one for each host.
        self.port = free_ports(1 + len(HOSTS))
        self.alice, self.bob = self.person("alice"), self.person("bob")
        self.bob.follows(self.alice)
        self.tokens = {person: AccessTokenService.create_token(user=person.user) for person in (self.alice, self.bob)}

    def start_cluster(self):
        env = {**environment_of_test(), "BROKER_URL": self.broker.url}
        (self.folder / "cluster.env").write_text("".join(f"{name}={env[name]}\n" for name in ADDRESSES))
        (self.folder / "stack.env").touch()
        knobs = {
            "DATA_DIR": str(self.folder),
            "PORT": str(self.port),
            "RATE_LIMITS": "off",
            "WEB_WORKERS": "1",
            "HBASE_URL": "",
        }
        knobs |= {"SECRET_KEY": str(settings.SECRET_KEY), "METRICS_TOKEN": SCRAPER}
        cluster = self.start_command([settings.BASE_DIR / "deploy" / "cluster-run.sh"], **knobs)
        self.addCleanup(cluster.stop)
        self.until(lambda: not cluster.is_running or self.is_up(), "both hosts answer", seconds=START_SECONDS)
        self.assertTrue(cluster.is_running, cluster.output)

    def is_up(self):
        return all(answers(f"http://127.0.0.1:{self.port + number}/livez") for number in range(1 + len(HOSTS)))

    def through(self, number, person):
        """
        Return the person's connection to nginx (0) or to one of the hosts behind it.
        """
        return Connection(f"127.0.0.1:{self.port + number}", self.tokens[person])

    def program(self, host, name):
        """
        Return the process id of a program on a host, which is also that of its group.
        """
        env = {**os.environ, "DATA_DIR": str(self.folder / "hosts" / host.removeprefix("host-"))}
        asked = subprocess.run(
            ["deploy/control.sh", "pid", f"twitter:{name}"],
            env=env,
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
        )
        return int(asked.stdout)

    def test_two_hosts_are_one_site_and_either_of_them_may_be_lost(self):
        self.start_cluster()

        self.assert_each_host_has_a_name_of_its_own()
        self.assert_bob_sees_at_each_host_what_alice_posts()
        self.assert_another_beat_leads_when_the_leader_is_killed()
        self.assert_no_read_fails_when_the_web_server_of_a_host_is_killed()
        self.assert_bob_sees_at_each_host_what_alice_posts()

    def assert_each_host_has_a_name_of_its_own(self):
        for number, host in enumerate(HOSTS, 1):
            address = f"http://127.0.0.1:{self.port + number}/metrics"
            request = urllib.request.Request(address, headers={"Authorization": f"Bearer {SCRAPER}"})
            with urllib.request.urlopen(request, timeout=20) as response:
                self.assertIn(f'host_info{{host="{host}"}} 1', response.read().decode())
            log = (self.folder / "hosts" / str(number) / "log" / "web.log").read_text()
            self.assertIn(f"{host} ", log)
            self.assertNotIn(f"{HOSTS[number - 2]} ", log)

    def assert_bob_sees_at_each_host_what_alice_posts(self):
        self.alice.client = self.through(0, self.alice)
        tweet_id = self.alice.tweets()
        for number, host in enumerate(HOSTS, 1):
            self.bob.client = self.through(number, self.bob)
            self.until(lambda: tweet_id in self.bob.feed(), f"Bob sees the tweet at {host}")

    def assert_another_beat_leads_when_the_leader_is_killed(self):
        leader = BeatLease.objects.get().holder
        host, pid, _ = leader.split(":")
        self.assertIn(host, HOSTS)
        os.kill(int(pid), signal.SIGKILL)

        # Its lease ends: so many seconds go by on the database's clock.
        BeatLease.objects.update(expires_at=F("expires_at") - timedelta(seconds=LEASE_SECONDS))
        self.until(lambda: BeatLease.objects.get().holder != leader, "another one leads")

    def assert_no_read_fails_when_the_web_server_of_a_host_is_killed(self):
        readers = [Reader(f"127.0.0.1:{self.port}", self.tokens[self.bob], "/api/newsfeeds/") for _ in range(2)]
        for reader in readers:
            reader.start()
        try:
            self.until(lambda: all(reader.count > 10 for reader in readers), "Bob reads")
            os.killpg(self.program("host-2", "web"), signal.SIGKILL)
            counts = [reader.count for reader in readers]
            self.until(lambda: all(r.count > count + 50 for r, count in zip(readers, counts)), "Bob reads on")
            # The supervisor starts it again.
            self.until(self.is_up, "the host is back", seconds=60)
        finally:
            for reader in readers:
                reader.stopped.set()
                reader.join()
        self.assertEqual({status for reader in readers for status in reader.statuses}, {200})

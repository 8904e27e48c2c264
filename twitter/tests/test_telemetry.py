"""
What workers, relay and beat count is on /metrics, added up with the web's.
"""

import os
import tempfile
import time
import urllib.request
from unittest.mock import patch

from prometheus_client.parser import text_string_to_metric_families

from newsfeeds.services import DeliveryService
from testing.stack_processes import RealStackTestCase, answers, free_port, production_command
from testing.testcases import ApiTestCase
from twitter.celery import app
from utils.beat.scheduler import LeasedScheduler
from utils.observability.metrics import LAST_SEEN, TASK_SECONDS, TASKS, registry


def figures(text):
    """
    Return {(name, labels): figure} of Prometheus' text.
    """
    families = text_string_to_metric_families(text)
    return {(sample.name, *sorted(sample.labels.items())): sample.value for f in families for sample in f.samples}


class CountingTasksTests(ApiTestCase):
    def counted(self, outcome):
        samples = [sample for family in TASKS.collect() for sample in family.samples]
        return sum(sample.value for sample in samples if sample.labels["outcome"] == outcome)

    def test_each_task_is_counted_with_its_outcome(self):
        alice, bob = self.person("alice1"), self.person("bobby1")
        bob.follows(alice)
        before = self.counted("success")

        alice.tweets()
        self.tasks_run()

        self.assertGreater(self.counted("success"), before)
        self.assertTrue(any(sample.value for family in TASK_SECONDS.collect() for sample in family.samples))

    def test_one_that_met_trouble_and_comes_again_is_told_apart(self):
        alice = self.person("alice1")
        before = self.counted("left")

        with (
            patch.object(DeliveryService, "deliver_all", side_effect=OSError("trouble")),
            self.assertLogs("outbox.handling"),
        ):
            alice.tweets()
            self.tasks_run_once()

        self.assertGreater(self.counted("left"), before)


class BeatTests(ApiTestCase):
    def test_it_tells_at_each_round_that_it_is_alive(self):
        LAST_SEEN.labels("beat").set(0)

        LeasedScheduler(app=app).tick()

        seen = registry.get_sample_value("last_seen_timestamp_seconds", {"process": "beat"})
        self.assertLess(time.time() - seen, 10)


class AddedUpTests(RealStackTestCase):
    def test_what_all_processes_have_counted_is_on_one_page(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.enterContext(patch.dict(os.environ, PROMETHEUS_MULTIPROC_DIR=self.folder, METRICS_TOKEN="scraped"))
        alice, bob = self.person("alice1"), self.person("bobby1")
        bob.follows(alice)
        self.start("relay", "default", "fanout")
        self.start_command(production_command("beat"), BROKER_URL=self.broker.url)
        self.port = free_port()
        self.start_command(production_command("web"), PORT=str(self.port))
        self.until(lambda: answers(f"http://127.0.0.1:{self.port}/livez"), "the web server answers", seconds=60)

        alice.tweets()

        self.until(lambda: self.seen() >= {"relay", "fanout", "default", "beat"}, "all are seen", seconds=30)
        self.until(lambda: self.total("tasks_total", outcome="success") > 0, "tasks are counted", seconds=30)
        self.assertGreater(self.total("relayed_messages_total", outcome="confirmed"), 0)
        self.assertGreater(self.total("http_requests_total", route="livez"), 0)

    def scrape(self):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/metrics", headers={"Authorization": "Bearer scraped"}
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            return figures(response.read().decode())

    def seen(self):
        """
        Return who has given a sign of life within the last minute.
        """
        return {
            dict(labels)["process"]
            for (name, *labels), value in self.scrape().items()
            if name == "last_seen_timestamp_seconds" and time.time() - value < 60
        }

    def total(self, wanted, **label):
        return sum(
            value
            for (name, *labels), value in self.scrape().items()
            if name == wanted and label.items() <= dict(labels).items()
        )

"""
/metrics and the probes: who may look, and whether the numbers are right.
"""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import SimpleTestCase
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from outbox.models import Message
from testing.stack_chaos import ChaosProxy
from testing.testcases import ApiTestCase
from utils.observability import broker
from utils.observability.metrics import OTHER, count_reads, count_request, registry

REMOTE = "203.0.113.5"
PROMETHEUS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"


class MetricsTestCase(ApiTestCase):
    def scrape(self, person=None, **headers):
        return (person or self.nobody()).client.get("/metrics", **headers)

    def value(self, name, **labels):
        """
        Return a figure of /metrics, None where it is absent.
        """
        response = self.scrape()
        assert response.status_code == 200, response.content
        for family in text_string_to_metric_families(response.content.decode()):
            for sample in family.samples:
                if sample.name == name and labels.items() <= sample.labels.items():
                    return sample.value
        return None


class WhoMayLookTests(MetricsTestCase):
    def test_this_machine_and_staff_from_anywhere(self):
        staff = self.person("staff1", is_staff=True)

        self.assertEqual(self.scrape(REMOTE_ADDR="127.0.0.1").status_code, 200)
        self.assertEqual(self.scrape(REMOTE_ADDR="::1").status_code, 200)
        self.assertEqual(self.scrape(staff, REMOTE_ADDR=REMOTE).status_code, 200)

    def test_the_scraper_by_a_token_of_its_own_from_anywhere(self):
        with self.settings(METRICS_TOKEN="scraped"):
            let_in = self.scrape(REMOTE_ADDR=REMOTE, HTTP_AUTHORIZATION="Bearer scraped")
            mistaken = self.scrape(REMOTE_ADDR=REMOTE, HTTP_AUTHORIZATION="Bearer scrapes")

        self.assertEqual(let_in.status_code, 200)
        self.assert_refused(mistaken, 401)

    def test_where_no_token_is_set_none_opens(self):
        for token in ("", "the scraper"):
            with self.settings(METRICS_TOKEN=""):
                self.assert_refused(self.scrape(REMOTE_ADDR=REMOTE, HTTP_AUTHORIZATION=f"Bearer {token}"), 401)

    def test_the_scrapers_token_opens_nothing_else(self):
        with self.settings(METRICS_TOKEN="scraped"):
            feed = self.nobody().client.get("/api/newsfeeds/", HTTP_AUTHORIZATION="Bearer scraped")

        self.assert_refused(feed, 401)

    def test_no_cache_on_the_way_keeps_it_for_somebody_else(self):
        for address, status in (("127.0.0.1", 200), (REMOTE, 403)):
            response = self.scrape(REMOTE_ADDR=address)

            self.assertEqual((response.status_code, response["Cache-Control"]), (status, "no-store"))

    def test_nobody_else(self):
        alice = self.person("alice1")

        for person in (alice, self.nobody()):
            self.assert_refused(self.scrape(person, REMOTE_ADDR=REMOTE), 403)

    def test_a_header_makes_nobody_local(self):
        self.assert_refused(self.scrape(REMOTE_ADDR=REMOTE, HTTP_X_FORWARDED_FOR="127.0.0.1"), 403)

    def test_what_comes_through_a_proxy_on_this_machine_is_not_local(self):
        self.assert_refused(self.scrape(HTTP_X_FORWARDED_FOR=REMOTE), 403)
        with self.settings(TRUSTED_PROXIES=["127.0.0.1"]):
            self.assert_refused(self.scrape(HTTP_X_FORWARDED_FOR=REMOTE), 403)

    def test_prometheus_gets_text_whatever_it_accepts(self):
        for accept in (PROMETHEUS, "text/html", "application/json", "*/*", "junk"):
            with self.subTest(accept=accept):
                response = self.scrape(HTTP_ACCEPT=accept)

                self.assertEqual(response.status_code, 200)
                self.assertTrue(response["Content-Type"].startswith("text/plain; version=0.0.4"))


class OutboxTests(MetricsTestCase):
    def message(self, event, *, age, given_up=False):
        moment = timezone.now() - timedelta(seconds=age)
        Message.objects.create(
            event=event, task="x", payload={}, created_at=moment, due_at=None if given_up else timezone.now()
        )

    def test_an_empty_outbox_is_all_zeros(self):
        for name in ("outbox_messages", "outbox_given_up_messages", "outbox_oldest_seconds", "fan_out_lag_seconds"):
            self.assertEqual(self.value(name), 0, name)

    def test_what_waits_is_counted_and_what_was_given_up_apart(self):
        self.message("followed", age=90)
        self.message("tweet_created", age=20)
        self.message("fan_out_batch_ready", age=40)
        self.message("followed", age=9000, given_up=True)

        self.assertEqual(self.value("outbox_messages"), 3)
        self.assertEqual(self.value("outbox_given_up_messages"), 1)
        self.assertAlmostEqual(self.value("outbox_oldest_seconds"), 90, delta=30)
        self.assertAlmostEqual(self.value("fan_out_lag_seconds"), 40, delta=30)

    def test_it_costs_one_query(self):
        with self.assertNumQueries(1):
            self.scrape()


class CountingTests(MetricsTestCase):
    def test_requests_are_counted_by_route_and_status(self):
        alice = self.person("alice1")
        labels = {"method": "GET", "route": "users-detail", "status": "404"}
        before = self.value("http_requests_total", **labels) or 0

        for user_id in (999_991, 999_992, 999_993):
            alice.get(f"users/{user_id}/")

        self.assertEqual(self.value("http_requests_total", **labels), before + 3)

    def test_each_is_in_the_histogram_of_its_route(self):
        alice = self.person("alice1")
        before = self.value("http_request_seconds_count", route="newsfeeds-list") or 0

        alice.get("newsfeeds/")

        self.assertEqual(self.value("http_request_seconds_count", route="newsfeeds-list"), before + 1)
        self.assertEqual(self.value("http_request_seconds_bucket", route="newsfeeds-list", le="+Inf"), before + 1)
        self.assertGreater(self.value("http_request_seconds_sum", route="newsfeeds-list"), 0)

    def test_no_address_and_no_method_that_a_client_makes_up_becomes_a_label(self):
        for number in range(20):
            self.nobody().client.get(f"/made-up-address/{number}")
            self.nobody().client.generic(f"MADEUPMETHOD{number}", "/api/")

        text = self.scrape().content.decode()

        self.assertNotIn("made-up-address", text)
        self.assertNotIn("MADEUPMETHOD", text)
        self.assertGreaterEqual(self.value("http_requests_total", method=OTHER, route="api-root"), 20)

    def test_a_page_that_is_read_again_is_a_hit(self):
        alice = self.person("alice1")
        alice.tweets()
        alice.feed()
        hits = self.value("cache_reads_total", cache="objects", outcome="hit") or 0

        def is_hit():
            alice.feed()
            return self.value("cache_reads_total", cache="objects", outcome="hit") > hits

        # Whoever else empties the same Memcached only makes it later.
        self.until(is_hit, "a page is read from the cache")
        self.assertTrue(0 < self.value("cache_hit_ratio", cache="objects") < 1)

    def test_the_ratio_is_of_all_that_was_read(self):
        count_reads("tests", hits=3, misses=0)
        count_reads("tests", hits=0, misses=1)

        self.assertEqual(self.value("cache_hit_ratio", cache="tests"), 0.75)


class LabelsTests(SimpleTestCase):
    def test_methods_that_nobody_knows_take_no_memory(self):
        before = len(list(registry.collect())[0].samples)
        for number in range(100):
            count_request(f"JUNK{number}", "some-route", 405, 0.001)

        self.assertLessEqual(len(list(registry.collect())[0].samples) - before, 2)


class ProbeTests(MetricsTestCase):
    def test_ready_names_the_broker_and_hbase(self):
        with self.settings(HBASE={**settings.HBASE, "HOST": ""}):
            states = self.nobody().client.get("/readyz").json()

        self.assertEqual(states["hbase"], "not used")
        self.assertEqual(states["broker"], "not used" if settings.EMBEDDED else "up")

    def test_hbase_is_up_where_something_listens(self):
        with (
            ChaosProxy("127.0.0.1", 1) as proxy,
            self.settings(HBASE={**settings.HBASE, "HOST": "127.0.0.1", "PORT": proxy.port}),
        ):
            listening = self.nobody().client.get("/readyz")
            proxy.refuse()
            refusing = self.nobody().client.get("/readyz")

        self.assertEqual((listening.status_code, listening.json()["hbase"]), (200, "up"))
        self.assertEqual((refusing.status_code, refusing.json()["hbase"]), (200, "down"))


class NoBrokerTests(MetricsTestCase):
    def test_without_a_broker_the_figures_of_queues_are_absent_and_the_others_there(self):
        with self.settings(EMBEDDED=False, BROKER_URL="amqp://guest:guest@127.0.0.1:1/"):
            self.assertIsNone(self.value("queue_messages"))
            self.assertEqual(self.value("outbox_messages"), 0)
            self.assertEqual(self.nobody().client.get("/readyz").json()["broker"], "down")
            self.assertEqual(self.value("broker_node_up", node="127.0.0.1:1"), 0)

    def test_a_broker_that_never_answers_is_down(self):
        with (
            ChaosProxy("127.0.0.1", 1) as proxy,
            self.settings(EMBEDDED=False, BROKER_URL=f"amqp://guest:guest@127.0.0.1:{proxy.port}/"),
        ):
            proxy.blackhole()

            self.assertIs(broker.is_up(), False)
            self.assertEqual(broker.get_depths(["default"]), {})


@pytest.mark.stack
class QueueTests(MetricsTestCase):
    QUEUE = "test_of_metrics"

    def setUp(self):
        self.connection = self.enterContext(broker.connection_to_broker())
        channel = self.connection.channel()
        channel.queue_declare(queue=self.QUEUE, durable=False, auto_delete=False)
        self.addCleanup(channel.queue_delete, queue=self.QUEUE)

    def test_what_waits_in_a_queue_is_counted(self):
        producer = self.connection.Producer()
        for _ in range(3):
            producer.publish({}, routing_key=self.QUEUE, exchange="")

        self.until(lambda: broker.get_depths([self.QUEUE]) == {self.QUEUE: 3}, "three messages wait")

    def test_a_queue_that_is_not_there_is_left_out_and_the_others_are_counted(self):
        self.assertEqual(broker.get_depths(["nobody_declared_this", self.QUEUE]), {self.QUEUE: 0})

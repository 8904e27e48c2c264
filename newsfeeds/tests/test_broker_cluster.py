"""
RabbitMQ of three nodes: any of them may be killed, and what was confirmed is there.
"""

import json
import tempfile

from django.test import override_settings

from newsfeeds.tests.test_real_stack import BrokerTestCase
from outbox.models import Message
from testing.stack_broker import NODES, BrokerCluster
from testing.stack_processes import Broker
from utils.observability import broker

QUEUES = ("default", "fanout")


class BrokerClusterTests(BrokerTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cluster = BrokerCluster(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="rabbitmq")))
        cls.addClassCleanup(cls.cluster.down)
        # Before a test has the queues that others wait for.
        cls.cluster.up()

    def setUp(self):
        super().setUp()
        # Whichever the test before has killed comes back.
        self.cluster.up()
        self.broker = Broker(self.cluster.url)
        self.broker.wipe()

    def start(self, *names, **env):
        return super().start(*names, BROKER_QUEUE_REPLICAS=str(NODES), **env)

    def test_what_was_confirmed_is_there_after_the_queues_leader_was_killed(self):
        # One row in a message; no worker takes any.
        self.start("relay", OUTBOX_BATCH_SIZE="1")
        alice = self.person("alice")
        alice.tweets()
        self.until(lambda: self.broker.has("fanout"), "the queue is made")
        self.assertEqual(len(self.cluster.members("fanout")), NODES)
        first = Message.objects.get(event="tweet_created")
        Message.objects.bulk_create(Message(event=first.event, payload=first.payload) for _ in range(3_000))

        self.until(lambda: Message.objects.filter(attempts=0).count() < 2_700, "it is in the middle of publishing")
        self.cluster.kill_leader("fanout")
        left = Message.objects.filter(attempts=0).count()
        self.until(lambda: not Message.objects.filter(attempts=0).exists(), "all of them are confirmed", seconds=60)

        self.assertGreater(left, 0)
        self.assertEqual(
            self.ids_in("fanout"), set(Message.objects.filter(event=first.event).values_list("id", flat=True))
        )

    def ids_in(self, queue):
        """
        Return the ids of the outbox rows that the messages of a queue name.
        """
        found = set()
        with self.broker.connect() as connection:
            channel = connection.default_channel
            while message := channel.basic_get(queue):
                [ids], _, _ = json.loads(message.body)
                found |= set(ids)
        return found

    def test_relay_and_workers_move_over_from_a_node_that_is_killed(self):
        alice, fans = self.alice_with_fans(5)
        self.start(*QUEUES, "relay")
        self.assert_delivered(alice.tweets(), alice, fans)

        # All of them are at the first.
        self.cluster.kill(self.cluster.ports[0])
        tweet_ids = [alice.tweets() for _ in range(3)]

        for tweet_id in tweet_ids:
            self.assert_delivered(tweet_id, alice, fans)
        self.assertEqual([self.broker.waiting(f"{name}.dlq") for name in QUEUES], [0, 0])
        self.assert_a_node_is_lost_and_the_broker_is_up()

    def assert_a_node_is_lost_and_the_broker_is_up(self):
        first, *others = [f"127.0.0.1:{port}" for port in self.cluster.ports]
        with override_settings(BROKER_URL=self.broker.url):
            states = broker.get_node_states()
            ready = self.nobody().client.get("/readyz").json()

        self.assertEqual(states, {first: False, **dict.fromkeys(others, True)})
        self.assertEqual(ready["broker"], "up")

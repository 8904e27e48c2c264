"""
The knobs, as the environment sets them.
"""

import socket
import stat
from unittest import TestCase

import pytest

from twitter.tests.fresh import FreshStart

pytestmark = pytest.mark.embedded

STACK = {
    "PROFILE": "stack",
    "DATABASE_URL": "mysql://me:secret@127.0.0.1:3306/mine",
    "REDIS_URL": "redis://:secret@127.0.0.1:6379/0",
    "MEMCACHED_URL": "127.0.0.1:11211",
    "BROKER_URL": "amqp://me:secret@127.0.0.1:5672/mine",
}


class KnobTests(FreshStart, TestCase):
    def test_without_any_it_is_embedded_local_and_not_in_debug_mode(self):
        values = self.setting(
            "settings.EMBEDDED, settings.HOST, settings.PORT, settings.DEBUG, settings.RATELIMIT_ENABLE"
        )

        self.assertEqual(values, "True 127.0.0.1 8000 False True")

    def test_a_profile_that_is_none_is_refused_by_name(self):
        self.assertIn("'embedded' or 'stack', not 'production'", self.refusal(PROFILE="production"))

    def test_a_host_is_called_by_its_name_or_as_it_is_told(self):
        lines = "settings.LOGGING['formatters']['line']['format'].split('%')[0]"

        self.assertEqual(self.setting("settings.HOST_NAME"), socket.gethostname())
        self.assertEqual(self.setting(lines), "")
        self.assertEqual(self.setting(f"settings.HOST_NAME, {lines}", HOST_NAME="host-1"), "host-1 host-1")

    def test_rate_limits_are_on_or_off_and_nothing_else(self):
        self.assertEqual(self.setting("settings.RATELIMIT_ENABLE", RATE_LIMITS="off"), "False")
        self.assertIn("'on' or 'off', not 'maybe'", self.refusal(RATE_LIMITS="maybe"))

    def test_rows_of_feeds_are_left_out_by_a_sensible_number_or_not_at_all(self):
        both = "settings.FEED_SKIP_IDLE_DAYS, settings.FEED_TRIM"

        self.assertEqual(self.setting(both), "0 0")
        self.assertEqual(self.setting(both, FEED_SKIP_IDLE_DAYS="30", FEED_TRIM="2000"), "30 2000")
        self.assertIn("above 2", self.refusal(FEED_SKIP_IDLE_DAYS="2"))
        self.assertIn("above 800", self.refusal(FEED_TRIM="many"))

    def test_what_strategies_go_by_are_numbers_above_zero(self):
        knobs = {"FEED_PULL_THRESHOLD": "7", "FEED_MAX_PULLED_AUTHORS": "3", "FEED_PULLS_PER_ROW": "0.5"}

        self.assertEqual(self.setting(", ".join(f"settings.{knob}" for knob in knobs), **knobs), "7 3 0.5")
        for knob in knobs:
            for value in ("0", "-1", "many", "nan", "inf"):
                self.assertIn(f"{knob} is a", self.refusal(**{knob: value}))

    def test_host_and_port_are_taken_and_a_port_is_a_number(self):
        values = self.setting(
            "settings.HOST, settings.PORT, settings.HOST in settings.ALLOWED_HOSTS", HOST="192.0.2.7", PORT="8123"
        )

        self.assertEqual(values, "192.0.2.7 8123 True")
        self.assertIn("PORT", self.refusal(PORT="http"))

    def test_a_secure_server_does_not_listen_to_the_world_without_being_told_to(self):
        for host in ("0.0.0.0", "[::]", "203.0.114.7", "twitter.example"):
            with self.subTest(host=host):
                self.assertIn("ALLOW_PUBLIC_HOST", self.refusal(SECURE="on", HOST=host))
                self.assertEqual(self.setting("settings.HOST", SECURE="on", HOST=host, ALLOW_PUBLIC_HOST="on"), host)
                self.assertEqual(self.setting("settings.HOST", HOST=host), host)

        for host in ("127.0.0.1", "localhost", "[::1]", "10.1.2.3", "192.168.1.5"):
            with self.subTest(host=host):
                self.assertEqual(self.setting("settings.HOST", SECURE="on", HOST=host), host)

    def test_an_s3_server_that_hangs_holds_a_request_for_seconds_only(self):
        options = "settings.STORAGES['default']['OPTIONS']['client_config']"

        limits = self.setting(f"({options}.connect_timeout, {options}.read_timeout)", S3_BUCKET="photos")

        self.assertEqual(limits, "(2, 5)")

    def test_everything_that_is_kept_is_kept_in_data_dir(self):
        paths = self.setting(
            "settings.DATABASES['default']['NAME'], settings.MEDIA_ROOT, settings.STATIC_ROOT, sep='\\n'"
        ).splitlines()

        for path in paths:
            self.assertTrue(path.startswith(str(self.data_dir)), path)

    def test_a_data_dir_that_is_not_there_is_made_when_a_process_starts_and_not_when_settings_are_read(self):
        folder = self.data_dir / "a" / "b"

        self.setting("settings.DATA_DIR", DATA_DIR=str(folder))
        self.assertEqual(list(self.data_dir.iterdir()), [])
        self.manage("check", DATA_DIR=str(folder))

        self.assertTrue(folder.is_dir())

    def test_the_stack_wants_its_servers_named(self):
        for name in ("DATABASE_URL", "REDIS_URL", "MEMCACHED_URL", "BROKER_URL"):
            with self.subTest(name=name):
                self.assertIn(name, self.refusal(**{knob: url for knob, url in STACK.items() if knob != name}))

    def test_the_stacks_addresses_are_read_from_its_file_and_the_environment_wins(self):
        (self.data_dir / "stack.env").write_text("".join(f"{knob}={url}\n" for knob, url in STACK.items()))

        values = self.setting(
            "settings.DATABASES['default']['NAME'], settings.MEMCACHED_URL",
            PROFILE="stack",
            MEMCACHED_URL="192.0.2.7:11211",
        )

        self.assertEqual(values, "mine 192.0.2.7:11211")

    def test_replicas_are_databases_that_are_asked_by_a_router(self):
        values = self.setting(
            "*[each['HOST'] for each in settings.DATABASES.values()], settings.DATABASE_ROUTERS",
            **STACK,
            DATABASE_REPLICA_URLS="mysql://me:secret@192.0.2.8/mine,mysql://me:secret@192.0.2.9/mine",
        )

        self.assertEqual(values, "127.0.0.1 192.0.2.8 192.0.2.9 ['utils.database.replicas.ReplicaRouter']")

    def test_there_are_no_replicas_of_sqlite(self):
        self.assertIn("DATABASE_REPLICA_URLS", self.refusal(DATABASE_REPLICA_URLS="mysql://me:secret@192.0.2.8/mine"))

    def test_the_embedded_profile_does_not_read_the_stacks_file(self):
        (self.data_dir / "stack.env").write_text("".join(f"{knob}={url}\n" for knob, url in STACK.items()))

        values = self.setting("settings.DATABASES['default']['ENGINE'], settings.BROKER_URL, repr(settings.REDIS_URL)")

        self.assertEqual(values, "django.db.backends.sqlite3 memory://localhost/ ''")


class BrokerAddressTests(FreshStart, TestCase):
    NODES = "amqp://me:secret@192.0.2.1:5672/mine; amqp://me:secret@192.0.2.2/mine;"

    def test_several_nodes_are_each_tried_once(self):
        values = self.setting(
            "settings.BROKER_URL, settings.CELERY_BROKER_TRANSPORT_OPTIONS['max_retries']",
            **STACK | {"BROKER_URL": self.NODES},
        )

        self.assertEqual(values, "amqp://me:secret@192.0.2.1:5672/mine;amqp://me:secret@192.0.2.2/mine 1")

    def test_what_cannot_be_one_cluster_is_refused_without_showing_the_password(self):
        for other in (
            "amqp://me:secret@192.0.2.2/other",
            "amqp://you:secret@192.0.2.2/mine",
            "192.0.2.2:5672",
            "amqp://",
        ):
            with self.subTest(other=other):
                refusal = self.refusal(**STACK | {"BROKER_URL": f"{self.NODES}{other}"})

                self.assertIn("BROKER_URL", refusal)
                self.assertNotIn("secret", refusal)

    def test_none_at_all_is_refused(self):
        self.assertIn("BROKER_URL names no node", self.refusal(**STACK | {"BROKER_URL": " ; "}))


class HBaseAddressTests(FreshStart, TestCase):
    def test_one_gateway_or_several(self):
        both = "settings.HBASE['HOST'], settings.HBASE['PORT'], settings.HBASE['MORE_GATEWAYS']"

        self.assertEqual(self.setting(both), "9090 []")
        self.assertEqual(self.setting(both, HBASE_URL="hbase://a"), "a 9090 []")
        self.assertEqual(self.setting(both, HBASE_URL="hbase://a:9091,b,c:9093"), "a 9091 [('b', 9090), ('c', 9093)]")

    def test_what_is_no_address_is_refused(self):
        for url in ("a:9090", "http://a:9090", "hbase://", "hbase://a,", "hbase://a:port"):
            with self.subTest(url=url):
                self.assertIn("HBASE_URL", self.refusal(HBASE_URL=url))


class SecretTests(FreshStart, TestCase):
    def test_it_is_made_once_and_only_its_owner_may_read_it(self):
        first, second = self.setting("settings.SECRET_KEY"), self.setting("settings.SECRET_KEY")

        kept = self.data_dir / "secret_key"
        self.assertEqual(first, second)
        self.assertGreaterEqual(len(first), 50)
        self.assertEqual(kept.read_text(), first)
        self.assertEqual(stat.S_IMODE(kept.stat().st_mode), 0o600)
        self.assertEqual([path.name for path in self.data_dir.iterdir() if path.is_file()], ["secret_key"])

    def test_two_copies_have_two(self):
        here = self.setting("settings.SECRET_KEY")
        there = self.setting("settings.SECRET_KEY", DATA_DIR=str(self.data_dir / "elsewhere"))

        self.assertNotEqual(here, there)

    def test_one_from_the_environment_wins_and_is_written_nowhere(self):
        secret = self.setting("settings.SECRET_KEY", SECRET_KEY="from the environment")

        self.assertEqual(secret, "from the environment")
        self.assertFalse((self.data_dir / "secret_key").exists())


class DeploymentTests(FreshStart, TestCase):
    def test_as_it_is_deployed_django_has_nothing_to_complain_about(self):
        done = self.python(
            "manage.py", "check", "--deploy", "--fail-level", "WARNING", SECURE="on", ALLOWED_HOSTS="twitter.example"
        )

        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("no issues", done.stdout + done.stderr)

    def test_no_migration_is_missing(self):
        self.assertIn("No changes detected", self.manage("makemigrations", "--check", "--dry-run"))

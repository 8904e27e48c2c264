"""
The image and deploy/compose.yaml keep what they promise: limits, order, no secrets on command lines, no demo people.
"""

import re
import socket
import subprocess
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.test import SimpleTestCase

from testing.stack_processes import Process, free_port, production_command
from testing.testcases import Steps
from twitter.tests.fresh import FreshStart

DEPLOY = settings.BASE_DIR / "deploy"
SERVERS = {"mariadb", "redis", "memcached", "rabbitmq", "hbase"}
PROCESSES = {"web", "fanout", "default", "relay", "beat"}
# What our own image and nginx can do without; the others' first processes begin as root.
CONFINED = PROCESSES | {"migrate", "hbase", "nginx", "redis", "memcached"}
SECRET = re.compile(r"\$\{?\w*(PASSWORD|PASS|AUTH|TOKEN)\w*")
BUILD_GROUPS = {"build", "python", "hbase"}
# A password as an argument is everybody's who may run `ps`.
PASSWORD_AS_ARGUMENT = re.compile(
    r"redis-cli\b[^\n|;]*\s-a\s|--requirepass|--pass\s|--password[= ]\S"
    r"|\b(?:mariadb|mysql)(?:-dump|-admin)?\s[^\n|;]*\s-p[\w$'\"]"
)


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def services():
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]


class ComposeTests(SimpleTestCase):
    def each(self, names=None):
        for name, service in services().items():
            if names is None or name in names:
                with self.subTest(service=name):
                    yield name, service

    def test_the_processes_are_those_of_the_supervisor_by_the_same_commands(self):
        for name, service in self.each(PROCESSES - {"web"}):
            # Without setpriv, which ends it with the supervisor.
            program, *arguments = production_command(name)[3:]

            self.assertEqual(service["command"], [Path(program).name, *arguments])

    def test_each_has_limits(self):
        for _, service in self.each():
            self.assertEqual(set(service["deploy"]["resources"]["limits"]), {"cpus", "memory", "pids"})

    def test_each_that_stays_is_asked_whether_it_is_well(self):
        for name, service in self.each(set(services()) - {"migrate"}):
            self.assertTrue(service["healthcheck"]["test"])
            if name in PROCESSES:
                self.assertEqual(service["healthcheck"]["test"], ["CMD", "python", "deploy/healthcheck.py", name])
        self.assertEqual(services()["migrate"]["restart"], "no")

    def test_they_start_in_order_servers_tables_processes_nginx(self):
        healthy = {"condition": "service_healthy"}
        servers = dict.fromkeys(SERVERS, healthy)

        for _, service in self.each(PROCESSES):
            migrated = {"migrate": {"condition": "service_completed_successfully"}}
            self.assertEqual(service["depends_on"], servers | migrated)
        self.assertEqual(services()["migrate"]["depends_on"], servers)
        self.assertEqual(services()["nginx"]["depends_on"], {"web": healthy})

    def test_no_secret_is_on_a_command_line_but_in_the_shells_own_words(self):
        for _, service in self.each():
            words = [*service.get("command", ()), *service.get("healthcheck", {}).get("test", ())]
            # $$NAME is left to the shell inside, whose printf is no process.
            there = [word for word in words if SECRET.search(re.sub(r"printf '[^']*' \"\$\$\w+\"", "", word))]

            self.assertEqual(there, [])

    def test_no_secret_has_a_default(self):
        text = (DEPLOY / "compose.yaml").read_text()

        self.assertEqual(re.findall(r"\$\{\w*PASSWORD:?-", text), [])
        self.assertEqual(re.findall(r"PASS\w*: (?!\$\{)(?!\"1\").+", text), [])

    def test_demo_people_come_only_where_they_are_asked_for(self):
        with_demo = [name for name, service in services().items() if "manage.py demo" in str(service.get("command"))]

        self.assertEqual(with_demo, ["migrate"])
        self.assertIn('[ "$$DEMO" != on ] || python manage.py demo', services()["migrate"]["command"][-1])
        self.assertEqual(services()["migrate"]["environment"]["DEMO"], "${DEMO:-off}")

    def test_only_nginx_is_reachable_and_on_loopback(self):
        published = {name: service["ports"] for name, service in services().items() if "ports" in service}
        networks = {name: service["networks"] for name, service in services().items()}

        self.assertEqual(published, {"nginx": ["127.0.0.1:${PORT:-8000}:8080"]})
        self.assertEqual({tuple(networks[name]) for name in SERVERS}, {("back",)})
        self.assertEqual(networks["nginx"], ["front"])

    def test_what_can_be_confined_is(self):
        for _, service in self.each(CONFINED):
            self.assertTrue(service["read_only"])
            self.assertEqual(service["cap_drop"], ["ALL"])
        for _, service in self.each(set(services())):
            self.assertEqual(service["security_opt"], ["no-new-privileges:true"])

    def test_the_broker_is_one_that_is_still_supported(self):
        self.assertEqual(services()["rabbitmq"]["image"], "rabbitmq:4")


class ImageTests(SimpleTestCase):
    def setUp(self):
        text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
        stages = re.split(r"^FROM ", text, flags=re.MULTILINE)[1:]
        self.stages = {re.match(r"\S+ AS (\S+)", stage)[1]: stage for stage in stages}

    def test_compilers_stay_in_stages_of_their_own(self):
        for name in ("project", "hbase"):
            installed = re.findall(r"provision\.sh ([a-z -]+?) *(?:&&|$)", self.stages[name], re.MULTILINE)

            self.assertEqual(len(installed), 1)
            self.assertFalse(BUILD_GROUPS & set(installed[0].split()), installed)
            self.assertIn(f"COPY --from={name}-build", self.stages[name])

    def test_nobody_is_root_and_everybody_is_asked_whether_they_are_well(self):
        for name in ("project", "hbase"):
            user = re.findall(r"^USER (\d+):\d+$", self.stages[name], re.MULTILINE)[-1]

            self.assertGreater(int(user), 0)
            self.assertRegex(self.stages[name], r"(?m)^HEALTHCHECK .*CMD \[")

    def test_the_web_server_is_the_supervisors(self):
        _, *arguments = production_command("web")[3:]
        words = ", ".join(f'"{word}"' for word in ["gunicorn", *arguments])

        self.assertIn(f"CMD [{words}]", self.stages["project"])


class HealthTests(FreshStart, SimpleTestCase):
    def health(self, name):
        knobs = {"PROMETHEUS_MULTIPROC_DIR": str(self.data_dir), "PORT": str(free_port())}
        return self.python("deploy/healthcheck.py", name, **knobs).returncode

    def test_a_process_that_was_seen_lately_is_well_and_another_is_not(self):
        note = "from utils.observability.metrics import note_alive; note_alive('relay')"
        self.python("-c", note, PROMETHEUS_MULTIPROC_DIR=str(self.data_dir))

        self.assertEqual([self.health("relay"), self.health("beat")], [0, 1])

    def test_a_web_server_that_does_not_answer_is_not(self):
        self.assertEqual(self.health("web"), 1)


class CommandLinesTests(SimpleTestCase):
    def test_no_script_and_no_page_of_the_docs_passes_a_password_as_an_argument(self):
        files = [*DEPLOY.rglob("*"), *(settings.BASE_DIR / "docs").rglob("*.md"), *settings.BASE_DIR.glob("*.md")]
        found = [
            f"{path.name}: {match[0]}"
            for path in files
            if path.is_file() and (match := PASSWORD_AS_ARGUMENT.search(path.read_text(errors="replace")))
        ]

        self.assertEqual(found, [])


@pytest.mark.stack
class RedisOfComposeTests(Steps, FreshStart, SimpleTestCase):
    def test_it_wants_the_password_and_shows_it_to_nobody(self):
        port, redis = free_port(), services()["redis"]
        config = (DEPLOY / "compose" / "redis.conf").read_text()
        (self.data_dir / "redis.conf").write_text(f"{config}port {port}\nbind 127.0.0.1\n".replace("/run/redis", "."))
        script = redis["command"][-1].replace("$$", "$").replace("/run/redis", str(self.data_dir))
        script = script.replace("/usr/local/etc", str(self.data_dir))

        server = Process(["sh", "-c", f"cd {self.data_dir} && {script}"], {"PATH": "/usr/bin", "REDISCLI_AUTH": "hush"})
        self.addCleanup(server.kill)
        self.until(lambda: listens(port), "Redis listens")

        self.assertIn("NOAUTH", self.ask(port))
        self.assertIn("PONG", self.ask(port, REDISCLI_AUTH="hush"))
        self.assertNotIn("hush", subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout)

    def ask(self, port, **environment):
        command = ["redis-cli", "-p", str(port), "ping"]
        return subprocess.run(command, env={"PATH": "/usr/bin", **environment}, capture_output=True, text=True).stdout

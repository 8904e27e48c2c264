"""
What the scripts in deploy/ share: knobs from the environment and .env, secrets, steps, and processes that are ours.
"""

import signal
import subprocess

from twitter.tests.scripts import COMMON, LIBRARY, ScriptTestCase


class EnvFileTests(ScriptTestCase):
    def loaded(self, text, *names, **knobs):
        """
        Return the values that these variables have after a file was loaded.
        """
        (self.folder / "env").write_text(text)
        shown = " ".join(f'"${{{name}-unset}}"' for name in names)
        return self.said(f'load_env_file "$FOLDER/env"; printf "%s\\n" {shown}', **knobs).split("\n")

    def test_each_line_sets_a_variable_and_the_environment_wins(self):
        values = self.loaded("HOST=0.0.0.0\nPORT=8123\n", "HOST", "PORT", PORT="9000")

        self.assertEqual(values, ["0.0.0.0", "9000"])

    def test_nothing_in_it_is_run(self):
        values = self.loaded("ALLOWED_HOSTS=$(touch $FOLDER/run)`touch $FOLDER/run`\n", "ALLOWED_HOSTS")

        self.assertEqual(values, ["$(touch $FOLDER/run)`touch $FOLDER/run`"])
        self.assertFalse((self.folder / "run").exists())

    def test_quotes_keep_spaces_and_hash_signs(self):
        text = "METRICS_TOKEN=\"two words # one token\"\nSENTRY_DSN='https://key@host/#1'  \n"

        self.assertEqual(
            self.loaded(text, "METRICS_TOKEN", "SENTRY_DSN"), ["two words # one token", "https://key@host/#1"]
        )

    def test_without_quotes_a_value_ends_before_a_comment(self):
        self.assertEqual(self.loaded("  DEMO=on   # people to look at\nSEED=a#b\n", "DEMO", "SEED"), ["on", "a#b"])

    def test_what_is_no_assignment_or_empty_sets_nothing(self):
        self.assertEqual(self.loaded("# DEMO=on\nDEMO\nPORT=\n9X=1\n", "DEMO", "PORT"), ["unset", "unset"])

    def test_the_last_line_needs_no_end(self):
        self.assertEqual(self.loaded("HOST=a\nPORT=8123", "PORT"), ["8123"])


class KnobsTests(ScriptTestCase):
    def test_those_in_the_checkouts_env_file_hold_where_the_environment_says_nothing(self):
        (self.folder / ".env").write_text("PORT=8123\nSTORE=hbase\n")

        self.assertEqual(self.said('echo "$PORT $STORE"', PORT="", STORE="mysql"), "8123 mysql")

    def test_a_knob_set_to_nothing_is_a_knob_not_set(self):
        self.assertEqual(self.said('echo "${PORT-unset} ${STORE-unset}"', PORT="", STORE="hbase"), "unset hbase")

    def test_yes_has_the_words_that_the_settings_take(self):
        words = ("on", "ON", "true", "1", "yes", "y", "ok", "off", "no", "0", "", "maybe")

        said = self.said(f'for word in {" ".join(map(repr, words))}; do is_on "$word" && echo yes || echo no; done')

        self.assertEqual(said.split(), ["yes"] * 7 + ["no"] * 5)

    def test_a_server_that_listens_everywhere_is_opened_on_loopback(self):
        addresses = [
            self.said("address", **knobs) for knobs in ({}, {"HOST": "0.0.0.0"}, {"HOST": "[::]", "PORT": "81"})
        ]

        self.assertEqual(
            addresses, ["http://127.0.0.1:8000/api/", "http://127.0.0.1:8000/api/", "http://127.0.0.1:81/api/"]
        )

    def test_the_data_folder_is_made_private_and_absolute_below_the_checkout(self):
        self.assertEqual(self.said('echo "$DATA_DIR"'), str(self.folder / "data"))
        self.assertEqual(self.said('echo "$DATA_DIR"', DATA_DIR="var"), str(self.folder / "var"))
        self.assertEqual(self.mode(self.folder / "data"), "0o700")

    def test_a_data_folder_that_cannot_be_made_ends_the_script_and_says_so(self):
        (self.folder / "file").touch()

        done = self.run_script("echo on we go", DATA_DIR=str(self.folder / "file" / "data"))

        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn(f"DATA_DIR {self.folder}/file/data cannot be made.", done.stderr)

    def test_an_older_database_that_others_may_read_is_closed(self):
        database = self.folder / "db.sqlite3"
        database.touch()
        database.chmod(0o644)

        self.said("true", DATA_DIR=str(self.folder))

        self.assertEqual(self.mode(database), "0o600")


class SecretsTests(ScriptTestCase):
    def test_a_secret_is_made_once_and_stays(self):
        first, second = (self.said("secret REDIS_PASSWORD; echo; secret BROKER_PASSWORD").split() for _ in range(2))

        self.assertEqual(first, second)
        self.assertNotEqual(*first)
        for secret in first:
            self.assertRegex(secret, r"^[A-Za-z0-9]{40}$")

    def test_nobody_else_may_read_them(self):
        self.said("umask 000; secret REDIS_PASSWORD")

        self.assertEqual(self.mode(self.folder / "data" / "stack" / "secrets"), "0o600")


class StepsTests(ScriptTestCase):
    def test_a_step_returns_the_status_of_its_command_and_reads_what_the_script_reads(self):
        self.assertEqual(self.said("step cat <<<'to the child'"), "to the child")
        self.assertEqual(self.run_script("step bash -c 'exit 7'").returncode, 7)

    def test_who_ends_the_script_ends_the_step_and_nothing_follows(self):
        commands = """step bash -c 'trap "echo child ended; exit 0" TERM; echo ready; while :; do sleep 0.05; done'
            echo on we go"""
        script = subprocess.Popen(self.command(commands), env=self.environment(), stdout=subprocess.PIPE, text=True)
        self.assertEqual(script.stdout.readline(), "ready\n")

        script.send_signal(signal.SIGTERM)

        self.assertEqual(script.communicate(timeout=30)[0], "child ended\n")
        self.assertEqual(script.returncode, 143)


class ProcessesTests(ScriptTestCase):
    """
    A server is known by a pid file and by a mark in its command line: its folder.
    """

    sourced = (COMMON, LIBRARY)

    def setUp(self):
        super().setUp()
        self.pid_file = self.folder / "data" / "stack" / "redis" / "pid"
        self.pid_file.parent.mkdir(parents=True)

    def process(self, mark, prepare="true"):
        """
        Start something that lasts, with a mark in its command line, and note it as our Redis.
        """
        lasts = f"{prepare}; echo ready; while :; do sleep 0.05; done"
        process = subprocess.Popen(["bash", "-c", lasts, mark], stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        process.stdout.readline()
        self.pid_file.write_text(f"{process.pid}\n")
        return process

    def known_pid(self):
        return self.said("get_pid redis || echo none")

    def test_the_one_in_the_file_is_ours_by_its_folder(self):
        process = self.process(f"{self.pid_file.parent}/redis.conf")

        self.assertEqual(self.known_pid(), str(process.pid))

    def test_a_number_that_is_somebody_elses_by_now_is_not(self):
        self.process("/elsewhere/redis.conf")

        self.assertEqual(self.known_pid(), "none")

    def test_nothing_is_ours_without_a_file_or_with_one_that_holds_no_number(self):
        self.assertEqual(self.known_pid(), "none")
        for text in ("", "\n", "1; true\n", "-1\n"):
            with self.subTest(text=text):
                self.pid_file.write_text(text)

                self.assertEqual(self.known_pid(), "none")

    def test_who_is_stopped_may_end_in_peace(self):
        process = self.process(f"{self.pid_file.parent}/")

        said = self.said(f'stop_pid Redis {process.pid} "$STACK/redis/"')

        self.assertEqual((process.wait(timeout=30), said), (-signal.SIGTERM, ""))

    def test_who_ignores_that_for_a_minute_is_killed(self):
        process = self.process(f"{self.pid_file.parent}/", prepare="trap '' TERM")

        # The minute passes with each look at the clock.
        said = self.said(
            f"""SECONDS=0
            has_mark() {{ SECONDS=61; return 0; }}
            stop_pid Redis {process.pid} "$STACK/redis/" """
        )

        self.assertEqual(process.wait(timeout=30), -signal.SIGKILL)
        self.assertEqual(said, "Redis did not stop within a minute and was killed.")

    def test_what_is_gone_already_is_stopped(self):
        gone = subprocess.run(["bash", "-c", "echo $$"], capture_output=True, text=True).stdout.strip()

        self.assertEqual(self.said(f'stop_pid Redis {gone} "$STACK/redis/"'), "")

    def test_a_configuration_is_for_its_server_alone(self):
        self.said("umask 000; echo 'requirepass secret' | write_private redis redis.conf")

        self.assertEqual(self.mode(self.pid_file.parent / "redis.conf"), "0o600")

    def test_two_scripts_start_and_stop_servers_one_after_the_other(self):
        holder = subprocess.Popen(
            self.command("make_stack; lock_stack; echo locked; read -r _"),
            env=self.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.assertEqual(holder.stdout.readline(), "locked\n")

        meanwhile = self.said('flock --nonblock "$STACK/lock" true && echo free || echo locked')
        holder.communicate("done\n", timeout=30)
        afterwards = self.said("make_stack; lock_stack; echo mine")

        self.assertEqual((meanwhile, afterwards), ("locked", "mine"))

    def test_a_server_that_is_not_ours_and_cannot_be_used_is_named_with_the_way_out(self):
        done = self.run_script('cannot_use redis "wants a password"', REDIS_PORT="7777")

        self.assertEqual(done.returncode, 1)
        self.assertEqual(
            done.stderr.strip(),
            "Redis on port 7777 is not ours and wants a password. "
            "Set REDIS_URL, or choose a free port with REDIS_PORT.",
        )

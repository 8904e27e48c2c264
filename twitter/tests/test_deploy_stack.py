"""
deploy/with-stack.sh, test.sh, venv.sh and provision.sh: which servers stop, what pytest is told, what is installed when.
"""

import shutil

from django.conf import settings

from twitter.tests.scripts import ScriptTestCase

# The stack of a checkout in which `up` starts what stands in $STARTS and notes it as running.
STACK = """
running=$DATA_DIR/running
touch "$running"
case $1 in
    running) cat "$running" ;;
    up) printf "%s\\n" $STARTS >>"$running" ;;
    down) ;;
esac
"""


class CheckoutTestCase(ScriptTestCase):
    """
    Some scripts are the project's; what they call is a stub.
    """

    scripts = ()

    def setUp(self):
        super().setUp()
        for path in self.scripts:
            shutil.copy(settings.BASE_DIR / path, self.folder / path)


class WithStackTests(CheckoutTestCase):
    scripts = ("deploy/with-stack.sh",)

    def setUp(self):
        super().setUp()
        self.stub("deploy/stack.sh", STACK)
        self.stub("deploy/venv.sh")
        self.stub("tests", 'echo "in profile $PROFILE"; exit "${STATUS-0}"')
        (self.folder / "data").mkdir()

    def with_stack(self, **knobs):
        return self.run_script(
            'exec "$FOLDER/deploy/with-stack.sh" "$FOLDER/tests" -q outbox', **{"STARTS": "redis", **knobs}
        )

    def test_a_command_runs_in_the_profile_of_the_servers_after_they_are_up(self):
        done = self.with_stack()

        self.assertEqual((done.returncode, done.stdout), (0, "in profile stack\n"))
        self.assertEqual(
            self.calls(),
            [
                "stack.sh running",
                "stack.sh up",
                "venv.sh dev stack",
                "tests -q outbox",
                "stack.sh running",
                "stack.sh down redis",
            ],
        )

    def test_its_exit_status_comes_through_and_the_servers_are_stopped_all_the_same(self):
        # .ci/steps.sh goes by pytest's status.
        for status in (1, 5, 137):
            with self.subTest(status=status):
                self.assertEqual(self.with_stack(STATUS=str(status)).returncode, status)
                self.assertEqual(self.calls()[-1], "stack.sh down redis")
                (self.folder / "data" / "running").unlink()

    def test_servers_that_ran_before_run_on(self):
        (self.folder / "data" / "running").write_text("mariadb\nrabbitmq\n")

        self.with_stack(STARTS="redis memcached")

        self.assertEqual(self.calls()[-1], "stack.sh down redis memcached")

    def test_where_nothing_was_started_nothing_is_stopped(self):
        # `down` without names would stop all of them.
        (self.folder / "data" / "running").write_text("mariadb\n")

        self.with_stack(STARTS="mariadb")

        self.assertEqual([call for call in self.calls() if "down" in call], [])

    def test_servers_that_do_not_start_end_it_before_the_command(self):
        self.stub("deploy/stack.sh", '[ "$1" != up ]')

        self.assertEqual(self.with_stack().returncode, 1)
        self.assertEqual(self.calls(), ["stack.sh running", "stack.sh up", "stack.sh running"])


class RunningTestsTests(CheckoutTestCase):
    scripts = ("deploy/test.sh",)

    def setUp(self):
        super().setUp()
        self.stub("deploy/axe.sh")
        self.stub("deploy/venv.sh")
        self.stub(".venv/bin/python", 'exit "${STATUS-0}"')
        self.stub("deploy/with-stack.sh", 'echo "HBase ${HBASE-on}"; exec "$@"')

    def pytest(self, *arguments, **knobs):
        """
        Return what pytest is told, in words.
        """
        self.said(" ".join(['exec "$FOLDER/deploy/test.sh"', *arguments]), **knobs)
        (call,) = [call for call in self.calls() if call.startswith("python -m pytest")]
        return call.split()

    def test_all_tests_share_two_processes_and_are_held_to_the_coverage(self):
        words = self.pytest()

        self.assertEqual(words[-7:-3], ["-n", "2", "--dist", "loadfile"])
        # The share is held to by a command of its own, after the tests.
        self.assertEqual(words[-3:], ["--cov", "--cov-report=", "--cov-fail-under=0"])
        self.assertEqual(self.calls()[-1], "python -m coverage report")

    def test_some_tests_run_in_one_process_and_without_it(self):
        words = self.pytest("outbox", "-x")

        self.assertEqual(words[-2:], ["outbox", "-x"])
        self.assertFalse({"-n", "--cov"} & set(words))

    def test_without_a_profile_no_servers_are_asked_for(self):
        self.pytest("outbox")

        self.assertEqual([call for call in self.calls() if call.startswith("with-stack.sh")], [])

    def test_on_the_servers_hbase_is_left_out_and_not_started(self):
        done = self.run_script('exec "$FOLDER/deploy/test.sh" outbox', PROFILE="stack")

        with_stack, pytest = self.calls()[-2:]
        self.assertTrue(with_stack.startswith("with-stack.sh"))
        self.assertIn("-m not hbase", pytest)
        self.assertIn("HBase off", done.stdout)

    def test_on_hbase_its_tests_run_and_those_that_need_no_store_do_not(self):
        said = " ".join(self.pytest("outbox", PROFILE="stack", STORE="hbase"))

        self.assertIn("-m not browser and not cluster outbox", said)
        self.assertNotIn("not hbase", said)

    def test_pytests_exit_status_comes_through(self):
        for profile in ("embedded", "stack"):
            with self.subTest(profile=profile):
                done = self.run_script('exec "$FOLDER/deploy/test.sh" outbox', PROFILE=profile, STATUS="5")

                self.assertEqual(done.returncode, 5)


class InstallingTests(CheckoutTestCase):
    scripts = ("deploy/venv.sh",)

    def setUp(self):
        super().setUp()
        locks = self.folder / "requirements" / "lock"
        locks.mkdir(parents=True)
        for name in ("run", "dev"):
            (locks / f"{name}.txt").write_text("django==5.2\n")
        self.stub(".venv/bin/python")
        self.stub("bin/uv", 'exit "${UV-0}"')

    def update(self, **knobs):
        path = f"{self.folder / 'bin'}:{self.environment()['PATH']}"
        return self.run_script('exec "$FOLDER/deploy/venv.sh" dev', PATH=path, **knobs)

    def installs(self, **knobs):
        """
        Bring the environment up to date; return the calls to installers.
        """
        before = len(self.calls())
        self.assertEqual(self.update(**knobs).returncode, 0)
        return [call for call in self.calls()[before:] if "pip install" in call]

    def test_the_locked_versions_are_installed_together_and_only_with_their_hashes(self):
        (call,) = self.installs()

        self.assertTrue(call.startswith("uv pip install"))
        self.assertIn("--require-hashes", call)
        self.assertTrue(call.endswith("-r requirements/lock/run.txt -r requirements/lock/dev.txt"))

    def test_nothing_is_installed_again_until_a_lock_changes(self):
        self.installs()
        again = self.installs()
        (self.folder / "requirements" / "lock" / "dev.txt").write_text("django==5.3\n")

        changed = self.installs()

        self.assertEqual((again, len(changed)), ([], 1))

    def test_pip_does_it_where_uv_cannot(self):
        uv, pip = self.installs(UV="1")

        self.assertTrue(uv.startswith("uv pip install"))
        self.assertTrue(pip.startswith("python -m pip install"))
        self.assertIn("--require-hashes", pip)

    def test_what_was_not_installed_is_tried_again(self):
        self.stub(".venv/bin/python", '[[ "$*" != *"pip install"* ]]')

        failed = self.update(UV="1")
        again = self.installs(UV="0")

        self.assertEqual((failed.returncode, len(again)), (1, 1))


class ProvisioningTests(CheckoutTestCase):
    """
    The package manager is a stub, and PATH has nothing besides it but what the script itself calls.
    """

    scripts = ("deploy/provision.sh",)

    def setUp(self):
        super().setUp()
        self.stub("bin/dpkg-query", '[[ " $INSTALLED " == *" ${@: -1} "* ]] && echo "install ok installed"')
        self.stub("bin/id", "echo 1000")
        for name in ("bash", "dirname", "sed"):
            (self.folder / "bin" / name).symlink_to(shutil.which(name))

    def provision(self, *groups, installed=""):
        commands = f'PATH=$FOLDER/bin exec "$FOLDER/deploy/provision.sh" {" ".join(groups)}'
        return self.run_script(commands, INSTALLED=installed)

    def test_what_is_there_already_is_not_asked_for(self):
        self.stub("bin/apt-get")

        done = self.provision("redis", "memcached", installed="redis-server memcached")

        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))
        self.assertEqual([call for call in self.calls() if call.startswith("apt-get")], [])

    def test_who_may_not_install_is_told_what_is_missing_and_how(self):
        self.stub("bin/apt-get")

        done = self.provision("redis", "memcached", installed="memcached")

        self.assertEqual(done.returncode, 1)
        self.assertEqual(
            done.stderr.strip(),
            "These packages are missing: redis-server. Install them with: sudo deploy/provision.sh redis memcached",
        )
        self.assertEqual([call for call in self.calls() if call.startswith("apt-get")], [])

    def test_elsewhere_than_on_debian_the_missing_ones_are_named(self):
        done = self.provision("redis", "memcached")

        self.assertEqual(done.returncode, 1)
        self.assertIn("missing and this is no Debian: redis-server memcached", done.stderr)

    def test_a_group_that_is_not_there_is_refused(self):
        done = self.provision("redis", "postgres", installed="redis-server")

        self.assertEqual((done.returncode, done.stderr.strip()), (2, "provision.sh: unknown group postgres"))

"""
What continuous integration makes of a test run that failed: only failed tests may be tried again.
"""

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from django.test import SimpleTestCase

ROOT = Path(__file__).parents[2]
# Stands for a script that runs pytest: notes its arguments and ends with the next of the exit statuses.
RUNNER = r"""
runs=0
runner() {
    echo "run: $*"
    set -- "${statuses[@]}"
    shift "$runs"
    runs=$((runs + 1))
    (exit "$1")
}
# The steps run in this shell, so that the runs can be counted.
step() { "$@"; }
"""


class RepeatedTestsTests(SimpleTestCase):
    def setUp(self):
        self.folder = self.enterContext(TemporaryDirectory())

    def ci(self, *statuses):
        """
        Let `tested` call a runner that ends with `statuses`; return its runs and the steps that failed.
        """
        commands = (
            f'. "{ROOT}/deploy/common.sh"\n. "{ROOT}/.ci/steps.sh"\n{RUNNER}\n'
            f"statuses=({' '.join(map(str, statuses))})\n"
            'tested "the tests" runner some/tests\n'
            'printf "failed: %s\\n" "${failed[@]}"\n'
        )
        done = subprocess.run(
            ["bash", "-uc", commands],
            cwd=self.folder,
            env={**os.environ, "DATA_DIR": self.folder},
            capture_output=True,
            text=True,
            check=True,
        )
        lines = done.stdout.splitlines()
        runs = [line.removeprefix("run: ") for line in lines if line.startswith("run: ")]
        return runs, [line.removeprefix("failed: ") for line in lines if line.startswith("failed: ")]

    def test_tests_that_pass_run_once(self):
        self.assertEqual(self.ci(0), (["some/tests"], [""]))

    def test_tests_that_failed_and_pass_the_second_time_are_mended(self):
        runs, failed = self.ci(1, 0)

        self.assertEqual(len(runs), 2)
        self.assertIn("some/tests --last-failed", runs[1])
        self.assertEqual(failed, [""])

    def test_tests_that_fail_twice_have_failed(self):
        runs, failed = self.ci(1, 1)

        self.assertEqual(len(runs), 2)
        self.assertEqual(failed, ["the tests", "the tests: what failed, once more"])

    def test_a_run_that_a_signal_ended_is_not_mended_by_its_failed_tests(self):
        for status in (130, 137, 143):
            with self.subTest(status=status):
                self.assertEqual(self.ci(status, 0), (["some/tests"], ["the tests"]))

    def test_a_run_that_pytest_broke_off_is_not_mended_either(self):
        # 2: interrupted, or a file that could not be read; 3: an error of pytest; 5: there were no tests.
        for status in (2, 3, 5):
            with self.subTest(status=status):
                self.assertEqual(self.ci(status, 0), (["some/tests"], ["the tests"]))

    def test_failures_of_another_step_are_not_run_again(self):
        remembered = Path(self.folder, ".pytest_cache/v/cache/lastfailed")
        remembered.parent.mkdir(parents=True)
        remembered.write_text('{"another/tests": true}')

        self.ci(1, 0)

        self.assertFalse(remembered.exists())


# Stands for Python: pytest and `coverage report` end as the test says, and each notes that it ran.
PYTHON = """#!/usr/bin/env bash
case $2 in
    pytest) echo pytest; exit "$PYTEST_STATUS" ;;
    coverage) echo coverage; exit "$COVERAGE_STATUS" ;;
esac
"""


class CoverageTests(SimpleTestCase):
    def setUp(self):
        self.root = Path(self.enterContext(TemporaryDirectory()))
        (self.root / "deploy").mkdir()
        for script in ("common.sh", "test.sh"):
            shutil.copy(ROOT / "deploy" / script, self.root / "deploy")
        self.write("deploy/venv.sh", "#!/bin/sh\n")
        self.write("deploy/axe.sh", "#!/bin/sh\n")
        self.write("venv/bin/python", PYTHON)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def run_tests(self, *arguments, pytest, coverage):
        """
        Run `deploy/test.sh`; return its exit status and the programs that it ran.
        """
        done = subprocess.run(
            [self.root / "deploy/test.sh", *arguments],
            env={
                **{"PATH": os.environ["PATH"], "DATA_DIR": str(self.root / "var"), "VENV_NAME": "venv"},
                **{"PYTEST_STATUS": str(pytest), "COVERAGE_STATUS": str(coverage)},
            },
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, [line for line in done.stdout.splitlines() if line in ("pytest", "coverage")]

    def test_tests_that_pass_and_cover_enough_are_a_success(self):
        self.assertEqual(self.run_tests(pytest=0, coverage=0), (0, ["pytest", "coverage"]))

    def test_failed_tests_may_be_tried_again_if_enough_is_covered(self):
        self.assertEqual(self.run_tests(pytest=1, coverage=0), (1, ["pytest", "coverage"]))

    def test_too_little_coverage_is_never_taken_for_a_failed_test(self):
        for pytest in (0, 1):
            with self.subTest(pytest=pytest):
                self.assertEqual(self.run_tests(pytest=pytest, coverage=2), (2, ["pytest", "coverage"]))

    def test_a_run_that_broke_off_measured_nothing(self):
        self.assertEqual(self.run_tests(pytest=137, coverage=2), (137, ["pytest"]))

    def test_some_of_the_tests_are_not_measured(self):
        self.assertEqual(self.run_tests("likes", pytest=0, coverage=2), (0, ["pytest"]))

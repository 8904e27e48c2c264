"""
The locks hold what the requirements ask for, without asking any index; and a lock that does not is found.
"""

import re

from django.test import SimpleTestCase
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from testing.tests.sources import ROOT

# {lock: the requirements it is made of}
LOCKS = {
    "run": "requirements.txt",
    "stack": "requirements/stack.txt",
    "telemetry": "requirements/telemetry.txt",
    "dev": "requirements/dev.txt",
    "clients": "requirements/clients.txt",
    "attacks": "requirements/attacks.txt",
}
# What is installed into one environment.
TOGETHER = ("run", "stack", "telemetry", "dev")
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)([^\n]*(?:\n    --hash=[^\n]*)*)\n    # via ([^\n]*)$", re.MULTILINE)


def requirements(path):
    """
    Return {name: Requirement} of a file, and of those that it includes.
    """
    found = {}
    for line in (ROOT / path).read_text().splitlines():
        line = line.partition("#")[0].strip()
        if line.startswith("-r "):
            found |= requirements((ROOT / path).parent / line.removeprefix("-r "))
        elif line:
            requirement = Requirement(line)
            found[canonicalize_name(requirement.name)] = requirement
    return found


def pins(text):
    """
    Return [(name, version, hashes, why it is there)] of a lock.
    """
    return [
        (canonicalize_name(name), version, re.findall(r"--hash=sha256:[0-9a-f]{64}", rest), why)
        for name, version, rest, why in PIN.findall(text)
    ]


def complaints(required, text):
    """
    Return in which ways a lock is not what `make lock` would make of its requirements.
    """
    found, asked = [], set()
    for name, version, hashes, why in pins(text):
        if not hashes:
            found.append(f"{name} has no hash")
        if "-r " in why:
            asked.add(name)
        if name in required and not required[name].specifier.contains(version):
            found.append(f"{name} {version} is not {required[name]}")
    found += [f"{name} is required and not locked" for name in sorted(required.keys() - asked)]
    found += [f"{name} is locked and no longer required" for name in sorted(asked - required.keys())]
    return found


class LocksTests(SimpleTestCase):
    def test_each_lock_is_that_of_its_requirements(self):
        for lock, path in LOCKS.items():
            with self.subTest(lock=lock):
                found = complaints(requirements(path), (ROOT / f"requirements/lock/{lock}.txt").read_text())

                self.assertFalse(found, "\n  ".join(["renew it with `make lock`:", *found]))

    def test_locks_that_are_installed_together_agree(self):
        versions = {}
        for lock in TOGETHER:
            of_lock = {}
            for name, version, _, _ in pins((ROOT / f"requirements/lock/{lock}.txt").read_text()):
                of_lock.setdefault(name, set()).add(version)
            for name, found in of_lock.items():
                versions.setdefault(name, set()).add(frozenset(found))

        self.assertFalse({name for name, found in versions.items() if len(found) > 1})

    def test_a_lock_names_no_index(self):
        for lock in LOCKS:
            text = (ROOT / f"requirements/lock/{lock}.txt").read_text()

            self.assertNotRegex(text, r"https?://|--(extra-)?index-url|--find-links|--trusted-host")


class StaleLocksTests(SimpleTestCase):
    required = {"django": Requirement("Django>=5.2.19,<6")}
    lock = f"django==5.2.20 \\\n    --hash=sha256:{'0' * 64}\n    # via -r requirements.txt\n"

    def test_a_lock_in_order_is_none(self):
        self.assertEqual(complaints(self.required, self.lock), [])

    def test_what_is_wrong_is_found(self):
        other = {"celery": Requirement("celery~=5.7")}
        cases = [
            (self.required, self.lock.replace("5.2.20", "5.2.18"), "django 5.2.18 is not Django<6,>=5.2.19"),
            (self.required | other, self.lock, "celery is required and not locked"),
            ({}, self.lock, "django is locked and no longer required"),
            (self.required, "django==5.2.20\n    # via -r requirements.txt\n", "django has no hash"),
        ]

        for required, lock, words in cases:
            with self.subTest(words=words):
                self.assertEqual(complaints(required, lock), [words])

"""
Thousands of requests: generated from the schema, as three kinds of caller, and hostile ones of our own.
"""

import os
import random
import subprocess
from pathlib import Path

import pytest

from attacks import fuzzer
from attacks.client import HOST
from attacks.conftest import CASES

SEED = os.environ.get("SEED") or str(random.randrange(10**9))
# For each operation and phase. deploy/attacks.sh makes the folder of the tool.
EXAMPLES = max(5, min(100, CASES // 1_000))
SCHEMATHESIS = Path(os.environ.get("ATTACK_TOOLS", "")) / "bin" / "schemathesis"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
SHOWN = 5


def role(site, name):
    """
    Return the token of a user with content, None for anonymous, and ids that exist.
    """
    person = site.person(is_unlimited=True, is_staff=name == "staff")
    tweet = person.post("/api/tweets/", {"content": "Fuzzed by everybody"}).json["id"]
    comment = person.post("/api/comments/", {"tweet_id": tweet, "content": "Fuzzed"}).json["id"]
    return None if name == "anonymous" else person.token, [person.id, tweet, comment, person.user.profile.id]


def test_hostile_requests_find_no_server_error_and_no_other_words(site, measured):
    tokens, known = zip(*(role(site, name) for name in ("anonymous", "user", "staff")))

    outcome = fuzzer.run(
        site.open_port, CASES, seed=SEED, tokens=tokens, known=[identifier for ids in known for identifier in ids]
    )

    seconds = sorted(outcome.seconds)
    families = ", ".join(f"{status}: {count:,}" for status, count in sorted(outcome.statuses.items()))
    measured.append(
        f"seed {SEED}, {CASES:,} cases; {families} (0: closed without a word); "
        f"p99 {seconds[len(seconds) * 99 // 100] * 1000:.0f} ms, longest {seconds[-1]:.1f} s"
    )
    assert not outcome.faults, "\n".join([f"{len(outcome.faults)} faults", *outcome.faults[:SHOWN]])
    assert site.nobody().get("/livez").status == 200


@pytest.mark.parametrize("name", ["anonymous", "user", "staff"])
def test_requests_made_from_the_schema_get_what_the_schema_says(site, name, measured):
    token, _ = role(site, name)
    address = f"http://{HOST}:{site.open_port}"
    command = [
        str(SCHEMATHESIS), "run", f"{address}/api/schema/?format=json", "--url", address, "--checks", CHECKS,
        "--max-examples", str(EXAMPLES), "--phases", "examples,coverage,fuzzing", "--seed",
        os.environ.get("SEED") or "1",
        "--no-color", "--no-shrink", "--workers", "1", "--suppress-health-check", "all", "--warnings", "off",
        "--header", "X-Forwarded-Proto:https", "--header", "Host:localhost", "--max-response-time", "5",
        "--exclude-path-regex", "accounts/(me|logout|password)/", "--exclude-checks", "unsupported_method",
    ]  # fmt: skip
    if token:
        command += ["--header", f"Authorization:Bearer {token}"]

    done = subprocess.run(command, capture_output=True, text=True, timeout=1_800, check=False)

    measured += [line.strip() for line in done.stdout.splitlines() if "generated" in line][:1]
    assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-2_000:]

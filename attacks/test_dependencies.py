"""
The packages that the project uses: the installed versions are the required ones, and their known weaknesses.

    python -m attacks.test_dependencies     writes docs/reports/dependencies.md
"""

import json
import os
import re
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
FILES = ("requirements.txt", "requirements/stack.txt", "requirements/dev.txt")
REPORT = ROOT / "docs" / "reports" / "dependencies.md"
TITLE = """# What is installed

A dated list, no audit: `pip-audit` takes its advisories from PyPI's JSON API, and the package index at hand on this day
serves packages without that API: asked about Django alone, it "could not be audited". With PyPI in reach:
`make attacks AUDIT=on`.
Compare the versions with https://osv.dev or https://github.com/advisories before a release.
"""


def requirements():
    """
    Yield (file, Requirement) of each package that is required by name.
    """
    for name in FILES:
        for line in (ROOT / name).read_text().splitlines():
            words = line.partition("#")[0].strip()
            if words and not words.startswith("-"):
                yield name, Requirement(words)


def test_what_is_installed_is_what_the_pins_allow(measured):
    wanted = list(requirements())

    wrong = [str(wish) for _, wish in wanted if version(wish.name) not in wish.specifier]

    measured.append(f"{len(wanted)} packages")
    assert wrong == []


def test_every_package_has_a_lower_and_an_upper_bound():
    loose = [str(wish) for _, wish in requirements() if not re.search(r"~=|==|<", str(wish.specifier))]

    assert loose == []


@pytest.mark.audit
def test_no_weakness_is_known_of_what_is_installed(tmp_path, measured):
    listed = tmp_path / "installed.txt"
    listed.write_text("".join(f"{wish.name}=={version(wish.name)}\n" for _, wish in requirements()))
    tool = Path(os.environ["ATTACK_TOOLS"]) / "bin" / "pip-audit"

    done = subprocess.run(
        [str(tool), "-r", str(listed), "--no-deps", "--disable-pip", "-f", "json", "--progress-spinner", "off"],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip

    packages = json.loads(done.stdout)["dependencies"]
    left_out = [package["name"] for package in packages if "skip_reason" in package]
    measured.append(f"{len(packages) - len(left_out)} audited, {len(left_out)} could not be")
    assert [package for package in packages if package.get("vulns")] == []
    assert not left_out, f"nothing was said about {left_out}"


def write_report():
    rows = [f"| {wish.name} | {wish.specifier} | {version(wish.name)} | {file} |" for file, wish in requirements()]
    lines = [
        TITLE,
        f"{datetime.now(UTC):%Y-%m-%d}\n",
        "| package | asked for | installed | by |",
        "|---|---|---|---|",
        *rows,
    ]
    REPORT.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    write_report()

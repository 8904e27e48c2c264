"""
Exposed secrets: in the repository, on command lines and in files that others may read; and which program listens where.
"""

import os
import re
import stat
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from attacks.client import HOST

ROOT = Path(settings.BASE_DIR)
SECRET = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|xox[bap]-[0-9A-Za-z-]{20,}"
)
PASSWORDS = ("DATABASE_URL", "REDIS_URL", "BROKER_URL")


def project_files():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name]


def passwords():
    return {urlsplit(os.environ[name]).password for name in PASSWORDS} - {None, ""}


def test_no_secret_is_in_the_repository(measured):
    files = [path for path in project_files() if path.is_file()]
    texts = {path: path.read_bytes().decode(errors="ignore") for path in files}

    measured.append(f"{len(files)} files")
    assert [path.name for path, text in texts.items() if SECRET.search(text)] == []
    assert [path.name for path, text in texts.items() if any(password in text for password in passwords())] == []
    assert not {".env", "secret_key", "stack.env"} & {path.name for path in files}


def test_no_password_stands_on_a_command_line_of_the_project(site):
    lines = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in site.web_pids()}
    for process in site.processes.values():
        for pid in process.children:
            lines[pid] = Path(f"/proc/{pid}/cmdline").read_bytes()

    assert lines and not [pid for pid, line in lines.items() if any(word.encode() in line for word in passwords())]
    for name in ("docs/operations.md", "deploy/compose.yaml"):
        text = (ROOT / name).read_text()
        assert not re.search(r"redis-cli[^\n]* -a |--requirepass|mysqladmin[^\n]* -p\S", text), name


def test_what_the_site_writes_is_for_its_owner_alone(site):
    folder = Path(settings.DATA_DIR)

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "secret_key").stat().st_mode) == 0o600
    open_to_all = [
        path
        for path in folder.rglob("*")
        # The web server in front may open photos, because it knows their names.
        if "media" not in path.parts and path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    assert open_to_all == []


def test_the_programs_listen_on_loopback_alone(site):
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
            fields = line.split()
            address, port = fields[1].split(":")
            if fields[3] == "0A" and int(port, 16) in (site.port, site.open_port):
                assert address == "0100007F", f"{HOST} is meant, {address} it is"


def test_a_public_address_is_refused_without_a_proxy():
    command = [str(ROOT / ".venv" / "bin" / "python"), "manage.py", "check"]
    knobs = {"HOST": "0.0.0.0", "SECURE": "on"}

    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **knobs}, capture_output=True, text=True)

    assert done.returncode != 0 and "ALLOW_PUBLIC_HOST" in done.stderr


def test_the_settings_of_a_deployment_pass_djangos_own_check():
    command = [str(ROOT / ".venv" / "bin" / "python"), "manage.py", "check", "--deploy", "--fail-level", "WARNING"]

    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "ALLOWED_HOSTS": "twitter.example"}, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr


def test_no_demo_password_opens_anything(site):
    for name in ("alice_demo", "bob_demo", "admin_demo", "admin", "root", "moderator_demo"):
        response = site.nobody().post("/api/accounts/login/", {"username": name, "password": "demo-password"})
        assert response.status == 400, response

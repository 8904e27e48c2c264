"""
deploy/hbase/hbase.sh: starts, stops and survives what happens to servers.
"""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from utils.tests.hbase.samples import Entry
from utils.tests.hbase.servers import Server

pytestmark = [pytest.mark.stack, pytest.mark.hbase]


class TestStart:
    def test_a_second_start_leaves_the_running_server_alone(self, server):
        pid = server.pid

        done = server.run("start")

        assert server.pid == pid
        assert f"ready on 127.0.0.1:{server.port}" in done.stdout

    def test_ready_means_that_a_table_can_be_made(self, server):
        server.kill()

        server.start()

        assert Entry.drop_table() is True
        assert Entry.create_table() is True

    def test_two_starts_at_once_make_one_server(self, server):
        server.stop()

        with ThreadPoolExecutor(2) as threads:
            outputs = [done.stdout for done in threads.map(lambda _: server.run("start"), range(2))]

        assert all(f"ready on 127.0.0.1:{server.port}" in output for output in outputs)
        assert "ready" in server.run("status").stdout

    def test_a_pid_file_with_somebody_elses_number_is_not_believed(self, server):
        server.stop()
        server.pid_file.write_text(str(os.getpid()))

        assert server.run("status", check=False).stdout == "down\n"
        assert "not running" in server.run("stop").stdout
        server.pid_file.write_text("nonsense")
        server.start()

        assert server.pid != os.getpid()

    def test_a_port_that_is_taken_is_named_with_the_variable_to_set(self, server, tmp_path):
        other = Server(tmp_path, HBASE_THRIFT_PORT=str(server.port))

        done = other.run("start", check=False)

        assert done.returncode == 1
        assert f"port {server.port} is taken by another process; set HBASE_THRIFT_PORT" in done.stderr

    def test_a_folder_that_would_break_the_settings_is_refused(self, tmp_path):
        done = Server(tmp_path / "a b&c").run("status", check=False)

        assert done.returncode == 1
        assert "DATA_DIR may only hold letters" in done.stderr

    def test_a_missing_java_is_said_with_what_to_install(self, tmp_path):
        tools = tmp_path / "bin"
        tools.mkdir()
        for tool in ("bash", "dirname", "cat", "sha256sum", "cut", "mkdir", "flock", "seq", "sed"):
            (tools / tool).symlink_to(subprocess.check_output(["which", tool], text=True).strip())
        server = Server(tmp_path, PATH=str(tools))

        done = server.run("start", check=False)

        assert done.returncode == 1
        assert "java is missing; on Debian: apt-get install --no-install-recommends default-jdk-headless maven" in (
            done.stderr
        )


class TestStop:
    def test_what_was_written_is_there_after_a_stop_and_a_start(self, server):
        Entry.create(owner_id=1, tweet_id=1)

        server.stop()
        assert server.run("status", check=False).stdout == "down\n"
        server.start()

        assert Entry.get(owner_id=1, tweet_id=1) is not None

    def test_a_frozen_server_can_be_stopped(self, server):
        server.freeze()

        server.stop()

        assert server.run("status", check=False).returncode == 1

    def test_stopping_twice_is_no_error(self, server):
        server.stop()

        assert "not running" in server.run("stop").stdout


class TestFetch:
    def test_a_second_fetch_does_nothing(self, own_server):
        done = own_server.run("fetch")

        assert done.stdout == ""


class TestCreateTable:
    def test_a_table_in_regions_from_its_birth(self, server):
        Entry.drop_table()

        for _ in range(2):
            server.run("create-table", *Entry.create_table_arguments())

        assert [region.start.hex() for region in Entry.regions()] == ["", "4000", "8000", "c000"]
        assert Entry.create_table() is False
        Entry.batch_create([Entry(owner_id=owner, tweet_id=1) for owner in range(256)])
        assert Entry.count() == 256


class TestAddresses:
    def test_every_port_is_on_the_loopback(self, server):
        listening = subprocess.check_output(["ss", "-Hltnp"], text=True).splitlines()

        addresses = [line.split()[3] for line in listening if f"pid={server.pid}," in line]

        assert len(addresses) == 4
        assert all(address.startswith("127.0.0.1:") for address in addresses)

"""
The rehearsal of a restore: `make drill`.

People act, the database is dumped, people act on, and the database is lost. After the restore every row, and everything
that the API shows to anybody, must be as it was at the dump; what caches, queues and HBase have heard since must not show.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ

from testing.stack_environment import production_environment

environ.Env.read_env(Path(os.environ["DATA_DIR"]) / "stack.env")
STORES = {"HBASE_URL": os.environ.get("HBASE_URL", ""), "STORE": os.environ.get("STORE", "mysql")}
os.environ |= production_environment(database="test_drill") | STORES

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from attacks.site import make_database  # noqa: E402
from comments.models import Comment  # noqa: E402
from faults.checker import Checker, feed_fsck, pages, read  # noqa: E402
from faults.control import PROGRAMS, World, until  # noqa: E402
from faults.load import Load, Person  # noqa: E402
from stores.models import StorePhase  # noqa: E402
from twitter.management.commands.create_hbase_tables import TABLES  # noqa: E402
from utils.caching.emptying import empty_caches  # noqa: E402

PEOPLE = 4
SECONDS_BEFORE, SECONDS_AFTER = 8, 4
# When it was last back-filled is no part of what was backed up.
WRITTEN_BY_RESTORE = {StorePhase._meta.db_table} if STORES["HBASE_URL"] else set()
MAX_SHOWN = 20

# What something is called, and a value that must be the same before and after.
Facts = dict[str, Any]


class Drill:
    """
    The rehearsal, step by step; `differences` is what it has found.
    """

    def __init__(self, folder: Path) -> None:
        self.dump, self.photos = folder / "twitter.sql", folder / "media"
        self.world = World()
        self.people: list[Person] = []
        self.differences: list[str] = []

    def run(self) -> None:
        step("People act", self.act)
        shown = step("Everything that the API shows is noted", self.get_shown)
        self.world.stop()
        rows = step("Every table is summed up", get_checksums)
        step("Backup", self.back_up)
        step("People act on, and the database is lost", self.lose)
        step("Restore", self.restore)
        self.differences += compare(rows, step("Every table is summed up", get_checksums))
        self.world.start_programs(*PROGRAMS)
        self.differences += compare(shown, step("Everything that the API shows is compared", self.get_shown))
        self.differences += feed_fsck()
        if not self.differences:
            step("A row is lost, to see that it would be noticed", lambda: self.lose_a_row(rows, shown))

    def act(self) -> None:
        empty_caches()
        if settings.HBASE["HOST"]:
            for table in TABLES:
                table.drop_table(outside_tests=True)
            call_command("create_hbase_tables", verbosity=0)
        self.world.start()
        self.people = self.world.make_people(PEOPLE)
        with Load(self.people) as load:
            load.runs_for(SECONDS_BEFORE)
        until(lambda: not (Checker(self.people).look() or feed_fsck()), "everything is delivered")

    def get_shown(self) -> Facts:
        return {
            f"{path} for user {one.id}": body
            for one in self.people
            for path, body in get_pages(one, self.people).items()
        }

    def back_up(self) -> None:
        manage("backup", str(self.dump))
        shutil.copytree(settings.MEDIA_ROOT, self.photos)

    def lose(self) -> None:
        self.world.start_programs(*PROGRAMS)
        with Load(self.people) as load:
            load.runs_for(SECONDS_AFTER)
        self.world.stop()
        make_database()

    def restore(self) -> None:
        manage("restore", str(self.dump))
        shutil.copytree(self.photos, settings.MEDIA_ROOT, dirs_exist_ok=True)

    def lose_a_row(self, rows: Facts, shown: Facts) -> None:
        """
        Delete a comment behind the project's back: both comparisons must see it, or they see nothing.
        """
        comment_id = next(body[0]["id"] for name, body in shown.items() if name.startswith("comments/") and body)
        Comment.objects.filter(id=comment_id).delete()
        empty_caches()
        for before, after in ((rows, get_checksums()), (shown, self.get_shown())):
            if not compare(before, after):
                self.differences.append(f"comment {comment_id} is gone, and was not missed")


def get_pages(one: Person, people: Sequence[Person]) -> Facts:
    """
    Return {path: what is there} of every page that one person can see of anybody.
    """
    ids = [other.id for other in people]
    lists = ["newsfeeds/?limit=100", "notifications/"]
    lists += [f"tweets/?user_id={id}&limit=100" for id in ids]
    lists += [f"friendships/{id}/{way}/?limit=100" for id in ids for way in ("followers", "followings")]
    shown = {path: list(pages(one.client, f"/api/{path}")) for path in lists}
    tweets = [tweet for id in ids for tweet in shown[f"tweets/?user_id={id}&limit=100"]]
    for tweet in tweets:
        path = f"comments/?tweet_id={tweet['id']}&limit=100"
        shown[path] = list(pages(one.client, f"/api/{path}"))
    details = [f"users/{id}/" for id in ids] + [f"tweets/{tweet['id']}/" for tweet in tweets]
    shown |= {path: read(one.client, f"/api/{path}") for path in [*details, "notifications/unread-count/"]}
    for url in [url for tweet in tweets for url in tweet["photo_urls"]]:
        answer = one.client.get(urlsplit(url).path)
        shown[url] = answer.status, answer.body
    return shown


def get_checksums() -> Facts:
    """
    Return {table: checksum of its rows} of the database.
    """
    tables = sorted({*connection.introspection.table_names()} - WRITTEN_BY_RESTORE)
    with connection.cursor() as cursor:
        cursor.execute(f"CHECKSUM TABLE {', '.join(tables)}")
        return {f"table {table}": checksum for table, checksum in cursor.fetchall()}


def compare(before: Facts, after: Facts) -> list[str]:
    return [f"{name} is different" for name in sorted({*before, *after}) if before.get(name) != after.get(name)]


def manage(*arguments: str) -> None:
    """
    Run a command as somebody would who has lost a database.
    """
    subprocess.run([sys.executable, "manage.py", *arguments], check=True)


def step(what: str, work: Callable[[], Any]) -> Any:
    print(what, flush=True)
    return work()


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="drill") as folder:
        drill = Drill(Path(folder))
        try:
            drill.run()
        finally:
            drill.world.stop()
    for difference in drill.differences[:MAX_SHOWN]:
        print(difference)
    print(f"{len(drill.differences)} differences" if drill.differences else "All is as it was.")
    return 1 if drill.differences else 0


if __name__ == "__main__":
    sys.exit(main())

"""
Plays the trace of the feed laboratory once. `manage.py lab` starts it, one process for each strategy and repeat.
"""

import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from newsfeeds.lab.player import play
from newsfeeds.lab.processes import REDIS_DATABASE, Laboratory
from newsfeeds.lab.trace import Trace
from utils.caching.redis.client import client


class Command(BaseCommand):
    help = "Part of lab: plays a recorded trace once by FEED_STRATEGY, in a scratch database, and writes what it cost."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("repeat", type=int)
        parser.add_argument("folder", type=Path)
        parser.add_argument("--pages", type=int, required=True)

    def handle(self, *, repeat: int, folder: Path, pages: int, **options: Any) -> None:
        trace = Trace.from_json((folder / "trace.json").read_text())
        self.empty_redis()
        self.make_world(folder)
        try:
            result = play(trace, repeat=repeat, pages=pages)
        finally:
            connection.creation.destroy_test_db(str(connection.settings_dict["NAME"]), verbosity=0)
        Laboratory(folder, trace, pages, settings.FEED_PULL_THRESHOLD).save(result)

    def make_world(self, folder: Path) -> None:
        """
        Make the scratch database with the people and the graph, and nothing else. SQLite's is made once and then copied.
        """
        world, scratch = folder / "world.sqlite3", connection.settings_dict["TEST"]["NAME"]
        if is_made := world.exists():
            shutil.copy(world, scratch)
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False, keepdb=is_made)
        if is_made:
            return
        call_command("load_graph", str(folder / "edges.txt"), stdout=self.stdout, stderr=self.stderr)
        if connection.vendor == "sqlite":
            draft = folder / "world.draft"
            draft.unlink(missing_ok=True)
            with connection.cursor() as cursor:
                cursor.execute("VACUUM INTO %s", [str(draft)])
            draft.replace(world)

    def empty_redis(self) -> None:
        """
        Empty what an earlier play has left in the laboratory's own Redis database.

        :raises CommandError: this process would empty another one.
        """
        if not settings.REDIS_URL:
            return
        if not settings.REDIS_URL.endswith(f"/{REDIS_DATABASE}"):
            raise CommandError(
                f"only Redis database {REDIS_DATABASE} may be emptied; manage.py lab starts this command"
            )
        client.call("FLUSHDB")

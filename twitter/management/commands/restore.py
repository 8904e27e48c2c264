"""
Puts a dump in the place of the database, and makes everything that is derived from it anew.
"""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from newsfeeds.services import FeedCheckService
from stores.constants import FEEDS, Phase
from stores.dual_write import BOTH_STORES
from stores.services import PhaseService
from twitter.management.dumps import BackupFailed, restore
from twitter.management.table_migrations import MIGRATIONS, TIMEOUT_MS
from utils.caching.emptying import empty_caches
from utils.errors import StoreUnavailable
from utils.hbase.exceptions import HBaseError
from utils.hbase.pool import timeout


class Command(BaseCommand):
    help = (
        "Drops the database and loads a file of `manage.py backup`; then empties both caches, and fills the tables of HBase "
        "anew. With all processes stopped, and safe to repeat after an interruption."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **options: Any) -> None:
        try:
            restore(file)
            self.stdout.write("The database is restored.")
            # They may be newer than it. A newer state would win against it.
            empty_caches()
            self.stdout.write("Redis and Memcached are empty.")
            if settings.HBASE["HOST"]:
                with timeout(TIMEOUT_MS):
                    self.fill_hbase()
        except BackupFailed as error:
            raise CommandError(str(error)) from error
        except (StoreUnavailable, HBaseError) as error:
            raise CommandError(f"{error}. Start nothing; run it again once every server is there.") from error

    def fill_hbase(self) -> None:
        """
        Make HBase's tables anew, from the tables of the database. What HBase has deleted since the dump
        would not come back under the version that it had.
        """
        for migration in MIGRATIONS.values():
            for replica in migration.replicas:
                replica.model.drop_table(outside_tests=True)
                replica.model.create_table(outside_tests=True)
            phase = PhaseService.get_status(table=migration.table).row.phase
            if phase in BOTH_STORES:
                call_command("backfill_store", migration.table, from_start=True, stdout=self.stdout)
        if PhaseService.get_status(table=FEEDS).row.phase == Phase.HBASE_ONLY:
            self.fill_feeds()

    def fill_feeds(self) -> None:
        """
        Put every row into feeds that HBase alone has: the dump has none of them, but all that they are made of.
        """
        FeedCheckService.forget_progress()
        chunks = list(FeedCheckService.check_all(repair=True))
        if left := sum(len(chunk.left) for chunk in chunks):
            raise CommandError(f"{left} differences are left in feeds: manage.py feed_fsck --repair")
        self.stdout.write(f"{sum(chunk.readers_count for chunk in chunks)} feeds are filled.")

"""
Shows the phases of the tables, and takes one of them a step forward or back.
"""

import time
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from stores.constants import TABLES, Phase
from stores.models import StorePhase
from stores.services import PhaseService
from stores.services.phases import TableStatus
from utils.errors import ServiceError

ASK_AGAIN_SECONDS = 0.5
ROW = "{:<12} {:<11} {:>4}  {:<16}  {:<20} {:<24} {}"
TITLES = ("table", "phase", "read", "since (UTC)", "known by", "back-fill", "last comparison")


class Command(BaseCommand):
    help = "Shows the phases of the tables, or moves one of them a step; docs/operations.md tells the order of steps."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("table", nargs="?", choices=TABLES)
        parser.add_argument("phase", nargs="?", choices=Phase.values)
        parser.add_argument("--percentage", type=int, default=100, help="of the users who read HBase in read_hbase")
        parser.add_argument("--reason", default="", help="for the history")
        parser.add_argument(
            "--force", action="store_true", help="read from HBase what was never back-filled or compared"
        )
        parser.add_argument("--wait", action="store_true", help="until every process knows")

    def handle(self, *, table: str | None, phase: str | None, wait: bool, **options: Any) -> None:
        if table and phase:
            self.change(table, phase, options)
        if table and wait:
            self.wait(table)
        self.show([PhaseService.get_status(table=table)] if table else PhaseService.get_statuses())

    def change(self, table: str, phase: str, options: dict[str, Any]) -> None:
        wanted = {name: options[name] for name in ("percentage", "reason", "force")}
        try:
            PhaseService.change_phase(table=table, phase=phase, **wanted)
        except ServiceError as error:
            raise CommandError(error.message)

    def wait(self, table: str) -> None:
        """
        Return once every process knows.
        """
        while not PhaseService.get_status(table=table).is_known:
            time.sleep(ASK_AGAIN_SECONDS)

    def show(self, statuses: Iterable[TableStatus]) -> None:
        if not settings.HBASE["HOST"]:
            self.stdout.write("HBASE_URL is not set, so everything is in MySQL, even if another phase is shown here.")
        self.stdout.write(ROW.format(*TITLES))
        for status in statuses:
            row = status.row
            since = f"{row.changed_at:%Y-%m-%d %H:%M}" if row.generation else "the beginning"
            values = (row.table, row.phase, f"{row.read_percentage} %", since, status.known_by, describe_backfill(row))
            self.stdout.write(ROW.format(*values, status.compared))


def describe_backfill(row: StorePhase) -> str:
    """
    Say in words how far the back-fill of a table is.
    """
    if row.backfill_finished_at:
        return f"done {row.backfill_finished_at:%Y-%m-%d %H:%M}"
    return "none" if row.backfill_cursor is None else f"at {row.backfill_cursor}"

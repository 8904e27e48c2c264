"""
Whose feeds lack rows.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from newsfeeds.services import FeedUpkeepService, ReaderService


class Command(BaseCommand):
    help = (
        "Prints how many readers are idle or returning, and how many feeds are trimmed: the settings "
        "FEED_SKIP_IDLE_DAYS and FEED_TRIM."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--walk", action="store_true", help="begin the daily walk over all readers now")

    def handle(self, *, walk: bool, **options: Any) -> None:
        counts = ReaderService.count()
        self.stdout.write(
            f"{counts.known} readers are known: {counts.idle} idle, {counts.returning} returning, "
            f"{counts.trimmed} with a trimmed feed."
        )
        if walk:
            is_due = FeedUpkeepService.begin()
            self.stdout.write("A walk begins." if is_due else "There is nothing to do: everybody has every row.")

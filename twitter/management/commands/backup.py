"""
Dumps the database.
"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from twitter.management.dumps import BackupFailed, dump


class Command(BaseCommand):
    help = (
        "Writes all rows of the database, as they are at one moment, to a new file: SQL, or a copy of the SQLite file. "
        "Safe under traffic. Not in it: photos and SECRET_KEY."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **options: Any) -> None:
        try:
            dump(file)
        except BackupFailed as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{file}: {file.stat().st_size:,} bytes")

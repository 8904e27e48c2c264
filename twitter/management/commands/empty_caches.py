"""
Empties the caches.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from utils.caching.emptying import empty_caches
from utils.errors import StoreUnavailable


class Command(BaseCommand):
    help = (
        "Deletes everything in Redis and in Memcached, on each of their servers. Everybody's pages come from the database "
        "until they are filled again; safe under traffic and to repeat."
    )

    def handle(self, **options: Any) -> None:
        try:
            empty_caches()
        except StoreUnavailable as error:
            raise CommandError(f"{error}; run it again once every server is there.") from error
        self.stdout.write("Redis and Memcached are empty.")

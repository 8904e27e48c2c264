"""
Prints how feeds come about, and how many authors and follows are pulled.
"""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from newsfeeds.models import FeedFollow, PulledAuthor


class Command(BaseCommand):
    help = (
        "Says by which strategy feeds come about, and how much is pulled and has no rows. "
        "Only where nothing is pulled may FEED_STRATEGY become push."
    )

    def handle(self, **options: Any) -> None:
        self.stdout.write(f"FEED_STRATEGY: {settings.FEED_STRATEGY}")
        for name, model in (("authors", PulledAuthor), ("follows", FeedFollow)):
            rows = model._default_manager.filter(pulled_since__isnull=False)
            returning_count = rows.filter(pulled_until__isnull=False).count()
            self.stdout.write(f"pulled {name}: {rows.count()}, of which on their way back: {returning_count}")

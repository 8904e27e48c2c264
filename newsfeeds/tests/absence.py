"""
Readers who stay away, and the daily upkeep that notices.
"""

from datetime import timedelta

from django.utils import timezone

from newsfeeds.models import FeedReader
from newsfeeds.tasks import begin_feed_upkeep


def long_ago():
    return timezone.now() - timedelta(days=40)


class StaysAway:
    """
    For test cases about people.
    """

    def stay_away(self, *people):
        """
        Let people not read their feeds for 40 days: no list of theirs is cached any more, and the upkeep has seen it.
        """
        for person in people:
            FeedReader.objects.update_or_create(user_id=person.id, defaults={"seen_at": long_ago()})
        self.caches_are_lost()
        self.upkeep()

    def upkeep(self):
        """
        Run the daily upkeep, and all other tasks.
        """
        begin_feed_upkeep()
        self.tasks_run()

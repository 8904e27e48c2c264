"""
How many feeds contain a tweet.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from newsfeeds.services import NewsFeedService
from tweets.models import Tweet


class Command(BaseCommand):
    help = "Prints how many feeds hold a tweet, beside how many followers its author has."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tweet_id", type=int)

    def handle(self, *, tweet_id: int, **options: Any) -> None:
        tweet = Tweet.objects.filter(id=tweet_id).first()
        if tweet is None:
            raise CommandError(f"there is no tweet {tweet_id}")
        holding, followers, own = NewsFeedService.count_feeds(tweet_id=tweet_id, author_id=tweet.user_id)
        self.stdout.write(
            f"{holding} of {followers} followers' feeds hold tweet {tweet_id} of user {tweet.user_id}; "
            f"the author's own feed {'holds it too' if own else 'does not'}."
        )

"""
Prints why a tweet is in a feed or not.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from newsfeeds.services import Explanation, ExplanationService
from tweets.services import TweetGone
from utils.database.time_ids import format_time


class Command(BaseCommand):
    help = "Says why a tweet is in somebody's feed, or why it is not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="an id or a user name")
        parser.add_argument("tweet_id", type=int)

    def handle(self, *, user: str, tweet_id: int, **options: Any) -> None:
        named = User.objects.filter(username=user.lower()).first()
        reader = named or (User.objects.filter(id=int(user)).first() if user.isdecimal() else None)
        if reader is None:
            raise CommandError(f"there is no user {user}")
        try:
            explanation = ExplanationService.explain(reader=reader, tweet_id=tweet_id)
        except TweetGone as error:
            raise CommandError(f"there is no tweet {tweet_id}") from error
        self.stdout.write("\n".join(self.lines(explanation)))

    def lines(self, explanation: Explanation) -> list[str]:
        where = "is" if explanation.in_feed else "is not"
        lines = [
            f"Tweet {explanation.tweet_id} of user {explanation.author_id} {where} in the feed of user "
            f"{explanation.user_id}: {explanation.reason.value}. {explanation.reason.label}"
        ]
        times = ("followed_at", "back_filled_at", "delivered_at", "not_followed_since")
        lines += [f"{name}: {format_time(moment)}" for name in times if (moment := getattr(explanation, name))]
        if explanation.batch:
            lines.append(f"batch: followers in ({explanation.batch[0]}, {explanation.batch[1]}]")
        if explanation.pending_photos:
            lines.append(f"pending_photos: {explanation.pending_photos}")
        return lines

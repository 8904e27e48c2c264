"""
Events that have piled up: the rows of acts and the outbox's rows about them, written in bulk.
"""

from collections.abc import Callable, Iterator
from itertools import islice

from django.contrib.contenttypes.models import ContentType

from accounts.models import User
from benchmarks.world import World
from comments.models import Comment
from friendships.models import Friendship
from likes.models import Like
from newsfeeds.models import NewsFeed
from outbox.handling import event_types
from outbox.services import OutboxService
from tweets.models import Tweet
from utils.database.time_ids import id_to_datetime, next_id

ROWS_AT_ONCE = 5_000
# Shares of all acts. Each tweet goes to the forty readers of its author.
MIX = {"liked": 0.4, "comment_created": 0.35, "followed": 0.2, "tweet_created": 0.05}


def create_events(world: World, count: int) -> None:
    """
    Commit `count` acts of all four kinds in turn, as if their requests had been answered and nothing had followed yet.
    """
    acts: dict[str, tuple[Iterator, Callable]] = {
        "liked": (_pairs(world.readers, world.tweets), _like),
        "comment_created": (_pairs(world.readers, world.tweets), _comment),
        # Those who post keep their forty followers, so that no tweet is a large fan-out.
        "followed": (_pairs(world.crowd[:900], world.followees[25:]), _follow),
        "tweet_created": (_pairs(world.followees[:25], range(count)), _post),
    }
    for _ in range(0, count, ROWS_AT_ONCE):
        for event, share in MIX.items():
            pairs, act = acts[event]
            payloads = act(list(islice(pairs, round(ROWS_AT_ONCE * share))))
            OutboxService.record_many(events=[event_types[event](**payload) for payload in payloads])


def _pairs(people: list[User], others: list) -> Iterator[tuple]:
    """
    Yield (one of `people`, one of `others`), all people for each other one: what comes together is about one thing.
    """
    return ((person, other) for other in others for person in people)


def _like(pairs: list[tuple[User, Tweet]]) -> list[dict]:
    content_type = ContentType.objects.get_for_model(Tweet)
    Like.objects.bulk_create(
        Like(id=next_id(), user_id=user.id, content_type=content_type, object_id=tweet.id) for user, tweet in pairs
    )
    return [
        {"content_type": "tweet", "object_id": tweet.id, "user_id": user.id, "owner_id": tweet.user_id}
        for user, tweet in pairs
    ]


def _comment(pairs: list[tuple[User, Tweet]]) -> list[dict]:
    comments = [Comment(id=next_id(), user_id=user.id, tweet=tweet, content="Well said!") for user, tweet in pairs]
    Comment.objects.bulk_create(comments)
    return [
        {
            "comment_id": comment.id,
            "tweet_id": comment.tweet_id,
            "user_id": comment.user_id,
            "tweet_author_id": comment.tweet.user_id,
        }
        for comment in comments
    ]


def _follow(pairs: list[tuple[User, User]]) -> list[dict]:
    friendships = [Friendship(id=next_id(), from_user_id=a.id, to_user_id=b.id) for a, b in pairs]
    Friendship.objects.bulk_create(friendships)
    return [
        {
            "follower_id": friendship.from_user_id,
            "followee_id": friendship.to_user_id,
            "friendship_id": friendship.id,
        }
        for friendship in friendships
    ]


def _post(pairs: list[tuple[User, int]]) -> list[dict]:
    tweets = [Tweet(id=next_id(), user_id=author.id, content=f"Tweet {number}") for author, number in pairs]
    for tweet in tweets:
        tweet.created_at = id_to_datetime(tweet.id)
    Tweet.objects.bulk_create(tweets)
    NewsFeed.objects.bulk_create(NewsFeed(user_id=tweet.user_id, tweet_id=tweet.id) for tweet in tweets)
    return [{"tweet_id": tweet.id, "author_id": tweet.user_id} for tweet in tweets]

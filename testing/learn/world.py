"""
People, follows and tweets for measurements, made in bulk.
"""

from collections.abc import Callable, Sequence
from itertools import count

from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User, UserProfile
from accounts.services import AccountService
from friendships.models import Friendship
from newsfeeds.services import PostingService
from outbox.relay import relay_once
from testing.learn.figures import microseconds
from tweets.models import Tweet
from utils.database.time_ids import id_to_datetime, next_id

names = count()


def people(number: int) -> list[User]:
    """
    Return this many new users, with profiles.
    """
    made = [User(username=f"person{n}", email=f"person{n}@example.com") for n in (next(names) for _ in range(number))]
    User.objects.bulk_create(made)
    UserProfile.objects.bulk_create(UserProfile(user=user) for user in made)
    return made


def follow(followers: Sequence[User], followees: Sequence[User]) -> None:
    """
    Let each of `followers` follow each of `followees`, without events.
    """
    pairs = [(follower, followee) for follower in followers for followee in followees]
    Friendship.objects.bulk_create(Friendship(id=next_id(), from_user=a, to_user=b) for a, b in pairs)
    AccountService.change_counts(deltas={user.id: {"followers_count": len(followers)} for user in followees})


def author_with(followers: int) -> User:
    """
    Return a new user with this many followers.
    """
    [author] = people(1)
    follow(people(followers), [author])
    return author


def post(author: User) -> int:
    return PostingService.post_tweet(author=author, content="Good morning").id


def tweets_by(authors: Sequence[User], each: int) -> list[Tweet]:
    """
    Return this many new tweets of each author, without events. The authors take turns.
    """
    ids = [(next_id(), author) for _ in range(each) for author in authors]
    return Tweet.objects.bulk_create(
        Tweet(id=id, user=author, content="Good morning", created_at=id_to_datetime(id)) for id, author in ids
    )


def run_handlers() -> None:
    """
    Let everything happen that has been recorded in the outbox.
    """
    while relay_once():
        pass


def microseconds_of_sql(action: Callable[[], object]) -> float:
    """
    Return what the one statement of an action takes the database, without Django's share.
    """
    with CaptureQueriesContext(connection) as captured:
        action()
    [query] = captured.captured_queries
    with connection.cursor() as cursor:
        return microseconds(lambda: cursor.execute(query["sql"]).fetchall())


def count_queries(action: Callable[[], object]) -> int:
    """
    Return how many statements an action takes, those of transactions aside.
    """
    with CaptureQueriesContext(connection) as captured:
        action()
    own = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")
    return len([query for query in captured if not query["sql"].startswith(own)])

"""
The world that is measured: people, an author with 14,060 followers, full feeds, open sessions.
"""

from collections.abc import Sequence
from importlib import import_module

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.core.cache import caches
from django.core.management import call_command
from django.db import connection, connections

from accounts.constants import LOGIN_BACKEND
from accounts.models import User, UserProfile
from comments.services import CommentService
from friendships.models import Friendship
from likes.services import LikeService
from newsfeeds.models import NewsFeed
from outbox.models import Message
from tweets.models import Tweet
from twitter.celery import app as celery
from utils.caching.redis.client import client
from utils.database.time_ids import next_id

OURS = LOGIN_BACKEND
DJANGOS = "django.contrib.auth.backends.ModelBackend"

READERS = 40
FOLLOWEES = 50
TWEETS_EACH = 20
FOLLOWERS = 14_060
COMMENTS = 20
# People who can log in; each has the same password, hashed once.
LOGIN_USERS = 100
PASSWORD = "correct horse battery"


def create_database() -> None:
    """
    Make the benchmark's own database from nothing, and empty the queues of what an earlier run has left in them.
    """
    celery.control.purge()
    name = settings.DATABASES["default"]["NAME"]
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = None
    connections["default"].close()
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS `{name}`")
        cursor.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci")
    connection.close()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name
    call_command("migrate", verbosity=0)
    client.call("FLUSHDB")
    caches["objects"].clear()


def create() -> "World":
    """
    Make the database anew, fill it, and return the people in it.
    """
    create_database()
    people = World()
    empty_outbox()
    return people


def create_people(first_id: int, count: int, prefix: str) -> list[User]:
    users = [
        User(id=first_id + n, username=f"{prefix}_{n}", email=f"{prefix}_{n}@bench.invalid", password="!")
        for n in range(count)
    ]
    User.objects.bulk_create(users, batch_size=5000)
    UserProfile.objects.bulk_create([UserProfile(user_id=user.id) for user in users], batch_size=5000)
    return users


def follow_all(followers: Sequence[User], followees: Sequence[User]) -> None:
    friendships = [
        Friendship(id=next_id(), from_user_id=a.id, to_user_id=b.id)
        for b in followees
        for a in followers
        if a.id != b.id
    ]
    Friendship.objects.bulk_create(friendships, batch_size=5000)
    for user in followees:
        UserProfile.objects.filter(user_id=user.id).update(followers_count=len(followers))


class World:
    """
    Readers who follow fifty people, each of whom has posted twenty times; one author whom 14,060 follow.
    """

    def __init__(self) -> None:
        self.followees = create_people(1000, FOLLOWEES, "followee")
        self.readers = create_people(2000, READERS, "reader_")
        self.lonely, self.star = create_people(3000, 2, "author")
        self.crowd = create_people(10_000, FOLLOWERS, "fan")
        self.login_users = create_people(5000, LOGIN_USERS, "login")
        User.objects.filter(id__in=[user.id for user in self.login_users]).update(password=make_password(PASSWORD))
        follow_all(self.readers, self.followees)
        follow_all(self.crowd, [self.star])
        self.post()

    def post(self) -> None:
        tweets = []
        for number in range(TWEETS_EACH):
            for author in self.followees:
                id = next_id()
                tweets.append(
                    Tweet(id=id, user_id=author.id, content=f"Tweet {number} of {author.username}: " + "x" * 60)
                )
        for tweet in tweets:
            tweet.save(force_insert=True)
        rows = [NewsFeed(user_id=reader.id, tweet_id=tweet.id) for reader in self.readers for tweet in tweets]
        NewsFeed.objects.bulk_create(rows, batch_size=5000)
        self.tweets = tweets
        self.talked_about = tweets[-1]
        for number in range(COMMENTS):
            CommentService.create_comment(
                user=self.followees[number], tweet=self.talked_about, content=f"Comment {number}: " + "y" * 40
            )
            LikeService.like(user=self.followees[number], model=Tweet, object_id=self.talked_about.id)


def open_session(user: User, backend: str) -> str:
    """
    Return the cookie of a session of this user, as login would have made it; in Django's own store for the floor.
    """
    engine = "django.contrib.sessions.backends.cached_db" if backend == DJANGOS else settings.SESSION_ENGINE
    session = import_module(engine).SessionStore()
    session[SESSION_KEY] = str(user.id)
    session[BACKEND_SESSION_KEY] = backend
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def empty_outbox() -> None:
    Message.objects.all().delete()

"""
The verbs of tweets.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from django.db.models import F
from django.utils import timezone

from accounts.models import User, Viewer
from accounts.records import UserRecord
from accounts.services import AccountService, PurgeService
from likes.services import LikeService
from outbox.services import OutboxService
from tweets import cache
from tweets.events import TweetDeleted, TweetsPurgeContinued
from tweets.models import Tweet, TweetPhoto
from tweets.records import TweetRecord
from utils.caching.memcached.objects import Lookup, read_through
from utils.database.pagination import IdRange, Page, fill_page
from utils.database.replicas import read_from_replica
from utils.database.time_ids import MAX_ID
from utils.database.transactions import after_commit, create_with_time_id, lock_in_share_mode, retried_transaction
from utils.errors import Missing, Unavailable


class TweetGone(Missing):
    """
    The tweet is already deleted, perhaps by the same request sent twice.
    """


class DeletionUnconfirmed(Unavailable):
    """
    The tweet is deleted, but neither cache confirmed it. Either may come back and still hold the old tweet.
    """

    code = "deletion_unconfirmed"
    message = "The tweet is deleted, but it may be visible for some more moments."


class LoadedTweet(NamedTuple):
    """
    A tweet as a page shows it: its text, its author, its counters, and whether the viewer likes it.
    """

    record: TweetRecord
    user: UserRecord
    state: cache.TweetState
    has_liked: bool

    @property
    def id(self) -> int:
        return self.record["id"]


class TweetService:
    """
    Everything the rest of the project may ask of tweets.
    """

    @classmethod
    def create_tweet(cls, *, author: User, content: str) -> Tweet:
        """
        Insert a tweet and count it, inside the transaction of the caller.

        To *post* a tweet, use newsfeeds.services.PostingService, which also fills the author's feed and lists.
        """
        AccountService.change_counts(deltas={author.id: {"tweets_count": 1}})
        return create_with_time_id(Tweet, user_id=author.id, content=content)

    @classmethod
    def list_entry(cls, *, tweet_id: int, author_id: int) -> tuple[str, int]:
        """
        Return a tweet's entry in its author's cached list, so that several lists can be changed in one round trip.
        """
        return cache.user_tweets.entries([author_id], tweet_id)[0]

    @classmethod
    def delete_tweet(cls, *, tweet: Tweet) -> None:
        """
        Hide a tweet from everyone at once; tasks remove it from feeds and lists later (event `tweet_deleted`).

        :raises TweetGone: it is already deleted.
        :raises DeletionUnconfirmed: it is deleted, but no cache confirmed it.
        """
        cls.mark_deleted(tweet=tweet)
        cls.confirm_deleted(tweet=tweet)

    @classmethod
    def get_visible(cls, *, tweet_id: int, viewer: Viewer) -> Tweet:
        """
        Return the tweet from the database, not from a cache.

        :raises TweetGone: it does not exist, or the viewer may not see it.
        :raises DeletionUnconfirmed: it is deleted, and still no cache has confirmed that.
        """
        tweet = Tweet.objects.visible_to(viewer).filter(id=tweet_id).first()
        if tweet is None:
            if deleted := Tweet.objects.filter(id=tweet_id, deleted_at__isnull=False).first():
                cls.confirm_deleted(tweet=deleted)
            raise TweetGone
        return tweet

    @classmethod
    def confirm_deleted(cls, *, tweet: Tweet) -> None:
        """
        Make sure that no cache shows a deleted tweet; call it after the commit. Repeats safely.

        :raises DeletionUnconfirmed: no cache confirmed it.
        """
        if not cls.invalidate_deleted(tweet_id=tweet.id):
            raise DeletionUnconfirmed

    @classmethod
    @retried_transaction
    def mark_deleted(cls, *, tweet: Tweet) -> None:
        """
        Delete a tweet in the database, as part of a larger transaction. Call `confirm_deleted` after the commit.

        :raises TweetGone: it is already deleted.
        """
        # The profile is locked first, as everywhere, but counted last: a deleted tweet must not be counted twice.
        AccountService.lock_profiles(user_ids=[tweet.user_id])
        changes = {"deleted_at": timezone.now(), "version": F("version") + 1, "revision": F("revision") + 1}
        if not Tweet.objects.not_deleted().filter(id=tweet.id).update(**changes):
            raise TweetGone
        AccountService.change_counts(deltas={tweet.user_id: {"tweets_count": -1}})
        OutboxService.record(event=TweetDeleted(tweet_id=tweet.id, author_id=tweet.user_id))
        after_commit(cache.user_tweets.remove, [tweet.user_id], tweet.id)

    @classmethod
    def push_state(cls, *, tweet: Tweet) -> bool:
        """
        Write a tweet's counters to Redis as this instance has them; return whether it confirmed. Repeats safely.

        One round trip and no query. A state older than the one in Redis changes nothing.
        """
        return cache.put_states({tweet.id: cache.TweetState.from_tweet(tweet)})

    @classmethod
    def refresh_states(cls, *, tweet_ids: Collection[int]) -> bool:
        """
        Write the current counters of tweets to Redis; return whether it confirmed. Repeats safely.

        One query and one round trip; none without an id. Cached texts never change.
        """
        tweets = Tweet.objects.filter(id__in=tweet_ids)
        return cache.put_states({tweet.id: cache.TweetState.from_tweet(tweet) for tweet in tweets})

    @classmethod
    def invalidate_deleted(cls, *, tweet_id: int) -> bool:
        """
        Mark a deleted tweet as deleted in the caches; return whether one of them confirmed. Repeats safely.
        """
        return cache.replace_versions(Tweet.objects.get(id=tweet_id))

    @classmethod
    def load_visible(
        cls, *, states: dict[int, cache.TweetState | None], viewer: Viewer, also: Sequence[Lookup] = ()
    ) -> list[LoadedTweet]:
        """
        Return the tweets that `viewer` may see, in the order of `states`.

        One round trip to Memcached when the cache is warm, for tweets, authors and the viewer's likes
        together; at most one query for each of these when it is not.

        :param states: {tweet id: TweetState, or None where Redis had none}.
        :param also: further lookups to read in the same round trip.
        """
        batch = cache.TweetBatch(states)
        authors = AccountService.user_lookup(user_ids={state.user_id for state in batch.states.values()})
        liked = LikeService.liked_lookup(viewer=viewer, model=Tweet)
        read_through(*filter(None, (batch.lookup, authors, liked, *also)))
        liked_ids = LikeService.load_liked_among(viewer=viewer, model=Tweet, ids=list(states), lookup=liked)
        records, is_visible = batch.records, AccountService.visibility_to(viewer=viewer)
        return [
            LoadedTweet(records[id], author, batch.states[id], id in liked_ids)
            for id in states
            if id in records and (author := authors.found.get(records[id]["user_id"])) and is_visible(author)
        ]

    @classmethod
    def load_entries(cls, *, entries: Sequence[tuple[int, bytes | None]], viewer: Viewer) -> list[LoadedTweet]:
        """
        Return the tweets that `viewer` may see among entries of a cached list: pairs (id, state as Redis stores it).
        """
        states = cache.parse_states([raw for _, raw in entries])
        return cls.load_visible(states={id: state for (id, _), state in zip(entries, states)}, viewer=viewer)

    @classmethod
    def load_tweet(cls, *, tweet_id: int, viewer: Viewer, also: Sequence[Lookup] = ()) -> LoadedTweet:
        """
        Return one tweet.

        :param also: further lookups to read in the same round trip.
        :raises TweetGone: it does not exist, or the viewer may not see it.
        """
        loaded = cls.load_visible(states=cache.load_states([tweet_id]), viewer=viewer, also=also)
        if not loaded:
            raise TweetGone
        return loaded[0]

    @classmethod
    def load_posted(cls, *, tweet: Tweet, photos: Sequence[TweetPhoto]) -> LoadedTweet:
        """
        Return a tweet that was just posted, as its author sees it, and cache its record for everybody else.

        No query when the author is cached: what was just written is not read back.
        """
        record = cache.to_record(tweet, [[photo.key, photo.status] for photo in photos])
        cache.fill_tweet(tweet, record)
        author = AccountService.load_users(user_ids=[tweet.user_id])[tweet.user_id]
        return LoadedTweet(record, author, cache.TweetState.from_tweet(tweet), has_liked=False)

    @classmethod
    def load_timeline(cls, *, user_id: int, viewer: Viewer, id_range: IdRange, limit: int) -> Page[LoadedTweet]:
        """
        Return a page of a user's tweets, newest first; empty if the user does not exist or `viewer` may not see them.
        """
        author = AccountService.load_users(user_ids=[user_id]).get(user_id)
        if not AccountService.visibility_to(viewer=viewer)(author):
            return Page([])

        def get_ids(before: int | None, after: int | None, wanted: int) -> list[int]:
            return cls.get_ids_by(user_id=user_id, before=before, after=after, limit=wanted)

        def get_older_ids(before: int | None, after: int | None, wanted: int) -> list[int]:
            return read_from_replica(lambda: get_ids(before, after, wanted), viewer_id=viewer.id)

        def fetch(before: int | None, after: int | None, wanted: int) -> list[tuple[int, bytes | None]]:
            return cache.user_tweets.load(
                user_id, before=before, after=after, limit=wanted, fetch=get_ids, fetch_beyond=get_older_ids
            )

        def filter_visible(entries: Sequence[tuple[int, bytes | None]]) -> list[LoadedTweet]:
            return cls.load_entries(entries=entries, viewer=viewer)

        return fill_page(id_range, limit, fetch=fetch, filter_visible=filter_visible, get_id=lambda tweet: tweet.id)

    @classmethod
    def get_ids_by(cls, *, user_id: int, before: int | None, after: int | None, limit: int | None) -> list[int]:
        """
        Return up to `limit` ids (None: all) of a user's undeleted tweets with after < id < before, newest first; one query.
        """
        tweets = Tweet.objects.not_deleted().filter(user_id=user_id)
        if before is not None:
            tweets = tweets.filter(id__lt=before)
        if after is not None:
            tweets = tweets.filter(id__gt=after)
        return list(tweets.order_by("-id").values_list("id", flat=True)[:limit])

    @classmethod
    def get_existing_ids(cls, *, tweet_ids: Collection[int]) -> set[int]:
        """
        Return the ids whose tweets exist and are not deleted, from the database and not from a cache; one query.
        """
        return set(Tweet.objects.not_deleted().filter(id__in=tweet_ids).values_list("id", flat=True))

    @classmethod
    def lock_shared_newest(cls, *, user_id: int, count: int) -> list[int]:
        """
        Lock a user's newest `count` tweets against deletion until commit (others may share the lock); return their ids.
        """
        newest = Tweet.objects.not_deleted().filter(user_id=user_id).order_by("-id")
        return lock_in_share_mode(newest.values_list("id", flat=True)[:count])

    @classmethod
    def lock_shared_existing(cls, *, tweet_ids: Collection[int]) -> list[int]:
        """
        Lock, as `lock_shared_newest` does, the tweets among these that are not deleted; return their ids. One query.
        """
        return lock_in_share_mode(Tweet.objects.not_deleted().filter(id__in=tweet_ids).values_list("id", flat=True))

    @classmethod
    def get_all_ids_by(cls, *, user_id: int, before: int = MAX_ID) -> Iterator[list[int]]:
        """
        Yield all ids of a user's tweets below `before`, deleted ones too, in lists of up to 1,000; one query per list.
        """
        return Tweet.objects.filter(user_id=user_id, id__lt=before).walk_ids()

    @classmethod
    def get_deleted_ids_by(cls, *, user_id: int) -> Iterator[list[int]]:
        """
        Yield the ids of a user's deleted tweets in lists of up to 1,000; one query per list.
        """
        return Tweet.objects.filter(user_id=user_id, deleted_at__isnull=False).walk_ids()

    @classmethod
    def purge_some(cls, *, user_id: int) -> None:
        """
        Delete some tweets of a user whose account is closed: `PurgeService.purge_some`.
        """
        PurgeService.purge_some(
            user_id=user_id,
            rows=Tweet.objects.not_deleted().filter(user_id=user_id),
            remove=lambda tweet: cls.delete_tweet(tweet=tweet),
            continued=TweetsPurgeContinued(user_id=user_id),
        )

"""
The verbs of tweets.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import NamedTuple

from django.db.models import F
from django.utils import timezone

from accounts.services import AccountService
from likes.services import LikeService
from outbox.services import OutboxService
from tweets import cache
from tweets.constants import PURGE_SIZE
from tweets.events import TweetDeleted, TweetsPurgeContinued
from tweets.models import Tweet, TweetPhoto
from utils.caching.memcached.objects import read_through
from utils.database.pagination import fill_page
from utils.database.time_ids import MAX_ID
from utils.database.transactions import after_commit, create_with_time_id, lock_in_share_mode, retried_transaction
from utils.errors import Missing, Unavailable


class TweetGone(Missing):
    """
    The tweet was deleted before, perhaps by the same request sent twice.
    """


class DeletionUnconfirmed(Unavailable):
    """
    The tweet is deleted, but neither cache could be told; both may come back with what they held.
    """

    code = "deletion_unconfirmed"
    message = "The tweet is deleted, but it may be visible for some more moments."


class LoadedTweet(NamedTuple):
    """
    A tweet as a page shows it: what it says, by whom, its counters, and whether the viewer likes it.
    """

    record: dict
    user: dict
    state: cache.TweetState
    has_liked: bool

    @property
    def id(self):
        return self.record["id"]


class TweetService:
    """
    Everything the rest of the project may ask of tweets.
    """

    @classmethod
    def create_tweet(cls, *, author, content):
        """
        Insert a tweet and count it, inside the transaction of the caller.

        Whoever wants to *post* uses newsfeeds.services.PostingService, which also fills the author's feed and lists.
        """
        AccountService.change_counts({author.id: {"tweets_count": 1}})
        return create_with_time_id(Tweet, user_id=author.id, content=content)

    @classmethod
    def list_entry(cls, tweet_id: int, author_id: int) -> tuple[str, int]:
        """
        Return the place of a tweet on its author's cached list, for changing several lists in one round trip.
        """
        [entry] = cache.user_tweets.entries([author_id], tweet_id)
        return entry

    @classmethod
    def delete_tweet(cls, *, tweet):
        """
        Hide a tweet from everyone, at once; its feeds and lists are emptied of it by tasks (event `tweet_deleted`).

        :raises TweetGone: it was deleted before.
        :raises DeletionUnconfirmed: it is deleted, but no cache could be told.
        """
        cls.mark_deleted(tweet=tweet)
        cls.confirm_deleted(tweet=tweet)

    @classmethod
    def get_present(cls, tweet_id, viewer):
        """
        Return the tweet, from the ledger and not from a cache.

        :raises TweetGone: there is none, or the viewer may not see it.
        :raises DeletionUnconfirmed: it was deleted, and still no cache could be told.
        """
        tweet = Tweet.objects.visible_to(viewer).filter(id=tweet_id).first()
        if tweet is None:
            deleted = Tweet.objects.filter(id=tweet_id, deleted_at__isnull=False).first()
            if deleted:
                cls.confirm_deleted(tweet=deleted)
            raise TweetGone
        return tweet

    @classmethod
    def confirm_deleted(cls, *, tweet):
        """
        See to it that no cache can show a deleted tweet, once the deletion is committed. Repeats safely.

        :raises DeletionUnconfirmed: no cache could be told.
        """
        if not cls.forget(tweet.id):
            raise DeletionUnconfirmed

    @classmethod
    @retried_transaction
    def mark_deleted(cls, *, tweet):
        """
        Delete a tweet in the ledger, as part of a larger transaction; `confirm_deleted` must follow its commit.

        :raises TweetGone: it was deleted before.
        """
        # Parent first, but counted last: of a tweet that is gone already there may be nothing to take away.
        AccountService.lock_profiles(tweet.user_id)
        changes = {"deleted_at": timezone.now(), "version": F("version") + 1, "revision": F("revision") + 1}
        if not Tweet.objects.there().filter(id=tweet.id).update(**changes):
            raise TweetGone
        AccountService.change_counts({tweet.user_id: {"tweets_count": -1}})
        OutboxService.record(TweetDeleted(tweet_id=tweet.id, author_id=tweet.user_id))
        after_commit(cache.user_tweets.remove, [tweet.user_id], tweet.id)

    @classmethod
    def push_state(cls, tweet: Tweet) -> bool:
        """
        Tell Redis a tweet's counters as this instance has them; say whether it confirmed. Repeats safely.

        One round trip and no query: a state that is older than the one there changes nothing.
        """
        return cache.put_states({tweet.id: cache.TweetState.of(tweet)})

    @classmethod
    def refresh_states(cls, tweet_ids: Collection[int]) -> bool:
        """
        Tell Redis the counters of tweets as they are now; say whether it confirmed. Repeats safely.

        One query and one round trip, none without an id: texts that are cached do not change.
        """
        if not tweet_ids:
            return True
        tweets = Tweet.objects.filter(id__in=tweet_ids)
        return cache.put_states({tweet.id: cache.TweetState.of(tweet) for tweet in tweets})

    @classmethod
    def forget(cls, tweet_id):
        """
        Mark a deleted tweet in the caches; say whether that is certain. Repeats safely.
        """
        return cache.replace_versions(Tweet.objects.get(id=tweet_id))

    @classmethod
    def load_visible(cls, states, viewer, also=()):
        """
        Return those tweets that `viewer` may see, in the order given.

        One round trip to Memcached when everything is warm: tweets, authors and the viewer's likes
        together; at most one query for each of these when it is not.

        :param states: {tweet id: TweetState, or None where Redis did not know}.
        :param also: lookups of others, read in the same trip.
        """
        batch = cache.TweetBatch(states)
        authors = AccountService.user_lookup({state.user_id for state in batch.states.values()})
        liked = LikeService.liked_lookup(viewer, Tweet)
        read_through(*filter(None, (batch.lookup, authors, liked, *also)))
        liked_ids = LikeService.load_liked_among(viewer, Tweet, list(states), liked)
        records, is_visible = batch.records, AccountService.visibility_to(viewer)
        return [
            LoadedTweet(records[id], author, batch.states[id], id in liked_ids)
            for id in states
            if id in records and is_visible(author := authors.found.get(records[id]["user_id"]))
        ]

    @classmethod
    def load_entries(cls, entries, viewer):
        """
        Return the visible tweets of a page of a cached list: pairs (id, the state as Redis has it).
        """
        states = cache.parse_states([raw for _, raw in entries])
        return cls.load_visible({id: state for (id, _), state in zip(entries, states)}, viewer)

    @classmethod
    def load_tweet(cls, tweet_id, viewer, also=()):
        """
        Return one visible tweet.

        :param also: lookups of others, read in the same trip.
        :raises TweetGone: there is none.
        """
        loaded = cls.load_visible(cache.load_states([tweet_id]), viewer, also)
        if not loaded:
            raise TweetGone
        return loaded[0]

    @classmethod
    def load_posted(cls, tweet: Tweet, photos: Sequence[TweetPhoto]) -> LoadedTweet:
        """
        Return a tweet that was just posted as its author sees it, and cache what it says for everybody else.

        No query when its author is cached: what was written is not read back.
        """
        record = cache.tweet_record(tweet, [[photo.key, photo.status] for photo in photos])
        cache.fill_tweet(tweet, record)
        author = AccountService.load_users([tweet.user_id])[tweet.user_id]
        return LoadedTweet(record, author, cache.TweetState.of(tweet), has_liked=False)

    @classmethod
    def load_timeline(cls, user_id, viewer, window, limit):
        """
        Return a page of a user's own tweets, newest first; of somebody unknown or hidden an empty one.
        """
        author = AccountService.load_users([user_id]).get(user_id)
        if not AccountService.visibility_to(viewer)(author):
            return fill_page(window, limit, fetch=lambda *_: [], keep=list, id_of=None)

        def get_ids(before, after, wanted):
            return cls.get_ids_by(user_id, before=before, after=after, limit=wanted)

        def fetch(before, after, wanted):
            return cache.user_tweets.load(user_id, before=before, after=after, limit=wanted, fetch=get_ids)

        return fill_page(
            window, limit, fetch=fetch, keep=lambda rows: cls.load_entries(rows, viewer), id_of=lambda tweet: tweet.id
        )

    @classmethod
    def get_ids_by(cls, user_id, *, before, after, limit):
        """
        Return ids of a user's tweets that are there, newest first, with after < id < before; one query.
        """
        tweets = Tweet.objects.there().filter(user_id=user_id)
        if before is not None:
            tweets = tweets.filter(id__lt=before)
        if after is not None:
            tweets = tweets.filter(id__gt=after)
        return list(tweets.order_by("-id").values_list("id", flat=True)[:limit])

    @classmethod
    def get_ids_there(cls, tweet_ids: Collection[int]) -> set[int]:
        """
        Return those ids whose tweets exist and are not deleted, from the database and not from a cache; one query.
        """
        return set(Tweet.objects.there().filter(id__in=tweet_ids).values_list("id", flat=True))

    @classmethod
    def hold_newest(cls, user_id, count):
        """
        Hold the newest `count` tweets of a user against deletion until commit, and return their ids.
        """
        newest = Tweet.objects.there().filter(user_id=user_id).order_by("-id")
        return lock_in_share_mode(newest.values_list("id", flat=True)[:count])

    @classmethod
    def hold_there(cls, tweet_ids: Collection[int]) -> list[int]:
        """
        Hold those of these tweets that are there against deletion until commit, and return their ids; one query.
        """
        return lock_in_share_mode(Tweet.objects.there().filter(id__in=tweet_ids).values_list("id", flat=True))

    @classmethod
    def get_all_ids_by(cls, user_id, *, before=MAX_ID):
        """
        Yield all ids below `before` of a user's tweets, deleted ones too, in lists of up to 1,000; one query a list.
        """
        return Tweet.objects.filter(user_id=user_id, id__lt=before).walk_ids()

    @classmethod
    def get_deleted_ids_by(cls, user_id):
        """
        Yield the ids of a user's deleted tweets in the same way.
        """
        return Tweet.objects.filter(user_id=user_id, deleted_at__isnull=False).walk_ids()

    @classmethod
    def purge_some_of(cls, *, user_id: int) -> None:
        """
        Delete some tweets of a user whose account is closed; event `tweets_purge_continued` if there may be more.

        Repeats safely. Nothing happens where the account is not closed.
        """
        if not AccountService.is_closed(user_id):
            return
        tweets = list(Tweet.objects.there().filter(user_id=user_id).order_by("id")[:PURGE_SIZE])
        for tweet in tweets:
            with suppress(TweetGone):
                cls.delete_tweet(tweet=tweet)
        if len(tweets) == PURGE_SIZE:
            OutboxService.record(TweetsPurgeContinued(user_id=user_id))

"""
The verbs of friendships.
"""

from functools import partial
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError
from django.db.models import Q

from accounts.models import User, UserProfile
from accounts.services import AccountService, SearchService
from friendships import cache, storage
from friendships.constants import NUMBERED_ROWS, PURGE_SIZE, SUGGESTION_CANDIDATES, SUGGESTIONS
from friendships.events import Followed, FriendshipEvent, FriendshipsPurgeGoesOn, Unfollowed
from friendships.models import Friendship
from friendships.storage import FriendshipRow
from outbox.services import OutboxService
from utils.database.counters import Counter
from utils.database.pagination import NumberedPage, fill_page
from utils.database.time_ids import next_id
from utils.database.transactions import after_commit, create_with_time_id, retried_transaction
from utils.errors import Refused, Unavailable


class CannotFollowSelf(Refused):
    code = "cannot_follow_self"
    message = "You can not follow yourself."
    field = "message"


class FriendshipService:
    """
    Everything the rest of the project may ask of who follows whom.
    """

    @classmethod
    def follow(cls, *, follower, followee):
        """
        Make `follower` follow `followee`; return the friendship and whether it is new.

        Three statements in one transaction.

        Following somebody twice is not an error: the existing friendship is returned, so a
        client may safely repeat a request it lost sight of. The followee's newest tweets arrive
        in the follower's feed soon after (event `followed`).

        :raises CannotFollowSelf: both are the same user.
        """
        if follower.id == followee.id:
            raise CannotFollowSelf
        try:
            return cls._create(follower.id, followee.id), True
        except IntegrityError:
            existing = cls._between(follower.id, followee.id).first()
        # Ended at this very moment: then it is a new one.
        return (existing, False) if existing else (cls._create(follower.id, followee.id), True)

    @classmethod
    @retried_transaction
    def _create(cls, follower_id: int, followee_id: int) -> Friendship:
        """
        :raises IntegrityError: it is there already; nothing has changed.
        """
        # Counters first: two users who follow each other at one moment queue here instead of deadlocking.
        AccountService.change_counts({follower_id: {"followings_count": 1}, followee_id: {"followers_count": 1}})
        friendship = create_with_time_id(Friendship, from_user_id=follower_id, to_user_id=followee_id)
        cls._announce(Followed, follower_id, followee_id, friendship.id, current_id=friendship.id)
        return friendship

    @classmethod
    @retried_transaction
    def unfollow(cls, *, follower, followee):
        """
        End it, and return how many friendships that were: 0 or 1.

        :raises CannotFollowSelf: both are the same user.
        """
        if follower.id == followee.id:
            raise CannotFollowSelf("You can not unfollow yourself.")
        AccountService.lock_profiles(follower.id, followee.id)
        friendship_id = cls._get_id(follower.id, followee.id)
        if friendship_id is None:
            return 0
        AccountService.change_counts({follower.id: {"followings_count": -1}, followee.id: {"followers_count": -1}})
        Friendship.objects.filter(id=friendship_id).delete()
        cls._announce(Unfollowed, follower.id, followee.id, friendship_id, current_id=None)
        return 1

    @classmethod
    def _between(cls, follower_id, followee_id):
        return Friendship.objects.filter(from_user_id=follower_id, to_user_id=followee_id)

    @classmethod
    def _get_id(cls, follower_id, followee_id):
        return cls._between(follower_id, followee_id).values_list("id", flat=True).first()

    @classmethod
    def _announce(
        cls,
        event_type: type[FriendshipEvent],
        follower_id: int,
        followee_id: int,
        friendship_id: int,
        *,
        current_id: int | None,
    ) -> None:
        ids = {"follower_id": follower_id, "followee_id": followee_id, "friendship_id": friendship_id}
        OutboxService.record(event=event_type(**ids))
        # The version is drawn while the profiles are held: of two changes of one pair the later one has the larger.
        after_commit(partial(storage.mirror, **ids, current_id=current_id, version=next_id()))
        # Only then, so that the set is not filled again with what HBase said before.
        after_commit(cache.invalidate_followings, follower_id)

    @classmethod
    def mirror(cls, *, follower_id, followee_id, friendship_id):
        """
        Make HBase agree with MySQL about two people, one of whose friendships has begun or ended.

        What counts is MySQL as it is now, not the event that woke this: follow, unfollow and
        follow again may be mirrored in any order. Returns whether HBase is kept in step at all.

        :raises HBaseUnavailable: HBase may not agree yet.
        :raises Unavailable: it agrees, the cached followings may not.
        """
        if not storage.is_mirrored():
            return False
        current_id, version = cls._hold_and_get_id(follower_id, followee_id)
        storage.mirror(
            follower_id=follower_id,
            followee_id=followee_id,
            friendship_id=friendship_id,
            current_id=current_id,
            version=version,
        )
        cls.forget_followings(follower_id)
        return True

    @classmethod
    @retried_transaction
    def _hold_and_get_id(cls, follower_id, followee_id):
        """
        Return the friendship's id, None if there is none, and a version for what rests upon that.
        """
        AccountService.lock_profiles(follower_id)
        return cls._get_id(follower_id, followee_id), next_id()

    @classmethod
    def forget_followings(cls, *follower_ids: int) -> None:
        """
        Make everybody read the followings of users anew.

        :raises Unavailable: Memcached did not confirm it.
        """
        if not cache.invalidate_followings(*follower_ids):
            raise Unavailable("Memcached did not confirm")

    @classmethod
    def get_friendship_id(cls, *, follower_id: int, followee_id: int) -> int | None:
        """
        Return the id of the friendship, None where there is none; from MySQL and not from a cache.

        In a transaction that holds the follower's profile (`AccountService.lock_profiles`) it stays true until commit.
        """
        return cls._get_id(follower_id, followee_id)

    @classmethod
    def load_followed_among(cls, viewer, user_ids):
        """
        Return the set of those of `user_ids` whom `viewer` follows; nobody is followed by the anonymous.
        """
        return cache.load_followed_among(viewer.id, user_ids) if viewer.is_authenticated else set()

    @classmethod
    def get_suggestions(cls, *, viewer: User | AnonymousUser, limit: int = SUGGESTIONS) -> list[dict[str, Any]]:
        """
        Return the user records of the most followed people whom `viewer` does not follow yet, the viewer aside.

        They are looked for among the hundred most followed whom `viewer` may see. Two queries by indexes,
        one round trip for records and one for whom the viewer follows.
        """
        known = SearchService.get_most_followed(viewer=viewer, limit=SUGGESTION_CANDIDATES)
        followed = cls.load_followed_among(viewer, [record["id"] for record in known])
        return [record for record in known if record["id"] not in followed][:limit]

    @classmethod
    def load_followers(cls, user, viewer, window, limit):
        """
        Return a page of (FriendshipRow, user record) of those who follow `user` and whom `viewer` may see.
        """
        return cls._load_page(storage.store_to_read(user.id).get_followers, user, viewer, window, limit)

    @classmethod
    def load_followings(cls, user, viewer, window, limit):
        """
        Return a page of (FriendshipRow, user record) of those whom `user` follows and whom `viewer` may see.
        """
        return cls._load_page(storage.store_to_read(user.id).get_followings, user, viewer, window, limit)

    @classmethod
    def _load_page(cls, get_rows, user, viewer, window, limit):
        def fetch(before, after, wanted):
            return get_rows(user.id, before=before, after=after, limit=wanted)

        def keep(rows):
            return cls._filter_visible(rows, viewer)

        return fill_page(window, limit, fetch=fetch, keep=keep, id_of=lambda pair: pair[0].id)

    @classmethod
    def _filter_visible(
        cls, rows: list[FriendshipRow], viewer: User | AnonymousUser
    ) -> list[tuple[FriendshipRow, dict]]:
        visible = AccountService.load_visible_users([row.user_id for row in rows], viewer)
        return [(row, visible[row.user_id]) for row in rows if row.user_id in visible]

    @classmethod
    def load_numbered_page(
        cls, user: User, viewer: User | AnonymousUser, *, side: str, number: int, size: int
    ) -> NumberedPage:
        """
        Return page `number` of the newest `NUMBERED_ROWS` friendships: what clients that jump to a page ask for.

        Whatever the number it costs as much: those rows by key, who they are through the cache, and
        of a longer list its counter.

        :param side: "followers" or "followings".
        """
        get_rows = getattr(storage.store_to_read(user.id), f"get_{side}")
        rows = get_rows(user.id, before=None, after=None, limit=NUMBERED_ROWS + 1)
        visible = cls._filter_visible(rows[:NUMBERED_ROWS], viewer)
        is_whole = len(rows) <= NUMBERED_ROWS
        total = len(visible) if is_whole else max(len(visible), getattr(user.profile, f"{side}_count"))
        start = (number - 1) * size
        return NumberedPage(visible[start : start + size], reachable=len(visible), total=total)

    @classmethod
    def get_counters(cls):
        """
        Return the counters of friendships: a profile's followers and followings.
        """
        friendships = Friendship.objects.all()
        return [
            Counter(UserProfile, "followers_count", friendships, "to_user_id", key="user_id"),
            Counter(UserProfile, "followings_count", friendships, "from_user_id", key="user_id"),
        ]

    @classmethod
    def purge_some_of(cls, *, user_id: int) -> None:
        """
        End some friendships, in both directions, of a user whose account is closed.

        Event `friendships_purge_goes_on` if there may be more. Repeats safely. Nothing happens where
        the account is not closed.
        """
        if not AccountService.is_closed(user_id):
            return
        friendships = Friendship.objects.filter(Q(from_user_id=user_id) | Q(to_user_id=user_id))
        pairs = list(friendships.select_related("from_user", "to_user").order_by("id")[:PURGE_SIZE])
        for friendship in pairs:
            cls.unfollow(follower=friendship.from_user, followee=friendship.to_user)
        if len(pairs) == PURGE_SIZE:
            OutboxService.record(event=FriendshipsPurgeGoesOn(user_id=user_id))

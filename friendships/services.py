"""
The verbs of friendships.
"""

from collections.abc import Collection, Iterable, Sequence
from functools import partial
from typing import Literal, Protocol

from django.db import IntegrityError
from django.db.models import Q, QuerySet

from accounts.models import User, UserProfile, Viewer
from accounts.records import UserRecord
from accounts.services import AccountService, PurgeService, SearchService
from friendships import cache, storage
from friendships.constants import MAX_NUMBERED_ROWS, SUGGESTION_CANDIDATES, SUGGESTIONS
from friendships.events import Followed, FriendshipEvent, FriendshipsPurgeContinued, Unfollowed
from friendships.models import Friendship
from friendships.storage import FriendshipRow
from outbox.services import OutboxService
from utils.database.conditions import any_of
from utils.database.counters import Counter
from utils.database.pagination import IdRange, NumberedPage, Page, fill_page
from utils.database.replicas import read_from_replica
from utils.database.time_ids import next_id
from utils.database.transactions import after_commit, create_with_time_id, retried_transaction
from utils.errors import Refused, Unavailable

# What lists show: a friendship and the user on its other side.
ListedFriendship = tuple[FriendshipRow, UserRecord]
FriendshipPage = Page[ListedFriendship]


class GetRows(Protocol):
    """
    `get_followers` or `get_followings` of a store.
    """

    def __call__(self, user_id: int, *, before: int | None, after: int | None, limit: int) -> list[FriendshipRow]: ...


class CannotFollowSelf(Refused):
    code = "cannot_follow_self"
    message = "You can not follow yourself."
    field = "message"


class FriendshipService:
    """
    Everything the rest of the project may ask of who follows whom.
    """

    @classmethod
    def follow(cls, *, follower: User, followee: User) -> tuple[Friendship, bool]:
        """
        Make `follower` follow `followee`; return the friendship and whether it is new.

        Three statements in one transaction.

        Following a user twice is not an error: the existing friendship is returned, so a client may safely repeat
        a request whose response it did not receive. The followee's newest tweets arrive in the follower's feed
        soon after (event `followed`).

        :raises CannotFollowSelf: both are the same user.
        """
        if follower.id == followee.id:
            raise CannotFollowSelf
        try:
            return cls._create(follower.id, followee.id), True
        except IntegrityError:
            existing = cls._between(follower.id, followee.id).first()
        # If another request has just ended it, create a new one.
        return (existing, False) if existing else (cls._create(follower.id, followee.id), True)

    @classmethod
    @retried_transaction
    def _create(cls, follower_id: int, followee_id: int) -> Friendship:
        """
        :raises IntegrityError: the friendship exists already; nothing has changed.
        """
        # Counters first: two users who follow each other at the same time wait here instead of deadlocking.
        AccountService.change_counts(deltas={follower_id: {"followings_count": 1}, followee_id: {"followers_count": 1}})
        friendship = create_with_time_id(Friendship, from_user_id=follower_id, to_user_id=followee_id)
        cls._announce(Followed, follower_id, followee_id, friendship.id, current_id=friendship.id)
        return friendship

    @classmethod
    @retried_transaction
    def unfollow(cls, *, follower: User, followee: User) -> int:
        """
        End the friendship, and return how many were ended: 0 or 1.

        :raises CannotFollowSelf: both are the same user.
        """
        if follower.id == followee.id:
            raise CannotFollowSelf("You can not unfollow yourself.")
        AccountService.lock_profiles(user_ids=[follower.id, followee.id])
        friendship_id = cls._get_id(follower.id, followee.id)
        if friendship_id is None:
            return 0
        AccountService.change_counts(
            deltas={follower.id: {"followings_count": -1}, followee.id: {"followers_count": -1}}
        )
        Friendship.objects.filter(id=friendship_id).delete()
        cls._announce(Unfollowed, follower.id, followee.id, friendship_id, current_id=None)
        return 1

    @classmethod
    def _between(cls, follower_id: int, followee_id: int) -> QuerySet[Friendship]:
        return Friendship.objects.filter(from_user_id=follower_id, to_user_id=followee_id)

    @classmethod
    def _get_id(cls, follower_id: int, followee_id: int) -> int | None:
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
        # The version is drawn while the profiles are locked, so a later change of the pair has a larger version.
        after_commit(partial(storage.mirror, **ids, current_id=current_id, version=next_id()))
        # After HBase has changed, so that the cached set is not filled again with what HBase held before.
        after_commit(cache.invalidate_followings, follower_id)

    @classmethod
    def mirror(cls, *, follower_id: int, followee_id: int, friendship_id: int) -> bool:
        """
        Write to HBase what MySQL holds about two users, after a friendship of theirs has begun or ended.

        It copies the present state of MySQL, not the event: follow, unfollow and follow again may be mirrored in
        any order. Returns whether friendships are mirrored to HBase at all.

        :raises HBaseUnavailable: HBase may still differ from MySQL.
        :raises Unavailable: HBase is up to date, but the cached followings may be stale.
        """
        if not storage.is_mirrored():
            return False
        current_id, version = cls._lock_and_get_id(follower_id, followee_id)
        storage.mirror(
            follower_id=follower_id,
            followee_id=followee_id,
            friendship_id=friendship_id,
            current_id=current_id,
            version=version,
        )
        cls.invalidate_followings(follower_ids=[follower_id])
        return True

    @classmethod
    @retried_transaction
    def _lock_and_get_id(cls, follower_id: int, followee_id: int) -> tuple[int | None, int]:
        """
        Return the friendship's id, None if there is none, and a version for writes that rely on it.
        """
        AccountService.lock_profiles(user_ids=[follower_id])
        return cls._get_id(follower_id, followee_id), next_id()

    @classmethod
    def invalidate_followings(cls, *, follower_ids: Iterable[int]) -> None:
        """
        Invalidate the cached followings of these users.

        :raises Unavailable: Memcached did not confirm it.
        """
        if not cache.invalidate_followings(*follower_ids):
            raise Unavailable("Memcached did not confirm")

    @classmethod
    def get_friendship_id(cls, *, follower_id: int, followee_id: int) -> int | None:
        """
        Return the id of the friendship, None where there is none; from MySQL and not from a cache.

        In a transaction that has locked the follower's profile (`AccountService.lock_profiles`) the result stays
        true until commit.
        """
        return cls._get_id(follower_id, followee_id)

    @classmethod
    def get_friendship_ids(cls, *, pairs: Collection[tuple[int, int]]) -> dict[tuple[int, int], int]:
        """
        Return {(follower id, followee id): id of the friendship} for those of `pairs` that exist; one query.

        From MySQL and not from a cache. In a transaction that holds the followers' profiles
        (`AccountService.lock_profiles`) it stays true until commit.
        """
        friendships = Friendship.objects.filter(any_of(("from_user_id", "to_user_id"), pairs))
        return {
            (follower_id, followee_id): friendship_id
            for friendship_id, follower_id, followee_id in friendships.values_list("id", "from_user_id", "to_user_id")
        }

    @classmethod
    def load_followed_among(cls, *, viewer: Viewer, user_ids: Collection[int]) -> set[int]:
        """
        Return which of `user_ids` the viewer follows; anonymous viewers follow nobody.
        """
        return cache.load_followed_among(viewer.id, user_ids) if isinstance(viewer, User) else set()

    @classmethod
    def get_suggestions(cls, *, viewer: Viewer, limit: int = SUGGESTIONS) -> list[UserRecord]:
        """
        Return the records of the most followed users whom `viewer` does not follow yet, without the viewer.

        Only the hundred most followed users whom `viewer` may see are considered. Two queries by indexes, one round
        trip for records and one for the viewer's followings.
        """
        known = SearchService.get_most_followed(viewer=viewer, limit=SUGGESTION_CANDIDATES)
        followed = cls.load_followed_among(viewer=viewer, user_ids=[record["id"] for record in known])
        return [record for record in known if record["id"] not in followed][:limit]

    @classmethod
    def load_followers(cls, *, user: User, viewer: Viewer, id_range: IdRange, limit: int) -> FriendshipPage:
        """
        Return a page of the followers of `user` that `viewer` may see, newest friendship first.
        """
        return cls._load_page(storage.store_to_read(user.id).get_followers, user, viewer, id_range, limit)

    @classmethod
    def load_followings(cls, *, user: User, viewer: Viewer, id_range: IdRange, limit: int) -> FriendshipPage:
        """
        Return a page of the users that `user` follows and `viewer` may see, newest friendship first.
        """
        return cls._load_page(storage.store_to_read(user.id).get_followings, user, viewer, id_range, limit)

    @classmethod
    def _load_page(cls, get_rows: GetRows, user: User, viewer: Viewer, id_range: IdRange, limit: int) -> FriendshipPage:
        def fetch(before: int | None, after: int | None, wanted: int) -> list[FriendshipRow]:
            return read_from_replica(
                lambda: get_rows(user.id, before=before, after=after, limit=wanted), viewer_id=viewer.id
            )

        def filter_visible(rows: Sequence[FriendshipRow]) -> list[ListedFriendship]:
            return cls._filter_visible(rows, viewer)

        return fill_page(id_range, limit, fetch=fetch, filter_visible=filter_visible, get_id=lambda pair: pair[0].id)

    @classmethod
    def _filter_visible(cls, rows: Sequence[FriendshipRow], viewer: Viewer) -> list[ListedFriendship]:
        visible = AccountService.load_visible_users(user_ids=[row.user_id for row in rows], viewer=viewer)
        return [(row, visible[row.user_id]) for row in rows if row.user_id in visible]

    @classmethod
    def load_numbered_page(
        cls, *, user: User, viewer: Viewer, side: Literal["followers", "followings"], number: int, size: int
    ) -> NumberedPage[ListedFriendship]:
        """
        Return page `number` of the newest `MAX_NUMBERED_ROWS` friendships, for clients that jump to a page.

        Every page costs the same: these rows by key, their users through the cache, and for a longer list its counter.
        """
        get_rows = getattr(storage.store_to_read(user.id), f"get_{side}")
        rows = read_from_replica(
            lambda: get_rows(user.id, before=None, after=None, limit=MAX_NUMBERED_ROWS + 1), viewer_id=viewer.id
        )
        visible = cls._filter_visible(rows[:MAX_NUMBERED_ROWS], viewer)
        is_whole = len(rows) <= MAX_NUMBERED_ROWS
        total = len(visible) if is_whole else max(len(visible), getattr(user.profile, f"{side}_count"))
        start = (number - 1) * size
        return NumberedPage(visible[start : start + size], reachable=len(visible), total=total)

    @classmethod
    def get_counters(cls) -> list[Counter]:
        """
        Return the counters of friendships: those of followers and followings in profiles.
        """
        friendships = Friendship.objects.all()
        return [
            Counter(UserProfile, "followers_count", friendships, "to_user_id", key="user_id"),
            Counter(UserProfile, "followings_count", friendships, "from_user_id", key="user_id"),
        ]

    @classmethod
    def purge_some(cls, *, user_id: int) -> None:
        """
        End some friendships of a closed account, in both directions: `PurgeService.purge_some`.
        """
        both_ways = Friendship.objects.filter(Q(from_user_id=user_id) | Q(to_user_id=user_id))
        PurgeService.purge_some(
            user_id=user_id,
            rows=both_ways.select_related("from_user", "to_user"),
            remove=lambda pair: cls.unfollow(follower=pair.from_user, followee=pair.to_user),
            continued=FriendshipsPurgeContinued(user_id=user_id),
        )

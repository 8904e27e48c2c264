"""
Finding users: by a prefix of their names, or by their number of followers.
"""

import re
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from accounts.constants import MAX_MOST_FOLLOWED, MAX_RANKED, MAX_SEARCH_CANDIDATES, SEARCH_PAGE_SIZE
from accounts.models import User, UserProfile, fold_name, search_key
from accounts.records import UserRecord
from accounts.services.accounts import AccountService
from utils.database.pagination import BadCursor, decode_cursor, encode_cursor
from utils.database.replicas import read_from_replica

# An id has at most 18 digits.
CURSOR = re.compile(rb"(\d{1,3})\.(\d{1,18}(?:-\d{1,18})*)\.(?:([0-9a-f]{0,512})\.(\d{1,18})|([!-~]{0,40}))")
USERNAME_PREFIX = re.compile(r"[a-z0-9_]{1,20}")
# Upper ends of a range: greater than anything that may follow a prefix. "z" is the last character of user names,
# "f" the last one of hexadecimal keys.
AFTER_USERNAMES, AFTER_KEYS = "z" * 20, "g"


@dataclass(frozen=True, slots=True)
class SearchCursor:
    """
    The position of a client in the results of a search.

    :param ranked_ids: the ranked results as they were at the first page; later changes lose or repeat nobody.
    :param shown: how many of them have been shown.
    :param username: of the unranked results, the last user name shown.
    :param nickname: of the unranked results found by nickname, which come after those, the last one's key and
        profile id.
    """

    ranked_ids: tuple[int, ...]
    shown: int = 0
    username: str = ""
    nickname: tuple[str, int] | None = None

    def encode(self) -> str:
        """
        Return an opaque cursor.
        """
        last = f"{self.nickname[0]}.{self.nickname[1]}" if self.nickname else self.username
        return encode_cursor(f"{self.shown}.{'-'.join(map(str, self.ranked_ids))}.{last}")

    @classmethod
    def decode(cls, cursor: str) -> "SearchCursor":
        """
        Return the position that `encode` made this cursor from.

        :raises BadCursor: `encode` did not make it.
        """
        shown, ids, key, profile_id, username = decode_cursor(cursor, CURSOR).groups(b"")
        ranked_ids = tuple(map(int, ids.split(b"-")))
        nickname = (key.decode(), int(profile_id)) if profile_id else None
        decoded = cls(ranked_ids, int(shown), username.decode(), nickname)
        if decoded.encode() != cursor or not decoded.shown <= len(ranked_ids) <= MAX_RANKED:
            raise BadCursor(cursor)
        return decoded


class Entry(NamedTuple):
    """
    A user on a page, and the cursor that continues after them.
    """

    user_id: int
    cursor: SearchCursor


class Prefix:
    """
    The prefix to search for: a range of the index of user names, and a range of the index of nicknames.
    """

    def __init__(self, text: str) -> None:
        key, self.username = search_key(text), fold_name(text)
        self.by_nickname = Q(profile__nickname_key__gte=key, profile__nickname_key__lt=key + AFTER_KEYS)
        self.ranges = {"profile__nickname_key": self.by_nickname}
        # User names have no other characters, and a collation might treat others as equal to these.
        self.by_username = None
        if USERNAME_PREFIX.fullmatch(self.username):
            self.by_username = Q(username__gte=self.username, username__lte=self.username + AFTER_USERNAMES)
            self.ranges["username"] = self.by_username

    @property
    def by_either(self) -> Q:
        return reduce(or_, self.ranges.values())


class Candidate(NamedTuple):
    """
    What the ranking reads of a user, in the order of `CANDIDATE_FIELDS`.
    """

    user_id: int
    username: str
    followers_count: int


CANDIDATE_FIELDS = ("id", "username", "profile__followers_count")


class FoundPage(NamedTuple):
    """
    The user records of one page, and the cursor of the next page, None at the end.
    """

    records: list[UserRecord]
    next_cursor: SearchCursor | None


class SearchService:
    """
    Everything the rest of the project may ask of finding users.
    """

    @classmethod
    def search(cls, *, viewer: User | AnonymousUser, text: str, after: SearchCursor | None = None) -> FoundPage:
        """
        Return a page of the users whom `viewer` may see and whose user name or nickname begins with `text`.

        Case and the width of letters do not matter.

        An exact match of the user name comes first, then the most followed users, 100 in all, then all others by
        name. The cursor holds the order of these 100, and the order of the others does not depend on followers, so
        reading page after page shows every user once.

        The first page costs two queries and one round trip for records, and never scans a table: it ranks the first
        500 entries of the index of user names and of the index of nicknames. If more users share the prefix, two
        more queries look at the 1,000 most followed users of the site, so that even a single letter finds the best
        known users. Each further page costs at most three queries, along the same indexes.

        :param after: the cursor of the previous page.
        """
        people, prefix = User.objects.visible_to(viewer).filter(profile__isnull=False), Prefix(text)
        entries = read_from_replica(lambda: cls._get_entries(people, prefix, after), viewer_id=viewer.id)
        page = entries[:SEARCH_PAGE_SIZE]
        # Looked at once more: a replica may not know yet who was suspended.
        records = AccountService.load_visible_users(user_ids=[entry.user_id for entry in page], viewer=viewer)
        found = [records[entry.user_id] for entry in page if entry.user_id in records]
        return FoundPage(found, page[-1].cursor if len(entries) > len(page) else None)

    @classmethod
    def _get_entries(cls, people: QuerySet[User], prefix: Prefix, after: SearchCursor | None) -> list[Entry]:
        """
        Return the users of a page and one more, if there is one.
        """
        if after is None:
            ranked_ids = cls._get_ranked_ids(people, prefix)
            after, rest = SearchCursor(tuple(ranked_ids)), ranked_ids
        else:
            rest = cls._get_rest(people, prefix, after)
        places = {user_id: place for place, user_id in enumerate(after.ranked_ids, 1)}
        wanted = SEARCH_PAGE_SIZE + 1
        entries = [Entry(user_id, replace(after, shown=places[user_id])) for user_id in rest[:wanted]]
        # With fewer, all matches are ranked, and there are no others.
        if len(after.ranked_ids) == MAX_RANKED:
            entries += cls._get_others(people, prefix, after, wanted - len(entries))
        return entries

    @classmethod
    def get_most_followed(cls, *, viewer: User | AnonymousUser, limit: int) -> list[UserRecord]:
        """
        Return the records of the most followed users whom `viewer` may see, without the viewer.

        Only the 1,000 most followed users of the site are considered. Two queries, by the index of
        `followers_count` and by primary key, and one round trip for records.
        """
        others = User.objects.visible_to(viewer).exclude(id=viewer.id)
        user_ids = read_from_replica(lambda: cls._get_most_followed_among(others), viewer_id=viewer.id)[:limit]
        records = AccountService.load_visible_users(user_ids=user_ids, viewer=viewer)
        return [records[user_id] for user_id in user_ids if user_id in records]

    @classmethod
    def _get_most_followed_among(cls, people: QuerySet[User]) -> list[int]:
        most_followed = cls._get_most_followed_ids()
        visible = set(people.filter(id__in=most_followed).values_list("id", flat=True))
        return [user_id for user_id in most_followed if user_id in visible]

    @classmethod
    def _get_most_followed_ids(cls) -> list[int]:
        # A query of its own: if it joined users, MariaDB would sort all rows instead of using the index.
        profiles = UserProfile.objects.order_by("-followers_count", "-user_id")
        return list(profiles.values_list("user_id", flat=True)[:MAX_MOST_FOLLOWED])

    @classmethod
    def _get_ranked_ids(cls, people: QuerySet[User], prefix: Prefix) -> list[int]:
        candidates: set[Candidate] = set()
        is_common = False
        for order, condition in prefix.ranges.items():
            found = cls._read(people.filter(condition).order_by(order)[:MAX_SEARCH_CANDIDATES])
            is_common |= len(found) == MAX_SEARCH_CANDIDATES
            candidates.update(found)
        if is_common:
            candidates.update(cls._read(people.filter(prefix.by_either, id__in=cls._get_most_followed_ids())))
        ranked = sorted(
            candidates, key=lambda one: (one.username != prefix.username, -one.followers_count, one.user_id)
        )
        return [candidate.user_id for candidate in ranked[:MAX_RANKED]]

    @classmethod
    def _read(cls, people: QuerySet[User]) -> list[Candidate]:
        return [Candidate(*row) for row in people.values_list(*CANDIDATE_FIELDS)]

    @classmethod
    def _get_rest(cls, people: QuerySet[User], prefix: Prefix, after: SearchCursor) -> list[int]:
        rest = after.ranked_ids[after.shown :]
        # Users who were suspended or renamed in the meantime are no longer found.
        found = set(people.filter(prefix.by_either, id__in=rest).values_list("id", flat=True))
        return [user_id for user_id in rest if user_id in found]

    @classmethod
    def _get_others(cls, people: QuerySet[User], prefix: Prefix, after: SearchCursor, limit: int) -> list[Entry]:
        """
        Return results that are not ranked: first by user name, then those that only the nickname matches.
        """
        after = replace(after, shown=len(after.ranked_ids))
        others = people.exclude(id__in=after.ranked_ids)
        entries: list[Entry] = []
        if prefix.by_username and not after.nickname:
            by_username = others.filter(prefix.by_username, username__gt=after.username).order_by("username")[:limit]
            entries = [
                Entry(user_id, replace(after, username=username))
                for user_id, username in by_username.values_list("id", "username")
            ]
        if len(entries) < limit:
            key, profile_id = after.nickname or ("", 0)
            further = Q(profile__nickname_key__gt=key) | Q(profile__nickname_key=key, profile__id__gt=profile_id)
            by_nickname = others.filter(prefix.by_nickname, further, profile__nickname_key__gte=key)
            if prefix.by_username:
                by_nickname = by_nickname.exclude(prefix.by_username)
            fields = ("id", "profile__nickname_key", "profile__id")
            rows = by_nickname.order_by(*fields[1:]).values_list(*fields)[: limit - len(entries)]
            entries += [Entry(user_id, replace(after, nickname=tuple(last), username="")) for user_id, *last in rows]
        return entries

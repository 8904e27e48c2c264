"""
Finding people: by how a name begins, or by how many follow them.
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

# No id has more digits than fit a column.
CURSOR = re.compile(rb"(\d{1,3})\.(\d{1,18}(?:-\d{1,18})*)\.(?:([0-9a-f]{0,512})\.(\d{1,18})|([!-~]{0,40}))")
USERNAME_PREFIX = re.compile(r"[a-z0-9_]{1,20}")
# Greater than whatever may follow a prefix: "z" is the last letter that a user name may have, "f" the last digit.
AFTER_USERNAMES, AFTER_KEYS = "z" * 20, "g"


@dataclass(frozen=True, slots=True)
class SearchCursor:
    """
    How far a search has been read.

    :param ranked_ids: the most followed when it began, in their order; nobody is lost or repeated when that changes.
    :param shown: how many of them have been shown.
    :param username: the last of the others who was found by the user name.
    :param nickname: key and profile id of the last of the others who was found by the nickname, after all of those.
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
        Return what `encode` made a cursor of.

        :raises BadCursor: it did not.
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
    Somebody on a page, and the cursor of whoever comes next.
    """

    user_id: int
    cursor: SearchCursor


class Prefix:
    """
    How names begin that are looked for: a range of the index of user names, and one of that of nicknames.
    """

    def __init__(self, text: str) -> None:
        key, self.username = search_key(text), fold_name(text)
        self.by_nickname = Q(profile__nickname_key__gte=key, profile__nickname_key__lt=key + AFTER_KEYS)
        self.ranges = {"profile__nickname_key": self.by_nickname}
        # No user name has other letters, and a collation might take them for these.
        self.by_username = None
        if USERNAME_PREFIX.fullmatch(self.username):
            self.by_username = Q(username__gte=self.username, username__lte=self.username + AFTER_USERNAMES)
            self.ranges["username"] = self.by_username

    @property
    def by_either(self) -> Q:
        return reduce(or_, self.ranges.values())


class Candidate(NamedTuple):
    """
    What a search looks at of somebody, in the order of `CANDIDATE_FIELDS`.
    """

    user_id: int
    username: str
    followers_count: int


CANDIDATE_FIELDS = ("id", "username", "profile__followers_count")


class FoundPage(NamedTuple):
    """
    User records of one page, and the cursor of the next one where there are more people.
    """

    records: list[UserRecord]
    next_cursor: SearchCursor | None


class SearchService:
    """
    Everything the rest of the project may ask of who there is.
    """

    @classmethod
    def search(cls, *, viewer: User | AnonymousUser, text: str, after: SearchCursor | None = None) -> FoundPage:
        """
        Return a page of the people whom `viewer` may see and whose user name or nickname begins with `text`.

        Case does not matter, nor does the width of letters.

        Whoever has that very user name comes first, then the most followed, 100 in all, then everybody else by name.
        The cursor holds the order of these 100, and names do not change with numbers of followers, so paging on
        shows everybody, and nobody twice.

        The first page costs two queries and one round trip for records, and never a table: the first 500 entries of
        the index of user names and of that of nicknames are ranked. Where more people than that share the beginning,
        two more queries look through the 1,000 most followed of the site, so that a single letter finds the famous
        first. Each page after it costs three queries at most, along the same indexes.

        :param after: the cursor of the page before.
        """
        people, prefix = User.objects.visible_to(viewer).filter(profile__isnull=False), Prefix(text)
        if after is None:
            ranked_ids = cls._get_ranked_ids(people, prefix)
            after, rest = SearchCursor(tuple(ranked_ids)), ranked_ids
        else:
            rest = cls._get_rest(people, prefix, after)
        places = {user_id: place for place, user_id in enumerate(after.ranked_ids, 1)}
        wanted = SEARCH_PAGE_SIZE + 1
        entries = [Entry(user_id, replace(after, shown=places[user_id])) for user_id in rest[:wanted]]
        # Fewer are all that there are.
        if len(after.ranked_ids) == MAX_RANKED:
            entries += cls._get_others(people, prefix, after, wanted - len(entries))
        page = entries[:SEARCH_PAGE_SIZE]
        records = AccountService.load_users(entry.user_id for entry in page)
        found = [records[entry.user_id] for entry in page if entry.user_id in records]
        return FoundPage(found, page[-1].cursor if len(entries) > len(page) else None)

    @classmethod
    def get_most_followed(cls, *, viewer: User | AnonymousUser, limit: int) -> list[UserRecord]:
        """
        Return the user records of the people with most followers whom `viewer` may see, the viewer aside.

        They are looked for among the 1,000 most followed of all. Two queries, by the index of `followers_count`
        and by primary key, and one round trip for records.
        """
        most_followed = cls._get_most_followed_ids()
        others = User.objects.visible_to(viewer).exclude(id=viewer.id)
        visible = set(others.filter(id__in=most_followed).values_list("id", flat=True))
        user_ids = [user_id for user_id in most_followed if user_id in visible][:limit]
        records = AccountService.load_users(user_ids)
        return [records[user_id] for user_id in user_ids if user_id in records]

    @classmethod
    def _get_most_followed_ids(cls) -> list[int]:
        # By itself: of a join with users MariaDB sorts all rows rather than go along the index.
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
        # Whoever was suspended meanwhile, or has another name, is no longer found.
        found = set(people.filter(prefix.by_either, id__in=rest).values_list("id", flat=True))
        return [user_id for user_id in rest if user_id in found]

    @classmethod
    def _get_others(cls, people: QuerySet[User], prefix: Prefix, after: SearchCursor, limit: int) -> list[Entry]:
        """
        Return who is not ranked: by user name first, then who is found by the nickname alone.
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

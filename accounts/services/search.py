"""
Finding people: by how a name begins, or by how many follow them.
"""

import re
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from accounts.constants import MAX_MOST_FOLLOWED, MAX_SEARCH_CANDIDATES, SEARCH_PAGE_SIZE
from accounts.models import User, UserProfile, fold_name, search_key
from accounts.services.accounts import AccountService
from utils.pagination import BadCursor, decode_cursor, encode_cursor

RANK = re.compile(rb"([01])\.(\d{1,19})\.(\d{1,19})")
USERNAME_PREFIX = re.compile(r"[a-z0-9_]{1,20}")
# Greater than whatever may follow a prefix: "z" is the last letter that a user name may have, "f" the last digit.
AFTER_USERNAMES, AFTER_KEYS = "z" * 20, "g"


class Rank(NamedTuple):
    """
    The place of somebody in a search's result, smallest first: the very name, then the most followed, then the oldest.
    """

    is_longer: bool
    minus_followers: int
    user_id: int

    def encode(self) -> str:
        """
        Return the rank as an opaque cursor.
        """
        return encode_cursor(f"{self.is_longer:d}.{-self.minus_followers}.{self.user_id}")

    @classmethod
    def decode(cls, cursor: str) -> "Rank":
        """
        Return the rank that `encode` made a cursor of.

        :raises BadCursor: it did not.
        """
        match = decode_cursor(cursor, RANK)
        rank = cls(match[1] == b"1", -int(match[2]), int(match[3]))
        if rank.encode() != cursor:
            raise BadCursor(cursor)
        return rank


class Candidate(NamedTuple):
    """
    What a search looks at of somebody, in the order of `CANDIDATE_FIELDS`.
    """

    user_id: int
    username: str
    nickname_key: str
    followers_count: int


CANDIDATE_FIELDS = ("id", "username", "profile__nickname_key", "profile__followers_count")


class FoundPage(NamedTuple):
    """
    User records of one page, and the rank of the last of them where there are more.
    """

    records: list[dict[str, Any]]
    next_rank: Rank | None


class SearchService:
    """
    Everything the rest of the project may ask of who there is.
    """

    @classmethod
    def search(cls, *, viewer: User | AnonymousUser, text: str, after: Rank | None = None) -> FoundPage:
        """
        Return a page of the people whom `viewer` may see and whose user name or nickname begins with `text`.

        Case does not matter, nor does the width of letters.

        Whoever has that very user name comes first, then the most followed. A rank is the place of one
        person, so the pages neither lose nor repeat anybody whose number of followers stays.

        Costs two queries and one round trip for records, and never a table: the first 500 entries of the index
        of user names and of that of nicknames, all of which are ranked. Where more people than that share
        the beginning, two more queries look through the 1,000 most followed of the site, so that a single
        letter finds the famous first; those who are in neither want another letter.

        :param after: the rank of the last person on the page before.
        """
        ranks = sorted(cls._rank(candidate, fold_name(text)) for candidate in cls._get_candidates(viewer, text))
        wanted = [rank for rank in ranks if after is None or rank > after][: SEARCH_PAGE_SIZE + 1]
        page = wanted[:SEARCH_PAGE_SIZE]
        records = AccountService.load_users(rank.user_id for rank in page)
        found = [records[rank.user_id] for rank in page if rank.user_id in records]
        return FoundPage(found, page[-1] if len(wanted) > len(page) else None)

    @classmethod
    def get_most_followed(cls, *, viewer: User | AnonymousUser, limit: int) -> list[dict[str, Any]]:
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
    def _get_candidates(cls, viewer: User | AnonymousUser, text: str) -> set[Candidate]:
        prefix, key = fold_name(text), search_key(text)
        people = User.objects.visible_to(viewer).filter(profile__isnull=False)
        by_nickname = Q(profile__nickname_key__gte=key, profile__nickname_key__lt=key + AFTER_KEYS)
        by_username = Q(username__gte=prefix, username__lte=prefix + AFTER_USERNAMES)
        ranges = {"profile__nickname_key": by_nickname}
        # No user name has other letters, and a collation might take them for these.
        if USERNAME_PREFIX.fullmatch(prefix):
            ranges["username"] = by_username
        candidates: set[Candidate] = set()
        is_common = False
        for order, condition in ranges.items():
            found = cls._read(people.filter(condition).order_by(order)[:MAX_SEARCH_CANDIDATES])
            is_common |= len(found) == MAX_SEARCH_CANDIDATES
            candidates.update(found)
        if is_common:
            famous = people.filter(id__in=cls._get_most_followed_ids())
            candidates.update(cls._read(famous.filter(reduce(or_, ranges.values()))))
        return candidates

    @classmethod
    def _read(cls, people: QuerySet[User]) -> list[Candidate]:
        return [Candidate(*row) for row in people.values_list(*CANDIDATE_FIELDS)]

    @classmethod
    def _rank(cls, candidate: Candidate, name: str) -> Rank:
        return Rank(candidate.username != name, -candidate.followers_count, candidate.user_id)

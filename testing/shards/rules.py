"""
Where each table would live if the database were cut into shards, in the terms of Vitess.

A vindex maps a column to a shard: a functional one by hashing, a lookup one by asking a table, which costs a round trip
more. The first of a table is its primary vindex, which decides where its rows are; it may be a lookup one that another
table owns, and then the rows are where the rows of that table are. Tables of reference are copied to every shard. The
unsharded keyspace is one server for what is small and belongs to no user.
https://vitess.io/docs/reference/features/vindexes/ and https://vitess.io/docs/reference/vreplication/reference_tables/
"""

from dataclasses import dataclass
from enum import StrEnum


class Placement(StrEnum):
    SHARDED = "sharded"
    REFERENCE = "reference"
    UNSHARDED = "unsharded"
    LOCAL = "with the transaction"


@dataclass(frozen=True, slots=True)
class Vindex:
    """
    A column by which rows are found. Columns of one space have the same shard for the same value.
    """

    column: str
    space: str = "user"
    is_lookup: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """
    Where a table's rows are, and why.
    """

    placement: Placement
    vindexes: tuple[Vindex, ...] = ()
    reason: str = ""

    @property
    def primary(self) -> Vindex:
        return self.vindexes[0]


def by_user(column: str, *lookups: Vindex, reason: str) -> Rule:
    return Rule(Placement.SHARDED, (Vindex(column), *lookups), reason)


def with_the_tweet(column: str, *lookups: Vindex, reason: str) -> Rule:
    return Rule(Placement.SHARDED, (Vindex(column, "tweet", is_lookup=True), *lookups), reason)


def lookup(column: str, space: str | None = None) -> Vindex:
    return Vindex(column, space or column, is_lookup=True)


REFERENCE = Rule(Placement.REFERENCE, reason="read everywhere, changed by hand")
UNSHARDED = Rule(Placement.UNSHARDED, reason="small, and of no user")

RULES = {
    "accounts_user": by_user(
        "id", lookup("username"), lookup("email"), reason="found by name at login and by address once"
    ),
    "accounts_userprofile": by_user("user_id", reason="changes in the transactions of its user"),
    "accounts_accesstoken": by_user("user_id", lookup("key_hash"), reason="found by its secret with each request"),
    "accounts_user_groups": by_user("user_id", reason="read with the user"),
    "accounts_user_user_permissions": by_user("user_id", reason="read with the user"),
    "friendships_friendship": by_user(
        "from_user_id", reason="whom I follow; who follows me needs a second table by `to_user_id`"
    ),
    "likes_like": by_user("user_id", reason="whether I like what I see; who likes a tweet is asked of all"),
    "tweets_tweet": by_user("user_id", lookup("id", "tweet"), reason="timelines; found by id through the lookup"),
    "tweets_tweetphoto": by_user(
        "user_id", lookup("tweet_id", "tweet"), lookup("id", "photo"), reason="its author is the tweet's"
    ),
    "comments_comment": with_the_tweet(
        "tweet_id", lookup("id", "comment"), reason="read and counted with the tweet; by their author asked of all"
    ),
    "newsfeeds_newsfeed": by_user("user_id", reason="a page is one range of one user"),
    "newsfeeds_feedfollow": by_user("follower_id", reason="changes with the follower's feed"),
    "newsfeeds_feedreader": by_user("user_id", reason="of one reader"),
    "newsfeeds_deliverybatch": with_the_tweet("tweet_id", reason="written once for each thousand followers of a tweet"),
    "inbox_notification": by_user("recipient_id", reason="the inbox of one user; a key names one recipient"),
    "idempotency_idempotentrequest": by_user("user_id", reason="asked with each write of its user"),
    "outbox_message": Rule(
        Placement.LOCAL, reason="has to commit with the act: needs a column with the actor, and a relay for each shard"
    ),
    "django_session": Rule(Placement.SHARDED, (Vindex("session_key", "session"),), "of one browser"),
    "auth_group": REFERENCE,
    "auth_group_permissions": REFERENCE,
    "auth_permission": REFERENCE,
    "django_content_type": REFERENCE,
    "gatekeeper_feature": REFERENCE,
    "gatekeeper_storephase": REFERENCE,
    "newsfeeds_pulledauthor": Rule(Placement.REFERENCE, reason="few, and asked for by every reader of theirs"),
    "beat_beatlease": UNSHARDED,
    "beat_periodictask": UNSHARDED,
    "django_admin_log": UNSHARDED,
    "gatekeeper_featurechange": UNSHARDED,
    "gatekeeper_storephasechange": UNSHARDED,
    "moderation_auditentry": UNSHARDED,
    "moderation_report": UNSHARDED,
    "newsfeeds_feedcheck": UNSHARDED,
}

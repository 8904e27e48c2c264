"""
Events as rows: written by one release and read by another.
"""

from dataclasses import FrozenInstanceError, dataclass
from typing import ClassVar

from django.utils import timezone

from accounts.events import TokensRevoked
from accounts.models import User
from friendships.events import Followed
from newsfeeds.events import FeedRowsMissed
from outbox.events import Event, UnreadableEvent
from outbox.handling import event_types, handle, read_event
from outbox.models import Message
from outbox.services import OutboxService
from testing.testcases import ApiTestCase
from tweets.events import TweetsPurgeContinued
from tweets.models import Tweet

# One row of each event as release 0.1 wrote them.
EARLIER_ROWS = {
    "user_changed": {"user_id": 1},
    "tokens_revoked": {"key_hashes": ["ab", "cd"]},
    "account_deleted": {"user_id": 1},
    "tweets_purge_goes_on": {"user_id": 1},
    "comments_purge_goes_on": {"user_id": 1},
    "likes_purge_goes_on": {"user_id": 1},
    "friendships_purge_goes_on": {"user_id": 1},
    "tweet_created": {"tweet_id": 1, "author_id": 2, "is_split": True},
    "tweet_batch_cut": {"tweet_id": 1, "author_id": 2, "after": 0, "until": 9},
    "tweet_deleted": {"tweet_id": 1, "author_id": 2},
    "removal_batch_cut": {"tweet_id": 1, "author_id": 2, "after": 0, "until": 9},
    "feed_rows_missed": {"puts": [[1, 2]], "deletes": [], "version": 3},
    "tweet_recounted": {"tweet_id": 1},
    "photos_attached": {"tweet_id": 1},
    "photo_reviewed": {"tweet_id": 1},
    "comment_updated": {"comment_id": 1, "tweet_id": 2, "user_id": 3, "tweet_author_id": 4},
    "comment_created": {"comment_id": 1, "tweet_id": 2, "user_id": 3, "tweet_author_id": 4},
    "comment_deleted": {"comment_id": 1, "tweet_id": 2, "user_id": 3, "tweet_author_id": 4},
    "liked": {"content_type": "tweet", "object_id": 1, "user_id": 2, "owner_id": 3},
    "unliked": {"content_type": "comment", "object_id": 1, "user_id": 2, "owner_id": 3},
    "followed": {"follower_id": 1, "followee_id": 2, "friendship_id": 3},
    "unfollowed": {"follower_id": 1, "followee_id": 2, "friendship_id": 3},
}


@dataclass(frozen=True, kw_only=True)
class Greeted(Event):
    """
    An event to which a later release gave a second field.
    """

    name: ClassVar[str] = "greeted"

    user_id: int
    language: str = "en"


class PayloadTests(ApiTestCase):
    def test_what_is_recorded_is_read_again(self):
        for event in (
            Followed(follower_id=1, followee_id=2, friendship_id=3),
            TokensRevoked(key_hashes=["ab", "cd"]),
            FeedRowsMissed(puts=[[1, 2]], deletes=[], version=3),
        ):
            with self.subTest(event=event.name):
                OutboxService.record(event=event)

                row = Message.objects.get(event=event.name)
                read = read_event(row)
                self.assertEqual((read, read.message_id), (event, row.id))
                self.assertNotIn("message_id", row.payload)

    def test_two_of_the_same_are_one_whatever_their_rows(self):
        first, second = (Followed(follower_id=1, followee_id=2, friendship_id=3, message_id=row) for row in (8, 9))

        self.assertEqual({first, second}, {first})

    def test_nobody_changes_what_has_happened(self):
        with self.assertRaises(FrozenInstanceError):
            Greeted(user_id=1).user_id = 2


class ReleaseTests(ApiTestCase):
    def test_every_row_that_the_release_before_has_queued_is_read(self):
        self.assertEqual(EARLIER_ROWS.keys() - event_types.keys(), set())
        for name, payload in EARLIER_ROWS.items():
            with self.subTest(event=name):
                row = Message.objects.create(event=name, payload=payload)

                written = read_event(row).to_payload()

                self.assertEqual(written, {field: payload[field] for field in written})
                self.assertEqual(payload.keys() - written.keys(), {"is_split"} & payload.keys())

    def test_a_row_under_the_earlier_name_of_an_event_is_handled(self):
        alice = self.person("alice")
        alice.tweets()
        User.objects.filter(id=alice.id).update(deleted_at=timezone.now())
        row = Message.objects.create(event="tweets_purge_goes_on", payload={"user_id": alice.id})

        handle([row.id])

        self.assertFalse(Tweet.objects.filter(user_id=alice.id, deleted_at__isnull=True).exists())
        self.assertFalse(Message.objects.filter(id=row.id).exists())

    def test_new_rows_have_the_present_name(self):
        OutboxService.record(event=TweetsPurgeContinued(user_id=1))

        self.assertEqual(Message.objects.get().event, "tweets_purge_continued")

    def test_a_field_that_only_a_newer_release_knows_is_ignored(self):
        self.assertEqual(Greeted.from_payload({"user_id": 1, "mood": "good"}), Greeted(user_id=1))

    def test_a_field_that_an_older_release_did_not_know_has_its_default(self):
        self.assertEqual(Greeted.from_payload({"user_id": 1}).language, "en")

    def test_a_row_that_lacks_a_field_cannot_be_read(self):
        with self.assertRaisesMessage(UnreadableEvent, "user_id"):
            Greeted.from_payload({"language": "en"})

    def test_nor_can_one_of_an_unknown_event(self):
        with self.assertRaisesMessage(UnreadableEvent, "greeted"):
            read_event(Message(event="greeted", payload={"user_id": 1}))

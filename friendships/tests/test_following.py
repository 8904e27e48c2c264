"""
Following and unfollowing, one request after the other.
"""

from friendships.models import Friendship
from outbox.models import Message
from testing.testcases import ApiTestCase

FRIENDSHIP = {"user", "created_at", "has_followed"}
MICROSECONDS_UTC = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"


class FriendsTestCase(ApiTestCase):
    def setUp(self):
        self.alice, self.bob = self.person("alice1"), self.person("bobby1")

    def follow(self, follower, followee):
        return follower.post(f"friendships/{followee.id}/follow/")

    def unfollow(self, follower, followee):
        return follower.post(f"friendships/{followee.id}/unfollow/")

    def counts(self, person):
        """
        Return (followers, followings) as everybody sees them.
        """
        detail = self.nobody().get(f"users/{person.id}/").json()
        return detail["followers_count"], detail["followings_count"]


class FollowingTests(FriendsTestCase):
    def test_alice_follows_bob(self):
        response = self.follow(self.alice, self.bob)

        self.assertEqual(response.status_code, 201, response.json())
        body = response.json()
        self.assertEqual(set(body), FRIENDSHIP | {"success", "duplicate"})
        self.assertEqual((body["success"], body["duplicate"], body["has_followed"]), (True, False, True))
        user = {"id": self.bob.id, "username": "bobby1", "nickname": None, "avatar_url": None}
        self.assertEqual(body["user"], user)
        self.assertRegex(body["created_at"], MICROSECONDS_UTC)

    def test_both_lists_show_it_with_the_same_time(self):
        created_at = self.follow(self.alice, self.bob).json()["created_at"]

        followers = self.nobody().get(f"friendships/{self.bob.id}/followers/").json()["results"]
        followings = self.nobody().get(f"friendships/{self.alice.id}/followings/").json()["results"]

        shown = [[(row["user"]["id"], row["created_at"]) for row in rows] for rows in (followers, followings)]
        self.assertEqual(shown, [[(self.alice.id, created_at)], [(self.bob.id, created_at)]])

    def test_following_again_returns_the_friendship_that_is_there(self):
        first = self.follow(self.alice, self.bob).json()

        again = self.follow(self.alice, self.bob)

        self.assertEqual(again.status_code, 201)
        self.assertEqual(again.json(), {**first, "duplicate": True})
        self.assertEqual(Friendship.objects.count(), 1)
        self.assertEqual((self.counts(self.bob), self.counts(self.alice)), ((1, 0), (0, 1)))

    def test_following_again_announces_nothing_again(self):
        self.follow(self.alice, self.bob)
        announced = Message.objects.count()

        self.follow(self.alice, self.bob)

        self.assertEqual(Message.objects.count(), announced)

    def test_alice_cannot_follow_herself(self):
        response = self.follow(self.alice, self.alice)

        body = self.assert_refused(response, 400)
        self.assertEqual(body["errors"], {"message": ["You can not follow yourself."]})
        self.assertEqual(self.counts(self.alice), (0, 0))

    def test_nobody_can_be_followed_who_is_not_there(self):
        for user_id in (self.bob.id + 1000, 0, 2**53, 2**63):
            with self.subTest(user_id=user_id):
                self.assert_refused(self.alice.post(f"friendships/{user_id}/follow/"), 404)
        self.assertEqual(self.counts(self.alice), (0, 0))

    def test_an_anonymous_caller_follows_nobody(self):
        response = self.follow(self.nobody(), self.bob)

        body = self.assert_refused(response, 403)
        self.assertEqual(body["detail"], "Authentication credentials were not provided.")
        self.assertEqual(self.counts(self.bob), (0, 0))

    def test_who_follows_is_who_asks_whatever_the_body_says(self):
        carol = self.person("carol1")

        self.alice.post(f"friendships/{self.bob.id}/follow/", from_user_id=carol.id, to_user_id=carol.id, user=carol.id)

        row = Friendship.objects.get()
        self.assertEqual((row.from_user_id, row.to_user_id), (self.alice.id, self.bob.id))

    def test_only_post_follows(self):
        for method in ("get", "put", "patch", "delete"):
            with self.subTest(method=method):
                response = getattr(self.alice.client, method)(f"/api/friendships/{self.bob.id}/follow/")

                self.assert_refused(response, 405)
                self.assertEqual(response["Allow"], "POST, OPTIONS")
        self.assertFalse(Friendship.objects.exists())

    def test_following_back_is_a_friendship_of_its_own(self):
        self.follow(self.alice, self.bob)

        body = self.follow(self.bob, self.alice).json()

        self.assertIs(body["duplicate"], False)
        self.assertEqual((self.counts(self.alice), self.counts(self.bob)), ((1, 1), (1, 1)))

    def test_following_takes_the_same_queries_for_the_first_fan_and_for_the_hundredth(self):
        fans = [self.person(f"fan_{number}_") for number in range(3)]
        for person in (*fans, self.bob):
            person.get("accounts/login_status/")
        self.bob.get(f"friendships/{self.alice.id}/followers/")
        self.follow(self.alice, self.bob)

        counts = [self.count_queries(self.follow, fans[0], self.bob)]
        self.crowd(18, following=self.bob)
        counts.append(self.count_queries(self.follow, fans[1], self.bob))
        self.crowd(79, following=self.bob)
        counts.append(self.count_queries(self.follow, fans[2], self.bob))

        # Whom, both counters, the row, the event.
        self.assertEqual(counts, [4] * 3)


class UnfollowingTests(FriendsTestCase):
    def test_alice_unfollows_bob(self):
        self.follow(self.alice, self.bob)

        response = self.unfollow(self.alice, self.bob)

        self.assertEqual((response.status_code, response.json()), (200, {"success": True, "deleted": 1}))
        self.assertFalse(Friendship.objects.exists())
        self.assertEqual((self.counts(self.bob), self.counts(self.alice)), ((0, 0), (0, 0)))

    def test_unfollowing_again_deletes_nothing_and_counts_nothing(self):
        self.follow(self.alice, self.bob)
        self.unfollow(self.alice, self.bob)

        response = self.unfollow(self.alice, self.bob)

        self.assertEqual((response.status_code, response.json()), (200, {"success": True, "deleted": 0}))
        self.assertEqual((self.counts(self.bob), self.counts(self.alice)), ((0, 0), (0, 0)))

    def test_unfollowing_somebody_she_never_followed_is_no_error(self):
        carol = self.person("carol1")
        self.follow(carol, self.bob)

        response = self.unfollow(self.alice, self.bob)

        self.assertEqual(response.json(), {"success": True, "deleted": 0})
        self.assertEqual(self.counts(self.bob), (1, 0))

    def test_alice_cannot_unfollow_herself_or_somebody_unknown(self):
        self.assert_refused(self.unfollow(self.alice, self.alice), 400, field="message")
        self.assert_refused(self.alice.post(f"friendships/{self.bob.id + 1000}/unfollow/"), 404)

    def test_an_anonymous_caller_ends_nothing(self):
        self.follow(self.alice, self.bob)

        self.assert_refused(self.unfollow(self.nobody(), self.bob), 403)

        self.assertEqual(Friendship.objects.count(), 1)

    def test_alice_cannot_end_what_carol_began(self):
        carol = self.person("carol1")
        self.follow(carol, self.bob)

        self.alice.post(f"friendships/{self.bob.id}/unfollow/", from_user_id=carol.id, follower=carol.id)

        self.assertEqual(Friendship.objects.get().from_user_id, carol.id)

    def test_events_say_which_friendship_has_begun_and_ended(self):
        self.follow(self.alice, self.bob)
        friendship = {
            "follower_id": self.alice.id,
            "followee_id": self.bob.id,
            "friendship_id": Friendship.objects.get().id,
        }

        self.unfollow(self.alice, self.bob)

        payloads = {message.event: message.payload for message in Message.objects.all()}
        self.assertEqual(payloads, {"followed": friendship, "unfollowed": friendship})

    def test_following_once_more_begins_anew(self):
        first = self.follow(self.alice, self.bob).json()
        self.unfollow(self.alice, self.bob)

        second = self.follow(self.alice, self.bob).json()

        self.assertIs(second["duplicate"], False)
        self.assertGreater(second["created_at"], first["created_at"])
        self.assertEqual((self.counts(self.bob), self.counts(self.alice)), ((1, 0), (0, 1)))


class HasFollowedTests(FriendsTestCase):
    def followed_in_list(self, viewer):
        """
        Return {username: has_followed} of those who follow Bob, as `viewer` sees them.
        """
        rows = viewer.get(f"friendships/{self.bob.id}/followers/").json()["results"]
        return {row["user"]["username"]: row["has_followed"] for row in rows}

    def test_it_is_about_the_caller_and_each_listed_person(self):
        carol, dave = self.person("carol1"), self.person("dave_1")
        for fan in (carol, dave):
            self.follow(fan, self.bob)
        self.follow(self.alice, carol)
        self.follow(dave, self.alice)

        self.assertEqual(self.followed_in_list(self.alice), {"carol1": True, "dave_1": False})
        self.assertEqual(self.followed_in_list(carol), {"carol1": False, "dave_1": False})
        self.assertEqual(self.followed_in_list(self.nobody()), {"carol1": False, "dave_1": False})

    def test_the_remembered_set_follows_every_follow_and_unfollow(self):
        carol = self.person("carol1")
        self.follow(carol, self.bob)
        seen = [self.followed_in_list(self.alice)["carol1"]]

        for change in (self.follow, self.unfollow, self.follow):
            change(self.alice, carol)
            seen.append(self.followed_in_list(self.alice)["carol1"])
            seen.append(self.alice.get(f"users/{carol.id}/").json()["has_followed"])

        self.assertEqual(seen, [False, True, True, False, False, True, True])

    def test_numbered_pages_tell_it_too(self):
        carol = self.person("carol1")
        self.follow(carol, self.bob)
        self.follow(self.alice, carol)

        rows = self.alice.get(f"friendships/{self.bob.id}/followers/", page=1).json()["results"]

        self.assertEqual([(row["user"]["username"], row["has_followed"]) for row in rows], [("carol1", True)])

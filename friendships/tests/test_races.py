"""
Following at one moment: rows and counters agree whatever the order.
"""

from accounts.models import UserProfile
from friendships.models import Friendship
from testing.testcases import CommittedTestCase


class FollowingAtOnceTests(CommittedTestCase):
    def follow(self, follower, followee):
        return lambda: follower.post(f"friendships/{followee.id}/follow/")

    def unfollow(self, follower, followee):
        return lambda: follower.post(f"friendships/{followee.id}/unfollow/")

    def assert_counters_agree(self):
        for profile in UserProfile.objects.all():
            self.assertEqual(profile.followers_count, Friendship.objects.filter(to_user_id=profile.user_id).count())
            self.assertEqual(profile.followings_count, Friendship.objects.filter(from_user_id=profile.user_id).count())

    def test_one_request_sent_six_times_at_once_makes_one_friendship(self):
        alice, bob = self.person("alice1"), self.person("bobby1")

        responses = self.together(*[self.follow(alice, bob)] * 6)

        self.assertEqual([response.status_code for response in responses], [201] * 6)
        self.assertEqual(sorted(response.json()["duplicate"] for response in responses), [False] + [True] * 5)
        self.assertEqual(len({response.json()["created_at"] for response in responses}), 1)
        self.assertEqual(Friendship.objects.count(), 1)
        self.assert_counters_agree()

    def test_six_people_who_follow_alice_at_once_are_all_counted(self):
        alice, fans = self.person("alice1"), [self.person(f"fan_{number}_") for number in range(6)]

        responses = self.together(*[self.follow(fan, alice) for fan in fans])

        self.assertEqual([response.status_code for response in responses], [201] * 6)
        self.assertEqual(UserProfile.objects.get(user_id=alice.id).followers_count, 6)
        self.assert_counters_agree()

    def test_two_people_who_follow_each_other_at_once_do_not_wait_for_each_other_for_ever(self):
        alice, bob = self.person("alice1"), self.person("bobby1")

        responses = self.together(*[self.follow(alice, bob), self.follow(bob, alice)] * 3)

        self.assertEqual([response.status_code for response in responses], [201] * 6)
        self.assertEqual(Friendship.objects.count(), 2)
        self.assert_counters_agree()

    def test_one_friendship_that_is_ended_six_times_at_once_is_ended_once(self):
        alice, bob = self.person("alice1"), self.person("bobby1")
        alice.follows(bob)

        responses = self.together(*[self.unfollow(alice, bob)] * 6)

        self.assertEqual(sorted(response.json()["deleted"] for response in responses), [0] * 5 + [1])
        self.assert_counters_agree()

    def test_following_and_unfollowing_at_once_leaves_counters_that_agree_with_the_rows(self):
        alice, bob, carol = self.person("alice1"), self.person("bobby1"), self.person("carol1")

        for _ in range(3):
            responses = self.together(
                self.follow(alice, bob),
                self.unfollow(alice, bob),
                self.follow(bob, alice),
                self.follow(carol, bob),
                self.unfollow(carol, bob),
                self.follow(alice, carol),
            )

            self.assertTrue(all(response.status_code in (200, 201) for response in responses))
            self.assert_counters_agree()

    def test_the_remembered_set_is_right_when_the_dust_has_settled(self):
        alice, bob = self.person("alice1"), self.person("bobby1")
        read = lambda: alice.get(f"users/{bob.id}/")  # noqa: E731

        for change, settled in ((self.follow, True), (self.unfollow, False)):
            self.together(change(alice, bob), read, read, read)

            self.assertIs(read().json()["has_followed"], settled)

"""
Home feeds when an author is suspended or closes the account.
"""

from newsfeeds.tests.home_feeds import HomeFeedTestCase


class HiddenAuthorsTests(HomeFeedTestCase):
    def feed_of_two(self):
        """
        Return Alice, Carol, Bob who follows both, and their tweets, newest first; every third is Alice's.
        """
        alice, carol = self.person("alice"), self.person("carol")
        bob = self.bob_who_follows(alice, carol)
        tweets = [(person := alice if number % 3 == 0 else carol, person.tweets()) for number in range(30)][::-1]
        self.tasks_run()
        return alice, carol, bob, tweets

    def test_a_suspended_authors_tweets_are_hidden_and_pages_are_filled_up(self):
        alice, carol, bob, tweets = self.feed_of_two()
        self.suspend(carol.user)

        pages = self.follow_next(bob, self.page(bob, limit=4))

        self.assertEqual([len(page) for page in pages], [4, 4, 2])
        self.assertEqual(sum(pages, []), [tweet_id for person, tweet_id in tweets if person is alice])

    def test_they_are_back_in_their_places_after_she_is_restored(self):
        _, carol, bob, tweets = self.feed_of_two()
        self.suspend(carol.user)
        bob.feed()

        self.restore(carol.user)
        self.tasks_run()

        self.assertEqual(bob.feed(limit=100), [tweet_id for _, tweet_id in tweets])

    def test_staff_goes_on_seeing_them(self):
        carol, staff = self.person("carol"), self.person("staff", is_staff=True)
        staff.follows(carol)
        tweet_id = carol.tweets()
        self.tasks_run()

        self.suspend(carol.user)

        self.assertEqual(staff.feed(), [tweet_id])

    def test_a_feed_of_hidden_tweets_alone_is_an_empty_last_page(self):
        carol = self.person("carol")
        bob = self.bob_who_follows(carol)
        for _ in range(30):
            carol.tweets()
        self.tasks_run()

        self.suspend(carol.user)

        self.assertEqual(self.page(bob, limit=3), {"has_next_page": False, "next": None, "results": []})

    def test_what_is_posted_while_a_follower_is_suspended_awaits_her(self):
        alice = self.person("alice")
        bob = self.bob_who_follows(alice)
        self.suspend(bob.user)

        tweet_id = alice.tweets()
        self.tasks_run()
        self.restore(bob.user)

        self.assertEqual(self.rows_of(bob), [tweet_id])

    def test_a_closed_accounts_tweets_leave_at_once(self):
        alice, carol, bob, tweets = self.feed_of_two()

        self.closes(carol)

        self.assertEqual(bob.feed(), [tweet_id for person, tweet_id in tweets if person is alice])

"""
Suspended in the admin: hidden on every page at once, pages filled up, and all back where it was.
"""

from moderation.tests.people import Moderating
from testing.testcases import ApiTestCase
from tweets.tests.photos import Photographing


class HidingTests(Photographing, Moderating, ApiTestCase):
    def setUp(self):
        self.alice, self.bob, self.carol = (self.person(name) for name in ("alice1", "bobby1", "carol1"))
        self.mod = self.moderator()
        for person in (self.bob, self.carol, self.mod):
            person.follows(self.alice)
        for person in (self.alice, self.carol):
            person.follows(self.bob)
        self.bobs_id = self.bob.tweets("Bob has said something")
        self.alices_id = self.posts(self.alice, self.picture())["id"]
        for person in (self.alice, self.carol):
            for tweet_id in (self.bobs_id, self.alices_id):
                person.post("comments/", tweet_id=tweet_id, content="Well said")
                person.post("likes/", content_type="tweet", object_id=tweet_id)
        self.tasks_run()

    def names(self, viewer, path, **params):
        """
        Return whose rows a page shows.
        """
        response = viewer.get(path, **params)
        if response.status_code != 200:
            return response.status_code
        page = response.json()
        rows = page.get("results", page.get("comments", page.get("likes")))
        users = [row.get("actor") or row.get("tweet", row).get("user") or row for row in rows]
        return [user["username"] for user in users]

    def pages(self, viewer):
        detail = viewer.get(f"tweets/{self.bobs_id}/").json()
        pages = {
            "feed": self.names(viewer, "newsfeeds/"),
            "timeline": self.names(viewer, "tweets/", user_id=self.alice.id),
            "tweet": viewer.get(f"tweets/{self.alices_id}/").status_code,
            "user": viewer.get(f"users/{self.alice.id}/").status_code,
            "user by name": viewer.get("users/by/alice1/").status_code,
            "followers": self.names(viewer, f"friendships/{self.bob.id}/followers/"),
            "followings": self.names(viewer, f"friendships/{self.carol.id}/followings/"),
            "numbered": self.names(viewer, f"friendships/{self.bob.id}/followers/", page=1),
            "comments": self.names(viewer, "comments/", tweet_id=self.bobs_id),
            "comments of the tweet": [comment["user"]["username"] for comment in detail["comments"]],
            "likes of the tweet": [like["user"]["username"] for like in detail["likes"]],
            "notifications": self.names(viewer, "notifications/"),
            "unread": viewer.get("notifications/unread-count/").json()["unread_count"],
            "users": self.names(viewer, "users/"),
        }
        return {name: page for name, page in pages.items() if page != 403}

    def suspend(self):
        self.act(self.mod, "accounts/user", "suspend", self.alice.user, reason="Spam")

    def restore(self):
        self.act(self.mod, "accounts/user", "restore", self.alice.user)

    def test_she_is_nowhere_at_once_and_then_everything_is_back_where_it_was(self):
        before = {person: self.pages(person) for person in (self.bob, self.carol)}
        self.assertIn("alice1", before[self.bob]["notifications"])

        self.suspend()
        hidden = {person: self.pages(person) for person in (self.bob, self.carol)}
        self.restore()

        for person, pages in hidden.items():
            for name, page in pages.items():
                shown = before[person][name]
                if isinstance(page, list):
                    self.assertEqual(page, [user for user in shown if user != "alice1"], name)
                elif name == "unread":
                    self.assertEqual(page, len(pages["notifications"]))
                else:
                    self.assertEqual((page, shown), (404, 200), name)
        self.assertEqual({person: self.pages(person) for person in (self.bob, self.carol)}, before)

    def test_staff_goes_on_seeing_her_everywhere(self):
        before = self.pages(self.mod)
        self.assertIn("alice1", before["users"])

        self.suspend()

        self.assertEqual(self.pages(self.mod), before)

    def acts_on_her(self, person):
        """
        Like and comment on her tweet, follow her; return the status codes.
        """
        return [
            person.post("likes/", content_type="tweet", object_id=self.alices_id).status_code,
            person.post("comments/", tweet_id=self.alices_id, content="Still well said").status_code,
            person.post(f"friendships/{self.alice.id}/follow/").status_code,
        ]

    def test_staff_alone_may_act_on_what_is_hidden_whoever_acted_before(self):
        self.assertEqual(self.acts_on_her(self.bob), [201, 201, 201])

        self.suspend()

        for _ in range(2):
            self.assertEqual(self.acts_on_her(self.mod), [201, 201, 201])
            self.assertEqual(self.acts_on_her(self.bob), [400, 400, 404])

    def test_counters_stay(self):
        counted = self.nobody().get(f"users/{self.bob.id}/").json()
        tweet = self.nobody().get(f"tweets/{self.bobs_id}/").json()

        self.suspend()

        self.assertEqual(self.nobody().get(f"users/{self.bob.id}/").json(), counted)
        after = self.nobody().get(f"tweets/{self.bobs_id}/").json()
        for name in ("likes_count", "comments_count"):
            self.assertEqual(after[name], tweet[name])

    def test_pages_are_filled_up_and_never_short(self):
        for number in range(6):
            for person in (self.alice, self.bob, self.alice):
                tweet_id = person.tweets(f"Number {number} of many")
                person.post("comments/", tweet_id=self.bobs_id, content=f"Number {number}")
        self.tasks_run()
        self.carol.feed()

        self.suspend()

        feed = self.carol.get("newsfeeds/", limit=5).json()
        self.assertEqual([row["tweet"]["user"]["username"] for row in feed["results"]], ["bobby1"] * 5)
        self.assertIs(feed["has_next_page"], True)
        comments = self.carol.get("comments/", tweet_id=self.bobs_id, limit=7).json()
        expected = ["carol1", *["bobby1"] * 6]
        self.assertEqual([comment["user"]["username"] for comment in comments["comments"]], expected)
        self.assertIs(comments["has_next_page"], False)
        self.assertGreater(tweet_id, self.alices_id)

    def test_a_page_of_notifications_is_filled_up_too(self):
        for number in range(12):
            self.alice.post("comments/", tweet_id=self.bobs_id, content=f"Number {number}")
            self.carol.post("comments/", tweet_id=self.bobs_id, content=f"Number {number}")
        self.tasks_run()

        self.suspend()

        page = self.bob.get("notifications/").json()
        self.assertEqual([row["actor"]["username"] for row in page["results"]], ["carol1"] * 10)
        self.assertIsNotNone(page["next"])

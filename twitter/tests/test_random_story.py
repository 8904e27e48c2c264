"""
Four people do whatever comes to mind, and the site agrees with a model of a few dictionaries after each step.
"""

import random

from accounts.services import AccessTokenService
from testing.testcases import ApiTestCase

STEPS = 90
VERBS = {
    "tweet": 3,
    "delete_tweet": 1,
    "comment": 4,
    "edit": 2,
    "delete_comment": 2,
    "like": 6,
    "unlike": 4,
    "follow": 4,
    "unfollow": 2,
    "read": 2,
    "look": 2,
    "work": 3,
}
# What moderators do meanwhile.
MODERATION = {"hide": 2, "bring_back": 2}


class Model:
    """
    What is true, in plain dictionaries.
    """

    def __init__(self, people):
        self.people = people
        self.tweets = {}  # id: author
        self.comments = {}  # id: (author, tweet id, content)
        self.likes = set()  # (person, content type, id)
        self.follows = {}  # (follower, followee): None, in the order in which they began
        self.hidden = set()  # those who are suspended

    def active(self):
        return [person for person in self.people if person not in self.hidden]

    def visible_tweets(self):
        return [tweet_id for tweet_id, author in self.tweets.items() if author not in self.hidden]

    def visible_comments(self):
        tweet_ids = set(self.visible_tweets())
        return [
            id
            for id, (author, tweet_id, _) in self.comments.items()
            if author not in self.hidden and tweet_id in tweet_ids
        ]

    def tweets_by(self, person):
        return [tweet_id for tweet_id in sorted(self.tweets, reverse=True) if self.tweets[tweet_id] is person]

    def comments_on(self, tweet_id):
        return [id for id in sorted(self.comments) if self.comments[id][1] == tweet_id]

    def likers(self, content_type, object_id):
        return {person for person, kind, id in self.likes if (kind, id) == (content_type, object_id)}

    def feed(self, person):
        authors = {person} | {followee for follower, followee in self.follows if follower is person} - self.hidden
        return [tweet_id for tweet_id in sorted(self.tweets, reverse=True) if self.tweets[tweet_id] in authors]

    def delete_tweet(self, tweet_id):
        for comment_id in self.comments_on(tweet_id):
            self.delete_comment(comment_id)
        self.likes = {like for like in self.likes if like[1:] != ("tweet", tweet_id)}
        del self.tweets[tweet_id]

    def delete_comment(self, comment_id):
        self.likes = {like for like in self.likes if like[1:] != ("comment", comment_id)}
        del self.comments[comment_id]


class RandomStoryTests(ApiTestCase):
    def setUp(self):
        self.people = [self.person(name) for name in ("alice1", "bobby1", "carol1", "david1")]

    def test_one_evening(self):
        self.tell(seed=3)

    def test_another_evening(self):
        self.tell(seed=31)

    def test_an_evening_with_moderators(self):
        self.tell(seed=314, verbs={**VERBS, **MODERATION})

    def test_another_one_with_moderators(self):
        self.tell(seed=3141, verbs={**VERBS, **MODERATION})

    def tell(self, *, seed, verbs=VERBS):
        self.dice, self.model = random.Random(seed), Model(self.people)
        for step in range(STEPS):
            verb = self.dice.choices(list(verbs), weights=list(verbs.values()))[0]
            with self.subTest(step=step, verb=verb):
                getattr(self, verb)(self.dice.choice(self.model.active()))
        self.tasks_run()
        for person in self.model.active():
            self.look(person)
            self.assertEqual(person.feed(limit=100), self.model.feed(person))

    def expect(self, response, status):
        self.assertEqual(response.status_code, status, getattr(response, "content", b"")[:300])
        return response.json() if response.content else None

    def target(self):
        """
        Return a tweet or a comment, (content type, id), or None if there is nothing to be seen.
        """
        targets = [("tweet", id) for id in self.model.visible_tweets()]
        targets += [("comment", id) for id in self.model.visible_comments()]
        return self.dice.choice(targets) if targets else None

    def tweet(self, person):
        self.model.tweets[person.tweets(f"This is what {person.name} thinks")] = person

    def delete_tweet(self, person):
        if not self.model.visible_tweets():
            return
        tweet_id = self.dice.choice(self.model.visible_tweets())
        is_own = self.model.tweets[tweet_id] is person
        self.expect(person.delete(f"tweets/{tweet_id}/"), 204 if is_own else 403)
        if is_own:
            self.model.delete_tweet(tweet_id)
            self.expect(person.get(f"tweets/{tweet_id}/"), 404)
            self.expect(person.post("comments/", tweet_id=tweet_id, content="Too late"), 400)

    def comment(self, person):
        if self.model.visible_tweets():
            tweet_id = self.dice.choice(self.model.visible_tweets())
            self.model.comments[self.comments(person, tweet_id)] = (person, tweet_id, "Well said")

    def edit(self, person):
        if not self.model.visible_comments():
            return
        comment_id = self.dice.choice(self.model.visible_comments())
        author, tweet_id, _ = self.model.comments[comment_id]
        words = f"Number {self.dice.randrange(1000)}"
        self.expect(person.put(f"comments/{comment_id}/", content=words), 200 if author is person else 403)
        if author is person:
            self.model.comments[comment_id] = (person, tweet_id, words)

    def delete_comment(self, person):
        if not self.model.visible_comments():
            return
        comment_id = self.dice.choice(self.model.visible_comments())
        is_own = self.model.comments[comment_id][0] is person
        self.expect(person.delete(f"comments/{comment_id}/"), 200 if is_own else 403)
        if is_own:
            self.model.delete_comment(comment_id)

    def like(self, person):
        if target := self.target():
            kind, object_id = target
            self.likes(person, kind, object_id)
            self.model.likes.add((person, kind, object_id))

    def unlike(self, person):
        if target := self.target():
            kind, object_id = target
            body = self.expect(person.post("likes/cancel/", content_type=kind, object_id=object_id), 200)
            self.assertEqual(body["deleted"], int((person, kind, object_id) in self.model.likes))
            self.model.likes.discard((person, kind, object_id))

    def follow(self, person):
        other = self.dice.choice(self.model.active())
        if other is person:
            self.expect(person.post(f"friendships/{other.id}/follow/"), 400)
            return
        body = self.expect(person.post(f"friendships/{other.id}/follow/"), 201)
        self.assertEqual(body["duplicate"], (person, other) in self.model.follows)
        self.model.follows.setdefault((person, other))

    def unfollow(self, person):
        other = self.dice.choice(self.model.active())
        if other is not person:
            body = self.expect(person.post(f"friendships/{other.id}/unfollow/"), 200)
            self.assertEqual(body["deleted"], int((person, other) in self.model.follows))
            self.model.follows.pop((person, other), None)

    def read(self, person):
        """
        Read a tweet with all that is said about it.
        """
        if not self.model.visible_tweets():
            return
        tweet_id = self.dice.choice(self.model.visible_tweets())
        tweet = self.expect(person.get(f"tweets/{tweet_id}/"), 200)
        comments, visible = self.model.comments_on(tweet_id), self.model.visible_comments()
        likers = self.model.likers("tweet", tweet_id)
        # Counters count those too who are hidden.
        self.assertEqual(
            [comment["id"] for comment in tweet["comments"]], [id for id in comments if id in visible][:20]
        )
        self.assertEqual(tweet["comments_count"], len(comments))
        self.assertEqual(
            {like["user"]["id"] for like in tweet["likes"]}, {who.id for who in likers - self.model.hidden}
        )
        self.assertEqual((tweet["likes_count"], tweet["has_liked"]), (len(likers), person in likers))
        for comment in tweet["comments"]:
            author, _, words = self.model.comments[comment["id"]]
            likers = self.model.likers("comment", comment["id"])
            self.assertEqual((comment["user"]["id"], comment["content"]), (author.id, words))
            self.assertEqual((comment["likes_count"], comment["has_liked"]), (len(likers), person in likers))

    def look(self, person):
        """
        Look at everybody's profile, tweets and followers.
        """
        for other in self.model.hidden:
            self.expect(person.get(f"users/{other.id}/"), 404)
            self.assertEqual(self.expect(person.get("tweets/", user_id=other.id), 200)["results"], [])
        for other in self.model.active():
            user = self.expect(person.get(f"users/{other.id}/"), 200)
            followers = [a for a, b in reversed(self.model.follows) if b is other]
            followings = [b for a, b in reversed(self.model.follows) if a is other]
            tweets = self.model.tweets_by(other)
            self.assertEqual(user["followers_count"], len(followers))
            self.assertEqual(user["followings_count"], len(followings))
            self.assertEqual(user["tweets_count"], len(tweets))
            self.assertEqual(user["has_followed"], (person, other) in self.model.follows)
            for side, expected in (("followers", followers), ("followings", followings)):
                rows = self.expect(person.get(f"friendships/{other.id}/{side}/"), 200)["results"]
                shown = [who.id for who in expected if who not in self.model.hidden]
                self.assertEqual([row["user"]["id"] for row in rows], shown)
            timeline = self.expect(person.get("tweets/", user_id=other.id, limit=100), 200)["results"]
            self.assertEqual([tweet["id"] for tweet in timeline], tweets)

    def hide(self, person):
        """
        Let moderators suspend somebody else, unless only two are left.
        """
        if len(self.model.active()) > 2:
            other = self.dice.choice([who for who in self.model.active() if who is not person])
            self.suspend(other.user)
            self.model.hidden.add(other)
            self.expect(other.get("newsfeeds/"), 401)

    def bring_back(self, person):
        """
        Let moderators restore somebody, who logs in anew.
        """
        if self.model.hidden:
            other = self.dice.choice([who for who in self.people if who in self.model.hidden])
            self.restore(other.user)
            self.model.hidden.remove(other)
            other.user.refresh_from_db()
            token = AccessTokenService.create_token(user=other.user)
            other.client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")

    def work(self, person):
        """
        Let the tasks catch up, after which the inbox is exact as well.
        """
        self.tasks_run()
        unread = self.expect(person.get("notifications/unread-count/"), 200)["unread_count"]
        self.assertEqual(unread, len(self.notifications(person)))
        if self.dice.random() < 0.2:
            self.caches_are_lost()

    def notifications(self, person):
        """
        Return what somebody who reads no notification is to be told.
        """
        hidden = self.model.hidden
        follows = [("follow", a) for a, b in self.model.follows if b is person and a not in hidden]
        comments = [
            ("comment", id)
            for id, (author, tweet_id, _) in self.model.comments.items()
            if author is not person and author not in hidden and self.model.tweets[tweet_id] is person
        ]
        owners = {("tweet", id): author for id, author in self.model.tweets.items()}
        owners |= {("comment", id): comment[0] for id, comment in self.model.comments.items()}
        likers = [like[0] for like in self.model.likes if owners[like[1:]] is person]
        likes = [liker for liker in likers if liker is not person and liker not in hidden]
        return [*follows, *comments, *likes]

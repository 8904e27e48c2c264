"""
What people do with comments, and many of them in bulk.
"""

from django.db.models import F
from django.utils import timezone

from comments.models import Comment
from likes.tests.people import Liking
from tweets.models import Tweet
from utils.database.time_ids import next_id


class Commenting(Liking):
    """
    Saying something about a tweet, and reading what was said.
    """

    def comment(self, person, tweet_id, content="Well said", **others):
        return person.post("comments/", tweet_id=tweet_id, content=content, **others)

    def many_say(self, user_ids, tweet_id):
        """
        Make each of the users comment once, in bulk and so without events; return the comments' ids, oldest first.
        """
        comments = [
            Comment(id=next_id(), tweet_id=tweet_id, user_id=user_id, content=f"Number {n}", updated_at=timezone.now())
            for n, user_id in enumerate(user_ids)
        ]
        Comment.objects.bulk_create(comments)
        Tweet.objects.filter(id=tweet_id).update(
            comments_count=F("comments_count") + len(comments), revision=F("revision") + 1
        )
        self.caches_are_lost()
        return [comment.id for comment in comments]

    def page(self, tweet_id, viewer=None, **params):
        response = (viewer or self.nobody()).get("comments/", tweet_id=tweet_id, **params)
        self.assertEqual(response.status_code, 200, response.json())
        return response.json()

    def ids(self, page):
        return [comment["id"] for comment in page["comments"]]

    def walk(self, page, viewer=None):
        """
        Return the ids of this page and of all that `next` leads to.
        """
        ids = self.ids(page)
        while page["next"]:
            page = (viewer or self.nobody()).client.get(page["next"]).json()
            ids += self.ids(page)
        return ids

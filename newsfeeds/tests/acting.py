"""
People who do at random what changes feeds.
"""


class ActsAtRandom:
    """
    For test cases about people.
    """

    def acts_at_random(self, people, dice, *, steps, acts, post=lambda person: person.tweets()):
        """
        Let two people act on each other so many times, and return what was posted: [(author, tweet id)].

        :param acts: what is chosen from: "post", "follow", "unfollow", "delete", "tasks"; one named twice comes twice as often.
        """
        posted = []
        for _ in range(steps):
            one, other = dice.sample(people, 2)
            act = dice.choice(acts)
            if act == "post":
                posted.append((one, post(one)))
            elif act == "follow":
                one.follows(other)
            elif act == "unfollow":
                one.unfollows(other)
            elif act == "delete" and posted:
                author, tweet_id = dice.choice(posted)
                author.delete(f"tweets/{tweet_id}/")
            elif act == "tasks":
                self.tasks_run()
        return posted

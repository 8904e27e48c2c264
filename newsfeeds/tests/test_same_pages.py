"""
Whichever store answers, a client gets the same bytes.
"""

import random
from datetime import timedelta

import pytest
import time_machine
from django.test import override_settings
from django.utils import timezone

from stores.constants import Phase
from testing.stack_hbase import put_in_phase
from testing.testcases import ApiTestCase
from tweets.models import Tweet
from utils.database.time_ids import format_time, id_to_datetime

pytestmark = [pytest.mark.stack, pytest.mark.hbase]


# No list holds a page of more, so that most pages come from the store.
@override_settings(MAX_CACHED_IDS=3)
class SamePagesTests(ApiTestCase):
    def setUp(self):
        put_in_phase(Phase.DUAL_WRITE)
        self.people = [self.person(f"person{number}") for number in range(5)]

    def history(self, dice, steps):
        """
        Post, follow, unfollow and delete; tweets come in bursts of neighbouring microseconds too.
        """
        for _ in range(steps):
            who, whom = dice.sample(self.people, 2)
            deed = dice.choices(("post", "burst", "follow", "unfollow", "delete"), weights=(6, 2, 5, 2, 2))[0]
            if deed == "post":
                who.tweets()
            elif deed == "burst":
                with time_machine.travel(timezone.now() + timedelta(milliseconds=1), tick=False):
                    for person in (who, whom, who):
                        person.tweets()
            elif deed == "follow":
                who.follows(whom)
            elif deed == "unfollow":
                who.unfollows(whom)
            else:
                self.deletes_something(dice, who)
            if dice.random() < 0.5:
                self.tasks_run()
        self.tasks_run()

    def deletes_something(self, dice, person):
        ids = list(Tweet.objects.not_deleted().filter(user_id=person.id).values_list("id", flat=True))
        if ids:
            person.delete(f"tweets/{dice.choice(ids)}/")

    def requests(self, dice):
        """
        Return the parameters of every kind of page.
        """
        tweets = list(Tweet.objects.values_list("id", flat=True))
        moments = [format_time(id_to_datetime(id + dice.choice((-1, 0, 1)))) for id in dice.sample(tweets, 3)]
        bounds = [{}] + [{name: moment} for moment in moments for name in ("created_at__lt", "created_at__gt")]
        bounds += [{"created_at__lt": "0001-01-01T00:00:00Z"}, {"created_at__gt": "0001-01-01T00:00:00Z"}]
        bounds += [{"created_at__lt": "9999-12-31T23:59:59Z"}, {"created_at__gt": "9999-12-31T23:59:59Z"}]
        return [bound | {"limit": limit} for bound in bounds for limit in (1, 20, 100)]

    def pages(self, person, phase, requests):
        """
        Return the bytes of the pages of all requests, and of the pages that follow them.
        """
        put_in_phase(phase)
        answers = []
        for params in requests:
            self.caches_are_lost()
            response = person.get("newsfeeds/", **params)
            answers.append(response.content)
            while following := response.json()["next"]:
                response = person.client.get(following)
                answers.append(response.content)
                self.assertLess(len(answers), 5_000, "the pages do not end")
        return answers

    def test_after_a_random_history_every_page_of_everybody_is_the_same(self):
        dice = random.Random(7)
        self.history(dice, 60)
        requests = self.requests(dice)

        for person, phase in ((self.people[0], Phase.READ_HBASE), (self.people[1], Phase.HBASE_ONLY)):
            by_mysql = self.pages(person, Phase.DUAL_WRITE, requests)
            by_hbase = self.pages(person, phase, requests)

            self.assertGreater(len(by_mysql), 2 * len(requests), person.name)
            self.assertEqual(by_hbase, by_mysql, person.name)

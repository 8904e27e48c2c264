"""
Whichever store answers, a client cannot tell which.
"""

import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from friendships.hbase_models import Follower
from friendships.models import Friendship
from friendships.tests.stores import TwoStores
from stores.constants import Phase
from testing.testcases import ApiTestCase
from utils.database.time_ids import MAX_ID, format_time, id_to_datetime

pytestmark = [pytest.mark.stack, pytest.mark.hbase]

SIDES = ("followers", "followings")


class IdenticalPagesTests(TwoStores, ApiTestCase):
    def setUp(self):
        dice = random.Random(11)
        self.people = [self.person(f"person{number}") for number in range(10)]
        pairs = [(a, b) for a in self.people for b in self.people if a != b and dice.random() < 0.6]
        dice.shuffle(pairs)
        for a, b in pairs:
            a.follows(b)
        for a, b in dice.sample(pairs, 12):
            a.unfollows(b)
        self.crowd(25, following=self.people[0])
        self.everything_settles()
        User.objects.filter(id=self.people[1].id).update(suspended_at=timezone.now())
        User.objects.filter(id=self.people[2].id).update(deleted_at=timezone.now())
        self.viewers = [self.nobody(), self.people[3], self.person("staff1", is_staff=True)]

    def questions(self, person, side):
        """
        Return the parameters worth asking a list with: its sizes, and the times of its rows and of their neighbours.
        """
        mine = {"followers": "to_user_id", "followings": "from_user_id"}[side]
        ids = list(Friendship.objects.filter(**{mine: person.id}).order_by("id").values_list("id", flat=True))
        bounds = {id + step for id in (ids[0], ids[len(ids) // 2], ids[-1]) for step in (-1, 0, 1)}
        times = [format_time(id_to_datetime(bound)) for bound in sorted(bounds)]
        return [
            {},
            *({"limit": limit} for limit in (1, 3, len(ids) - 1, len(ids), len(ids) + 1, 100)),
            *({name: time, "limit": 7} for time in times for name in ("created_at__lt", "created_at__gt")),
        ]

    def answers(self, person, side):
        """
        Return the bytes of every page to which every question leads everybody.
        """
        pages = []
        for viewer in self.viewers:
            for params in self.questions(person, side):
                response = viewer.get(f"friendships/{person.id}/{side}/", **params)
                pages.append(response.content)
                while response.json()["next"]:
                    response = viewer.client.get(response.json()["next"])
                    pages.append(response.content)
        return pages

    def test_every_page_of_every_list_is_the_same_byte_for_byte(self):
        for person in (self.people[0], self.people[4]):
            for side in SIDES:
                with self.subTest(person=person.name, side=side):
                    self.friendships_are_at(Phase.MYSQL)
                    from_mysql = self.answers(person, side)
                    self.friendships_are_at(Phase.READ_HBASE)
                    self.caches_are_lost()
                    from_hbase = self.answers(person, side)

                    self.assertGreater(len(from_mysql), 60)
                    self.assertEqual(from_hbase, from_mysql)

    def test_where_hbase_is_read_no_list_costs_a_query_of_friendships(self):
        self.caches_are_lost()

        with CaptureQueriesContext(connection) as captured:
            for side in SIDES:
                self.people[3].get(f"friendships/{self.people[0].id}/{side}/")

        asked = [query["sql"] for query in captured if Friendship._meta.db_table in query["sql"]]
        self.assertEqual(asked, [])


class ByDegreesTests(TwoStores, ApiTestCase):
    """
    HBase has lost every follower, so that whoever has none is one for whom HBase answers.
    """

    def setUp(self):
        self.stars = [self.person(f"star_{number}") for number in range(20)]
        for star in self.stars:
            self.crowd(1, following=star)
            Follower.batch_delete([row.key for row in Follower.filter(prefix=(star.id,))], version=MAX_ID)

    def read_from_hbase(self, percentage):
        """
        Return the names of the stars whose followers are read from HBase.
        """
        self.friendships_are_at(Phase.READ_HBASE, percentage)
        pages = {star.name: self.nobody().get(f"friendships/{star.id}/followers/").json() for star in self.stars}
        return {name for name, page in pages.items() if not page["results"]}

    def test_nobody_and_everybody(self):
        self.assertEqual(self.read_from_hbase(0), set())
        self.assertEqual(self.read_from_hbase(100), {star.name for star in self.stars})

    def test_with_every_step_it_is_more_people_and_the_same_ones(self):
        steps = [self.read_from_hbase(percentage) for percentage in (0, 20, 50, 80, 100)]

        self.assertTrue(all(few <= more for few, more in zip(steps, steps[1:])))
        self.assertTrue(0 < len(steps[2]) < 20, steps[2])

    def test_while_both_are_written_to_mysql_alone_is_read(self):
        self.friendships_are_at(Phase.DUAL_WRITE)

        counts = [len(self.nobody().get(f"friendships/{star.id}/followers/").json()["results"]) for star in self.stars]

        self.assertEqual(counts, [1] * 20)

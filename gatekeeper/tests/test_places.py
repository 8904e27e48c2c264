"""
Where each user stands in the queue for a feature, to the last per cent, and when exactly it is on.
"""

from datetime import timedelta
from unittest import mock
from zlib import crc32

from django.utils import timezone

from gatekeeper.models import Feature, FeatureChange
from gatekeeper.services import GatekeeperService
from testing.testcases import ApiTestCase

NAME = "pinned_greeting"


def place(subject, name=NAME):
    """
    Return the place of a user, from 0 to 99, as the documentation of `is_among` defines it.
    """
    return crc32(f"{name}:{subject}".encode()) % 100


class PlacesTestCase(ApiTestCase):
    def setUp(self):
        self.alice, self.bob = self.person("alice1"), self.person("bobby1")

    def define(self, name=NAME, **fields):
        with self.captureOnCommitCallbacks(execute=True):
            return GatekeeperService.define(name=name, **fields)

    def has_it(self, person, name=NAME):
        return person.get("features/").json()[name]


class PercentagesTests(PlacesTestCase):
    def test_one_per_cent_more_than_the_place_is_enough_and_the_place_itself_is_not(self):
        here = place(self.alice.id)

        for percentage, expected in ((here, False), (here + 1, True), (100, True), (0, False)):
            self.define(percentage=percentage)
            with self.subTest(percentage=percentage):
                self.assertIs(self.has_it(self.alice), expected)

    def test_each_of_a_hundred_places_has_somebody(self):
        subjects = range(1, 5_000)

        self.assertEqual({place(subject) for subject in subjects}, set(range(100)))
        for percentage in (1, 50, 99):
            among = {
                subject
                for subject in subjects
                if GatekeeperService.is_among(name=NAME, subject=subject, percentage=percentage)
            }

            self.assertEqual(among, {subject for subject in subjects if place(subject) < percentage})

    def test_the_place_is_another_for_another_feature(self):
        places = [(place(subject), place(subject, "other_thing")) for subject in range(1, 200)]

        for percentage in (25, 75):
            one, other = (
                {
                    subject
                    for subject in range(1, 200)
                    if GatekeeperService.is_among(name=name, subject=subject, percentage=percentage)
                }
                for name in (NAME, "other_thing")
            )
            self.assertNotEqual(one, other)
        self.assertGreater(len({a - b for a, b in places}), 50)

    def test_an_id_and_a_visitor_of_the_same_text_are_at_the_same_place(self):
        for subject in range(1, 100):
            self.assertEqual(
                GatekeeperService.is_among(name=NAME, subject=subject, percentage=50),
                GatekeeperService.is_among(name=NAME, subject=str(subject), percentage=50),
            )


class NamedTests(PlacesTestCase):
    def test_who_is_denied_has_it_not_whatever_else(self):
        for fields in (
            {"percentage": 100},
            {"percentage": 0, "allowed": [self.alice.id]},
            {"percentage": 100, "allowed": [self.alice.id], "starts_at": timezone.now() - timedelta(hours=1)},
        ):
            self.define(**{"allowed": [], **fields}, denied=[self.alice.id])

            self.assertIs(self.has_it(self.alice), False)

    def test_who_is_allowed_waits_for_the_start_like_everybody(self):
        self.define(percentage=0, allowed=[self.alice.id], starts_at=timezone.now() + timedelta(hours=1))

        self.assertIs(self.has_it(self.alice), False)

    def test_and_ends_with_everybody(self):
        self.define(percentage=0, allowed=[self.alice.id], ends_at=timezone.now() - timedelta(hours=1))

        self.assertIs(self.has_it(self.alice), False)

    def test_one_is_named_and_nobody_else(self):
        self.define(percentage=0, allowed=[self.alice.id])

        self.assertEqual([self.has_it(self.alice), self.has_it(self.bob)], [True, False])

    def test_a_visitor_is_nobody_that_a_list_of_ids_names(self):
        self.define(percentage=0, allowed=[self.alice.id])

        self.assertIs(self.nobody().get("features/").json()[NAME], False)


class DatesTests(PlacesTestCase):
    def test_it_is_on_from_the_first_moment_to_the_last_before_the_end(self):
        start, end = timezone.now() + timedelta(hours=1), timezone.now() + timedelta(hours=2)
        self.define(percentage=100, starts_at=start, ends_at=end)
        moment = timedelta(microseconds=1)

        for now, expected in ((start - moment, False), (start, True), (end - moment, True), (end, False)):
            with self.subTest(now=now), mock.patch("gatekeeper.services.timezone.now", return_value=now):
                self.assertIs(GatekeeperService.is_on(name=NAME, subject=1), expected)

    def test_only_a_start_never_ends_and_only_an_end_has_always_begun(self):
        long_ago, far_off = timezone.now() - timedelta(days=9999), timezone.now() + timedelta(days=9999)

        for fields, expected in (
            ({"starts_at": long_ago}, True),
            ({"ends_at": far_off}, True),
            ({"starts_at": far_off}, False),
            ({"ends_at": long_ago}, False),
            ({"starts_at": far_off, "ends_at": long_ago}, False),
        ):
            self.define(**{"percentage": 100, "starts_at": None, "ends_at": None, **fields})
            with self.subTest(**fields):
                self.assertIs(self.has_it(self.alice), expected)


class HistoryTests(PlacesTestCase):
    def history(self):
        changes = FeatureChange.objects.order_by("id")
        return list(changes.values_list("percentage", "allowed", "denied", "changed_by__username"))

    def test_each_change_is_kept_with_who_made_it(self):
        self.define(percentage=1, changed_by=self.alice.user)
        self.define(percentage=2, changed_by=self.bob.user)
        self.define(percentage=2, allowed=[1])
        self.define(denied=[2])

        self.assertEqual(
            self.history(),
            [(1, [], [], "alice1"), (2, [], [], "bobby1"), (2, [1], [], None), (2, [1], [2], None)],
        )

    def test_the_same_again_is_no_change_also_after_another(self):
        for percentage in (1, 1, 2, 2, 1):
            self.define(percentage=percentage)

        self.assertEqual([change[0] for change in self.history()], [1, 2, 1])

    def test_words_and_dates_are_no_change_of_who_has_it(self):
        self.define(percentage=1)

        self.define(description="A greeting that stays on top")

        self.assertEqual(len(self.history()), 1)
        self.assertEqual(Feature.objects.get().description, "A greeting that stays on top")

    def test_what_is_not_named_stays(self):
        self.define(percentage=10, allowed=[1], denied=[2])

        self.define(percentage=20)

        feature = Feature.objects.get()
        self.assertEqual((feature.percentage, feature.allowed, feature.denied), (20, [1], [2]))

    def test_each_feature_has_its_own_history(self):
        self.define(percentage=5)
        self.define("other_thing", percentage=5)

        self.assertEqual(FeatureChange.objects.values("feature").distinct().count(), 2)

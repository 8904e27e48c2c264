"""
Features that a process remembers for some seconds, because they are asked for too often for a round trip.
"""

from unittest import mock

from django.core.cache import caches

from gatekeeper import cache
from gatekeeper.models import Feature
from gatekeeper.services import GatekeeperService
from testing.caches import empty_caches
from testing.testcases import ApiTestCase

NAME = "pull_authors"


class RememberingTests(ApiTestCase):
    def setUp(self):
        cache.memory.forget()
        self.addCleanup(cache.memory.forget)
        # Longer than any test takes.
        self.enterContext(self.settings(FEATURES_SECONDS=3_600))

    def is_on(self, subject=1):
        return GatekeeperService.is_on_unless_undefined(name=NAME, subject=subject)

    def define(self, **fields):
        with self.captureOnCommitCallbacks(execute=True):
            GatekeeperService.define(name=NAME, **fields)

    def changes_elsewhere(self, **fields):
        """
        Change the feature as another process would, whose invalidation this one's memory does not hear of.
        """
        Feature.objects.filter(name=NAME).update(**fields)
        empty_caches()

    def test_what_nobody_has_defined_is_on_for_all(self):
        self.assertTrue(self.is_on())

    def test_what_is_defined_is_on_for_those_it_names(self):
        self.define(percentage=0, allowed=[7])

        self.assertEqual([self.is_on(subject) for subject in (7, 8)], [True, False])

    def test_at_no_per_cent_it_is_off_though_defined(self):
        self.define(percentage=0)

        self.assertFalse(self.is_on())

    def test_a_change_elsewhere_is_seen_after_its_seconds_and_not_before(self):
        self.define(percentage=100)
        self.assertTrue(self.is_on())
        self.changes_elsewhere(percentage=0)

        self.assertTrue(self.is_on())
        with self.settings(FEATURES_SECONDS=0):
            self.assertFalse(self.is_on())

    def test_it_is_one_round_trip_for_however_many_questions(self):
        self.define(percentage=50)
        objects = caches["objects"]

        with mock.patch.object(objects, "get_many", wraps=objects.get_many) as get_many:
            for subject in range(20):
                self.is_on(subject)
            self.assertEqual(get_many.call_count, 1)
            with self.settings(FEATURES_SECONDS=0):
                self.is_on()
            self.assertEqual(get_many.call_count, 2)

    def test_what_was_forgotten_is_read_at_once(self):
        self.define(percentage=100)
        self.assertTrue(self.is_on())
        self.changes_elsewhere(percentage=0)

        cache.memory.forget()

        self.assertFalse(self.is_on())

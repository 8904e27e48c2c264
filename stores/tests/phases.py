"""
A project on its way to HBase, for tests: no HBase is asked.
"""

from datetime import timedelta

from django.conf import settings
from django.db.models import F
from django.test import TestCase, override_settings

from stores.cache import forget_phases
from stores.constants import FEEDS, TABLES, Phase
from stores.models import StorePhase
from stores.services import PhaseService
from utils.errors import ServiceError

WITH_HBASE = {**settings.HBASE, "HOST": "127.0.0.1"}


class Moving:
    """
    Steps of a move; nothing is remembered unless a test says so, and everything is in MySQL at first.
    """

    def setUp(self):
        super().setUp()
        begin = dict.fromkeys(TABLES, Phase.MYSQL.value)
        project = override_settings(HBASE=WITH_HBASE, INITIAL_PHASES=begin, PHASE_SECONDS=0)
        project.enable()
        self.addCleanup(project.disable)
        self.addCleanup(forget_phases)
        # A third-profile project has begun elsewhere.
        StorePhase.objects.all().delete()
        forget_phases()

    def move(self, phase, table=FEEDS, **options):
        with TestCase.captureOnCommitCallbacks(execute=True):
            return PhaseService.change_phase(table=table, phase=phase, **options)

    def move_to(self, *phases, table=FEEDS):
        """
        Go through phases, with a back-fill and a comparison where they belong.
        """
        for phase in phases:
            self.move(phase, table)
            if phase is Phase.DUAL_WRITE:
                self.catch_up(table)

    def catch_up(self, table=FEEDS):
        """
        Let HBase have all that MySQL has, as the commands would record it.
        """
        PhaseService.finish_backfill(table=table)
        PhaseService.record_comparison(table=table, missing=0, extra=0, different=0)

    def assert_stays(self, phase, table=FEEDS, *, text, **options):
        """
        Check that a step is refused with these words and changes nothing.
        """
        before = StorePhase.objects.filter(table=table).values().first()
        with self.assertRaises(ServiceError) as refusal:
            self.move(phase, table, **options)
        self.assertIn(text, refusal.exception.message)
        self.assertEqual(StorePhase.objects.filter(table=table).values().first(), before)

    def time_passes(self, **time):
        """
        Let every change be so much longer ago.
        """
        StorePhase.objects.update(changed_at=F("changed_at") - timedelta(**time))

    def another_process_moves_to(self, phase, table=FEEDS):
        """
        Change a phase without a word to this process.
        """
        StorePhase.objects.update_or_create(table=table, defaults={"phase": phase})

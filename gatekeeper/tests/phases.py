"""
A project on its way to HBase, for tests: no HBase is asked, only the gatekeeper.
"""

from datetime import timedelta

from django.conf import settings
from django.db.models import F
from django.test import TestCase, override_settings

from gatekeeper.cache import forget_phases
from gatekeeper.constants import FEEDS, TABLES, Phase
from gatekeeper.models import PhaseAcknowledgement, StorePhase
from gatekeeper.services import PhaseService
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
            return PhaseService.move(table, phase, **options)

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
        Let HBase have all that MySQL has, as the commands would note it.
        """
        PhaseService.note_backfill(table, None, finished=True)
        PhaseService.note_comparison(table, missing=0, extra=0, different=0)

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
        Let everything that was noted be so much longer ago.
        """
        for model, name in ((StorePhase, "changed_at"), (PhaseAcknowledgement, "seen_at")):
            model.objects.update(**{name: F(name) - timedelta(**time)})

    def works(self):
        """
        Let this process do something that rests upon a phase, as a request would.
        """
        with TestCase.captureOnCommitCallbacks(execute=True):
            PhaseService.load(FEEDS)

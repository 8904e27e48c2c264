"""
HBase somewhere else or behind something, tables that stand in a phase, and what that makes cheaper.
"""

from contextlib import contextmanager

from django.conf import settings
from django.test import override_settings

from stores.cache import forget_phases
from stores.constants import FEEDS, Phase
from stores.models import StorePhase
from testing.fixtures import is_on_hbase
from testing.stack_chaos import ChaosProxy
from utils.hbase.pool import reset_pool

# The SQL queries of one look at friendships: none where a fresh project has them in HBase.
FRIENDSHIPS_LOOK = 0 if is_on_hbase() else 1


@contextmanager
def other_hbase(**options):
    """
    Let this process reach another HBase than the one it knows.

    :param options: of settings.HBASE, such as `PORT`.
    """
    try:
        with override_settings(HBASE={**settings.HBASE, **options}):
            reset_pool()
            yield
    finally:
        reset_pool()


@contextmanager
def hbase_between_proxy(**options):
    """
    Let this process reach HBase through a proxy, and give it.

    :param options: of settings.HBASE, such as `TIMEOUT_MS`.
    """
    with (
        ChaosProxy(settings.HBASE["HOST"], settings.HBASE["PORT"]) as proxy,
        other_hbase(HOST="127.0.0.1", PORT=proxy.port, **options),
    ):
        yield proxy


def put_in_phase(phase, table=FEEDS, *, percentage=100):
    """
    Let a table be in a phase, whatever steps would lead there, and be read from HBase for so many where it is at all.
    """
    if phase in (Phase.MYSQL, Phase.DUAL_WRITE):
        percentage = 0
    StorePhase.objects.update_or_create(table=table, defaults={"phase": phase, "read_percentage": percentage})
    forget_phases()

"""
Another HBase, HBase behind a proxy, and tables in a given phase.
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

# The number of SQL queries for reading friendships: 0 if a new project has them in HBase.
FRIENDSHIPS_LOOK = 0 if is_on_hbase() else 1


@contextmanager
def other_hbase(**options):
    """
    Let this process use another HBase.

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
    Let this process use HBase through a proxy; yield the proxy.

    :param options: of settings.HBASE, such as `TIMEOUT_MS`.
    """
    with (
        ChaosProxy(settings.HBASE["HOST"], settings.HBASE["PORT"]) as proxy,
        other_hbase(HOST="127.0.0.1", PORT=proxy.port, **options),
    ):
        yield proxy


def put_in_phase(phase, table=FEEDS, *, percentage=100):
    """
    Put a table into a phase, without the steps that lead to it, with a percentage of users who read from HBase.
    """
    if phase in (Phase.MYSQL, Phase.DUAL_WRITE):
        percentage = 0
    StorePhase.objects.update_or_create(table=table, defaults={"phase": phase, "read_percentage": percentage})
    forget_phases()

"""
Lists of ids in a real Redis under random sequences of pushes, reads and losses.
"""

import pytest
from django.test import override_settings
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, precondition, rule

from utils.caching.redis.lists import IdList
from utils.tests.redis_lists import OWNER, Table, load, stored

pytestmark = pytest.mark.stack

ids = st.integers(1, 25)


class ListMachine(RuleBasedStateMachine):
    """
    Writers, readers and a forgetful Redis in any order, with pushes that come late, twice and out of order.
    """

    CAP = 4
    leases = Bundle("leases")

    def __init__(self):
        super().__init__()
        self.settings = override_settings(MAX_CACHED_IDS=self.CAP)
        self.settings.enable()
        self.lists, self.table = IdList("machine", state_prefix="state:"), Table()
        self.unpushed, self.unremoved = set(), set()
        self.lists.drop([OWNER])

    def teardown(self):
        self.settings.disable()

    @initialize(there=st.sets(ids, max_size=9))
    def somebody_has_read_it(self, there):
        self.table.ids |= there
        load(self.lists, self.table)

    @rule(id=ids)
    def write(self, id):
        self.commit(id)
        if id in self.unpushed:
            self.lists.push([OWNER], id)
            self.unpushed.discard(id)

    @rule(id=ids)
    def commit(self, id):
        if id not in self.unremoved:
            self.table.ids.add(id)
            self.unpushed.add(id)

    @precondition(lambda self: self.unpushed)
    @rule(choice=st.integers(0, 99))
    def push(self, choice):
        id = sorted(self.unpushed)[choice % len(self.unpushed)]
        self.lists.push([OWNER], id)
        self.unpushed.discard(id)

    @precondition(lambda self: self.table.ids - self.unpushed)
    @rule(choice=st.integers(0, 99))
    def push_again(self, choice):
        there = sorted(self.table.ids - self.unpushed)
        self.lists.push([OWNER], there[choice % len(there)])

    @precondition(lambda self: self.table.ids)
    @rule(choice=st.integers(0, 99))
    def delete(self, choice):
        id = sorted(self.table.ids)[choice % len(self.table.ids)]
        self.table.ids.discard(id)
        self.unpushed.discard(id)
        self.unremoved.add(id)

    @precondition(lambda self: self.unremoved)
    @rule(choice=st.integers(0, 99), times=st.integers(1, 2))
    def remove(self, choice, times):
        id = sorted(self.unremoved)[choice % len(self.unremoved)]
        for _ in range(times):
            self.lists.remove([OWNER], id)
        self.unremoved.discard(id)

    @rule(target=leases)
    def begin_to_fill(self):
        """
        A reader misses, takes the lease if there is one, and reads the database.
        """
        page = self.lists.read(OWNER, before=None, after=None, limit=3)
        return page.lease, self.table.fetch(None, None, self.CAP)

    @rule(lease=consumes(leases))
    def end_filling(self, lease):
        token, newest = lease
        if token:
            self.lists.store(OWNER, newest, token)

    @rule(sure=st.sampled_from([False, False, False, True]))
    def forget(self, sure):
        if sure:
            self.lists.drop([OWNER])

    @rule(limit=st.integers(1, 9), before=st.none() | ids, after=st.none() | ids)
    def read(self, limit, before, after):
        entries = load(self.lists, self.table, before, after, limit)
        certain = self.table.ids - self.unpushed
        inside = [id for id in certain if (before is None or id < before) and (after is None or id > after)]
        shown = set(entries)
        assert entries == sorted(shown, reverse=True), "in order and without repeats"
        assert shown <= self.table.ids | self.unremoved, "nothing that never was"
        expected = sorted(inside, reverse=True)
        if not self.unremoved and not self.unpushed:
            assert entries == expected[:limit], "the database's own page"

    @invariant()
    def the_list_is_the_head_of_what_is_certain(self):
        there = stored(self.lists)
        if there is None:
            return
        assert there == sorted(set(there), reverse=True), there
        assert len(there) <= self.CAP, there
        assert set(there) <= self.table.ids | self.unremoved, there
        for id in self.table.ids - self.unpushed:
            assert id in there or (len(there) == self.CAP and id < there[-1]), (id, there)


ListMachine.TestCase.settings = hypothesis_settings(
    max_examples=200, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
AnythingInAnyOrderTests = ListMachine.TestCase

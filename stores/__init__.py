"""
Which store has the rows of a table, MySQL or HBase, and how a table is migrated from one to the other under traffic:

1. phase: `services/phases.py` changes it, `services/steps.py` says which change is allowed, `cache.py` remembers it;
2. dual write: `services/phases.py` `write_lease` gives writers the phase, `dual_write.py` waits until all of them know;
3. back-fill: `backfill.py` copies the rows that were there before;
4. compare: `comparison.py` counts what differs and repairs it;
5. read: `services/phases.py` `reads_hbase` says for whom HBase answers;
6. cut: the last phase, in which MySQL is no longer written to.

What the rows are is known to the apps that own them (newsfeeds/backfill.py, friendships/backfill.py).
"""

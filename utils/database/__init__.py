"""
The database: transactions that repeat, locks and waits, conditions, ids that are times, counters, pages by id.
"""

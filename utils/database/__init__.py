"""
The database: transactions that repeat, locks and waits, ids that are times, counters, pages by id.
"""

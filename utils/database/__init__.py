"""
The database: retried transactions, locks and waiting, conditions, ids that are times, counters, pages by id.
"""

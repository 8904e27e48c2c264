"""
What sharding the ledger would mean, checked against every statement of the test suite: `make shards`.
"""

"""
What sharding the database would mean, checked against every statement of the test suite: `make shards`.
"""

"""
Times and sizes of idempotent requests.
"""

from datetime import timedelta

KEY_LENGTH = 255
ROUTE_LENGTH = 100
# SHA-256 in hex.
HASH_LENGTH = 64
REMEMBERED = timedelta(hours=24)
# Longer than any request takes. After this time the request that has the claim is considered dead.
LEASE = timedelta(seconds=30)

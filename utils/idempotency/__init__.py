"""
Idempotency-Key: the answer to a write that was sent twice.
"""

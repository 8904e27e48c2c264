"""
Times of the outbox, in seconds.
"""

# A published message that is still here after this long is published again: the broker or a worker
# lost it, or a worker is slow, and every task is safe to run twice.
REPUBLISH_AFTER = 120
# Each further time the wait doubles, five times at most: a queue that is only long must not be made longer.
MAX_DOUBLINGS = 5
# A task that failed for a moment (a lock, a cache that is away) is tried again this soon, and a
# little later each time.
RETRY_STEPS = (2, 5, 10, 20, 30)
# The broker refused: the next try.
BROKER_PAUSE = 2
# Given up and left for a person to look at: about four hours of a task that fails at each try by its own fault.
MAX_ATTEMPTS = 500
CLAIM_SIZE = 400
# By how much smaller the batch is in which a row is published once more: 100, 10, 1.
ISOLATION_FACTOR = 10

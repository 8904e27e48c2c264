"""
Times of the outbox, in seconds.
"""

# A relay that dies with messages in hand leaves them to the others after this time. A round of a slow broker may take
# longer; then another relay publishes them too. None of RETRY_STEPS, so that `due_at` tells who has set it.
CLAIM_SECONDS = 25
# A published message whose row still exists after this time is published again: the broker or a worker
# lost it, or a worker is slow. Every task is safe to run twice.
REPUBLISH_AFTER = 120
# The wait doubles each time, five times at most, so that a queue that is merely long does not grow because of it.
MAX_DOUBLINGS = 5
# The waits before a failed task is tried again (after a lock or a cache that is away, for example).
RETRY_STEPS = (2, 5, 10, 20, 30)
# How long a worker waits for an unavailable database, to record that its rows have to be handled again. It could not
# handle anything else in this time, and a task may take longer (CELERY_TASK_SOFT_TIME_LIMIT).
DATABASE_WAIT = 30
# The wait before the next try when the broker does not accept messages.
BROKER_PAUSE = 2
# After this many attempts a message is given up and left for a person. A task that always fails by its own fault
# is given up after about four hours.
MAX_ATTEMPTS = 500
# How many messages the relay claims at once.
CLAIM_SIZE = 400
# The batch of a row that is published again is smaller by this factor each time: 100, 10, 1.
ISOLATION_FACTOR = 10

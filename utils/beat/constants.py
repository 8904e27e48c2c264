"""
Times of the lease, in seconds.
"""

# A leader that was killed is replaced after this long. Three of its rounds (settings.CELERY_BEAT_MAX_LOOP_INTERVAL), so
# that one failed renewal costs nothing.
LEASE_SECONDS = 30
# Between two attempts of a scheduler that does not lead, so that a new one leads soon after a clean stop.
STANDBY_SECONDS = 1
# After a round in which the database or the broker failed.
RETRY_SECONDS = 3

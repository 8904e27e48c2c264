"""
Limits of friendships.
"""

# The followings of a user who follows more are not cached; the store is asked about each page's users.
MAX_CACHED_FOLLOWINGS = 5_000
# How long a task waits for each response of HBase: longer than a request, because a retry costs more than waiting.
TASK_TIMEOUT_MS = 5_000
# How many users are suggested, and how many of the most followed users are considered for it.
SUGGESTIONS, SUGGESTION_CANDIDATES = 10, 100
# Numbered pages cover this many rows of a list; older rows are read by cursor, whose cost does not grow.
MAX_NUMBERED_ROWS = 1_000

"""
Limits of friendships.
"""

# The followings of somebody who follows more are not kept as one cached set; they are asked for page by page.
CACHED_FOLLOWINGS = 5_000
# How long a task waits for each answer of HBase: it would rather wait than be tried again.
TASK_TIMEOUT_MS = 5_000
# How many friendships one run of a purge ends, so that a task stays short.
PURGE_SIZE = 300
# How many people are offered for following, and among how many of the most followed they are looked for.
SUGGESTIONS, SUGGESTION_CANDIDATES = 10, 100
# Pages by number reach this far down a list; beyond it lists are read by cursor, whose cost does not grow.
NUMBERED_ROWS = 1_000

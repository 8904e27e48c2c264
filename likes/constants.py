"""
Limits of likes.
"""

# How many of a user's newest likes (by the liked thing's id) are cached as one object; older things cost a query.
CACHED_LIKES = 1_000
# How many likes a detail page shows.
SHOWN_LIKES = 20
# How many likes one run of a purge withdraws, so that a task stays short.
PURGE_SIZE = 300

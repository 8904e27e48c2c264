"""
Limits of likes.
"""

# How many of a user's likes, those with the highest target ids, are cached as one object; older targets cost a query.
CACHED_LIKES = 1_000
# How many likes a detail page shows.
SHOWN_LIKES = 20

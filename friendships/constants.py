"""
Limits of friendships.
"""

# The followings of somebody who follows more are not kept as one cached set; they are asked for page by page.
CACHED_FOLLOWINGS = 5_000

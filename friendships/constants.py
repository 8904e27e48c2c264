"""
Limits of friendships.
"""

# The followings of somebody who follows more are not kept as one cached set; they are asked for page by page.
CACHED_FOLLOWINGS = 5_000
# How many friendships one run of a purge ends, so that a task stays short.
PURGE_SIZE = 300

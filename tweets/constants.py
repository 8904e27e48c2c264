"""
Limits of tweets.
"""

# Code points, counted after trimming.
CONTENT_MIN, CONTENT_MAX = 6, 140
# What a cached tweet says does not change: its key holds the tweet's version.
TWEET_CACHE_SECONDS = 3600
# The state (version, counters, deleted) of a tweet in Redis.
STATE_SECONDS = 86_400
# How many tweets one run of a purge deletes, so that a task stays short.
PURGE_SIZE = 300

"""
Limits of comments.
"""

# Code points, counted after trimming.
MIN_CONTENT_LENGTH, MAX_CONTENT_LENGTH = 1, 140
# How many comments a tweet's detail page shows.
SHOWN_COMMENTS = 20
# How many comments one run of a purge deletes, so that a task stays short.
PURGE_SIZE = 300

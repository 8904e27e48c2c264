"""
Limits of comments.
"""

# Code points, counted after trimming.
CONTENT_MIN, CONTENT_MAX = 1, 140
# How many comments a tweet's detail page shows.
SHOWN_COMMENTS = 20
# How many comments one run of a purge deletes, so that a task stays short.
PURGE_SIZE = 300

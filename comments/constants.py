"""
Limits of comments.
"""

# Code points, counted after trimming.
MIN_CONTENT_LENGTH, MAX_CONTENT_LENGTH = 1, 140
# How many comments a tweet's detail page shows.
SHOWN_COMMENTS = 20

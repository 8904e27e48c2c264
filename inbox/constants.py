"""
Words and limits of the inbox.
"""

# Clients show these as they are.
FOLLOWED = "followed you"
COMMENTED = "commented on your tweet"
LIKED = {"tweet": "liked your tweet", "comment": "liked your comment"}
VERBS = [FOLLOWED, COMMENTED, *LIKED.values()]

# `like:comment:` and two ids of 19 digits are 52.
KEY_LENGTH = 64
# How many rows go with one statement, so that none runs into the database's time-out.
DELETE_SIZE = 1000

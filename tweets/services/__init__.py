"""
The verbs of tweets and of their photos.
"""

from tweets.services.counting import TweetCountService
from tweets.services.photos import PhotoGone, PhotoService
from tweets.services.tweets import DeletionUnconfirmed, LoadedTweet, TweetGone, TweetService

__all__ = [
    "DeletionUnconfirmed",
    "LoadedTweet",
    "PhotoGone",
    "PhotoService",
    "TweetCountService",
    "TweetGone",
    "TweetService",
]

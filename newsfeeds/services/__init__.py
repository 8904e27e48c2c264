"""
The verbs of feeds: posting, delivering, reading, checking, explaining.
"""

from newsfeeds.services.checking import CheckedChunk, Difference, FeedCheckService
from newsfeeds.services.crossing import CrossingService
from newsfeeds.services.definition import FeedDefinition
from newsfeeds.services.delivery import DeliveryService
from newsfeeds.services.edges import EdgeService
from newsfeeds.services.explaining import Explanation, ExplanationService
from newsfeeds.services.feeds import NewsFeedService
from newsfeeds.services.posting import PostingService
from newsfeeds.services.readers import ReaderCounts, ReaderService
from newsfeeds.services.reads import ReadCountService
from newsfeeds.services.upkeep import FeedUpkeepService

__all__ = [
    "CheckedChunk",
    "CrossingService",
    "DeliveryService",
    "Difference",
    "EdgeService",
    "Explanation",
    "ExplanationService",
    "FeedCheckService",
    "FeedDefinition",
    "FeedUpkeepService",
    "NewsFeedService",
    "PostingService",
    "ReadCountService",
    "ReaderCounts",
    "ReaderService",
]

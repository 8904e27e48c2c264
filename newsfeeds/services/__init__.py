"""
The verbs of feeds: posting, delivering, reading.
"""

from newsfeeds.services.delivery import DeliveryService
from newsfeeds.services.feeds import NewsFeedService
from newsfeeds.services.posting import PostingService

__all__ = ["DeliveryService", "NewsFeedService", "PostingService"]

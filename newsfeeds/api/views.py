"""
The home feed.
"""

from django.conf import settings
from rest_framework.permissions import IsAuthenticated

from accounts.cache import credential_key
from newsfeeds.api.serializers import NewsFeedSerializer, newsfeed_shape
from newsfeeds.cache import read_home_ahead
from newsfeeds.services import NewsFeedService
from tweets.api.serializers import tweet_state
from utils.api.pagination import DEFAULT_LIMIT, EndlessRequest
from utils.api.parameters import presented_token
from utils.api.shapes import endless
from utils.api.throttling import counter_key_by_user
from utils.api.views import APIViewSet
from utils.caching.redis.client import prefetched


class NewsFeedViewSet(APIViewSet):
    """
    What the people one follows have posted, and one's own.
    """

    serializer_class = NewsFeedSerializer
    permission_classes = [IsAuthenticated]
    answers = {"list": endless(NewsFeedSerializer)}
    rates = {"list": "newsfeeds.list"}

    def dispatch(self, request, *args, **kwargs):
        """
        Serve the request; what its plain first page will ask Redis three times is asked once, ahead.
        """
        with prefetched(self.read_ahead(request)):
            return super().dispatch(request, *args, **kwargs)

    def read_ahead(self, request):
        credential = credential_key(presented_token(request), request.COOKIES.get(settings.SESSION_COOKIE_NAME))
        if request.method != "GET" or request.GET or credential is None:
            return None
        # One row more than the page, to know whether there is a next one.
        return read_home_ahead(credential, counter_key_by_user(self.rates["list"]), DEFAULT_LIMIT + 1)

    def list(self, request):
        """
        The home feed, newest first.
        """
        endless = EndlessRequest(request)
        page = NewsFeedService.load_feed(request.user, endless.window, endless.limit)
        return self.answer_unless_unchanged(
            (page.next_window, [tweet_state(tweet, request) for tweet in page.rows]),
            lambda: endless.envelope(page, [newsfeed_shape(tweet, request) for tweet in page.rows]),
        )

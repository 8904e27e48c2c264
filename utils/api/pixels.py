"""
How many pixels one user may have decoded within a minute.
"""

import time
from typing import Any

from django.conf import settings
from django.core.cache import caches
from rest_framework.request import Request

from utils.api.exceptions import TooManyRequests
from utils.api.throttling import get_bucket, local_counter
from utils.images import limits

SECONDS = 60


def spend_pixels(request: Request, pixels: int) -> None:
    """
    Count the pixels that a request is about to have decoded; a refused request is not counted.

    Windows are fixed, like those of rate limits: at a boundary up to twice the budget may pass. One round trip. While
    Redis is down each process counts for itself.

    :raises TooManyRequests: the caller would be over the budget.
    """
    if not settings.RATELIMIT_ENABLE:
        return
    window, elapsed = divmod(int(time.time()), SECONDS)
    key = f"{settings.RATELIMIT_CACHE_PREFIX}pixels:{get_bucket(request, 'pixels')}:{window}"
    if _count(key, pixels) > limits.MAX_PIXELS_PER_MINUTE:
        _count(key, -pixels)
        raise TooManyRequests(SECONDS - elapsed)


def _count(key: str, amount: int) -> int:
    """
    Add to a counter and return its value. The embedded profile has one process, which counts locally.
    """
    # Any: `count_amount` belongs to RateCounterBackend alone.
    cache: Any = caches[settings.RATELIMIT_USE_CACHE]
    count = cache.count_amount(key, amount, SECONDS) if hasattr(cache, "count_amount") else None
    return local_counter.count(key, amount) if count is None else int(count)

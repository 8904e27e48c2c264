"""
Caches all features together, as one object, for a few seconds.
"""

import time
from contextvars import ContextVar
from typing import Any, TypedDict

from django.conf import settings

from gatekeeper.models import Feature
from utils.caching.memcached.objects import Lookup, invalidate, read_through
from utils.caching.recording import note_unrecorded
from utils.caching.records import NONE, RecordShape
from utils.database.time_ids import format_time

KEY = "features"
FEATURE = RecordShape(percentage=int, allowed=list, denied=list, starts_at=(str, NONE), ends_at=(str, NONE))


class FeatureRecord(TypedDict):
    """
    One feature as it is cached; its dates are text.
    """

    percentage: int
    allowed: list[int]
    denied: list[int]
    starts_at: str | None
    ends_at: str | None


Features = dict[str, FeatureRecord]

# What the current request has looked up, by KEY; None outside requests.
_request_features: ContextVar[dict[str, Features] | None] = ContextVar("features_request_features", default=None)


def begin_request() -> None:
    """
    From now on, look features up once for all checks in this thread.
    """
    _request_features.set({})


def end_request() -> None:
    _request_features.set(None)


def load_features() -> Features:
    """
    Return {name: record} of every feature, in one round trip.

    Within a request only the first call costs that; later ones return the same features.
    """
    known = _request_features.get()
    if known is None:
        return read_features()
    if KEY not in known:
        known[KEY] = read_features()
    return known[KEY]


def read_features() -> Features:
    lookup = Lookup({0: KEY}, lambda ids: {0: get_features()}, are_features, settings.FEATURES_SECONDS)
    read_through(lookup)
    features: Features = lookup.found[0]
    return features


class FeatureMemory:
    """
    The features as this process remembers them, for what is asked too often for a round trip.
    """

    def __init__(self) -> None:
        # When they were read, and what they were.
        self._remembered: tuple[float, Features] | None = None

    def load(self) -> Features:
        """
        Return what `load_features` returned up to FEATURES_SECONDS ago; one round trip in that time.
        """
        note_unrecorded()
        remembered, now = self._remembered, time.monotonic()
        if remembered is None or now - remembered[0] >= settings.FEATURES_SECONDS:
            remembered = self._remembered = (now, read_features())
        return remembered[1]

    def forget(self) -> None:
        self._remembered = None


memory = FeatureMemory()


def are_features(value: Any) -> bool:
    return type(value) is dict and all(map(FEATURE.matches, value.values()))


def get_features() -> Features:
    return {feature.name: to_record(feature) for feature in Feature.objects.all()}


def to_record(feature: Feature) -> FeatureRecord:
    return {
        "percentage": feature.percentage,
        "allowed": feature.allowed,
        "denied": feature.denied,
        "starts_at": format_time(feature.starts_at) if feature.starts_at else None,
        "ends_at": format_time(feature.ends_at) if feature.ends_at else None,
    }


def invalidate_features() -> None:
    (_request_features.get() or {}).clear()
    memory.forget()
    invalidate(KEY)

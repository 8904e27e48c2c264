"""
What the cache holds of features: all of them, as one object, for a few seconds.
"""

from contextvars import ContextVar
from typing import Any, TypedDict

from gatekeeper.constants import FEATURES_SECONDS
from gatekeeper.models import Feature
from utils.caching.memcached.objects import Lookup, invalidate, read_through
from utils.caching.records import NONE, RecordShape
from utils.database.time_ids import format_time

KEY = "features"
FEATURE = RecordShape(percentage=int, allowed=list, denied=list, starts_at=(str, NONE), ends_at=(str, NONE))


class FeatureRecord(TypedDict):
    """
    One feature as the cache has it; its dates are text.
    """

    percentage: int
    allowed: list[int]
    denied: list[int]
    starts_at: str | None
    ends_at: str | None


Features = dict[str, FeatureRecord]

# What the running request has looked up, by KEY; None outside requests.
_of_request: ContextVar[dict[str, Features] | None] = ContextVar("features_of_request", default=None)


def begin_request() -> None:
    """
    Let this thread's questions about features share one look-up from now on.
    """
    _of_request.set({})


def end_request() -> None:
    _of_request.set(None)


def load_features() -> Features:
    """
    Return {name: {percentage, allowed, denied, starts_at, ends_at}}: one round trip, whatever their number.

    Within a request it is the only one, whatever the number of questions; and their answers agree.
    """
    known = _of_request.get()
    if known is None:
        return read_features()
    if KEY not in known:
        known[KEY] = read_features()
    return known[KEY]


def read_features() -> Features:
    lookup = Lookup({0: KEY}, lambda ids: {0: get_features()}, are_features, FEATURES_SECONDS)
    read_through(lookup)
    return lookup.found[0]


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
    (_of_request.get() or {}).clear()
    invalidate(KEY)

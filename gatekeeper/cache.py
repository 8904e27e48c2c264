"""
What the cache holds of features: all of them, as one object, for a few seconds.
"""

from gatekeeper.constants import FEATURES_SECONDS
from gatekeeper.models import Feature
from utils.memcached.objects import Lookup, invalidate, read_through
from utils.time_ids import format_time

KEY = "features"


def load_features():
    """
    Return {name: {percentage, allowed, denied, starts_at, ends_at}}: one round trip, whatever their number.
    """
    lookup = Lookup({0: KEY}, lambda ids: {0: get_features()}, FEATURES_SECONDS)
    read_through(lookup)
    return lookup.found[0]


def get_features():
    return {feature.name: record_of(feature) for feature in Feature.objects.all()}


def record_of(feature):
    return {
        "percentage": feature.percentage,
        "allowed": feature.allowed,
        "denied": feature.denied,
        "starts_at": format_time(feature.starts_at) if feature.starts_at else None,
        "ends_at": format_time(feature.ends_at) if feature.ends_at else None,
    }


def invalidate_features():
    return invalidate(KEY)

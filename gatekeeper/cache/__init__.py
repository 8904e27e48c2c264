"""
What is kept of features and phases, so that asking costs little.
"""

from gatekeeper.cache.features import begin_request, end_request, invalidate_features, load_features
from gatekeeper.cache.phases import forget_phases, leave_phases, load_phases

__all__ = [
    "begin_request",
    "end_request",
    "forget_phases",
    "invalidate_features",
    "leave_phases",
    "load_features",
    "load_phases",
]

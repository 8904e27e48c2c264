"""
Every route of the site, as Django has it.
"""

from django.urls import URLPattern, get_resolver

# Django's own screens, all for moderators; moderation/tests knows who may open them.
OUTSIDE = {"admin"}


def site_routes():
    """
    Return {name: {method in lower case: action}} of every route; no methods where a view does not name its actions.
    """
    return dict(collect_routes(get_resolver().url_patterns, ()))


def collect_routes(patterns, spaces):
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            name = ":".join([*spaces, pattern.name or f"/{pattern.pattern}"])
            actions = getattr(pattern.callback, "actions", None) or {}
            yield name, {method: action for method, action in actions.items() if method != "head"}
        elif pattern.namespace not in OUTSIDE:
            yield from collect_routes(
                pattern.url_patterns, [*spaces, pattern.namespace] if pattern.namespace else spaces
            )

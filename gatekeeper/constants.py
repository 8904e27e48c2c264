"""
Names and times of gradual feature releases.
"""

# A cookie of this name identifies anonymous visitors, so that a feature stays on or off for them.
VISITOR_COOKIE = "visitor"
VISITOR_SECONDS = 365 * 86_400

"""
Names and times of the grey release.
"""

# Anonymous callers are told apart by a cookie of this name, so that a feature stays as it is for them.
VISITOR_COOKIE = "visitor"
VISITOR_SECONDS = 365 * 86_400
# A change of a feature reaches every process within this many seconds.
FEATURES_SECONDS = 10

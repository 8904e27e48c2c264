"""
Template filters of the pages.
"""

from django import template
from django.utils.dateparse import parse_datetime
from django.utils.timesince import timesince
from django.utils.timezone import now

JUST_NOW_SECONDS = 60

register = template.Library()


@register.filter
def ago(time: str) -> str:
    """
    Return how long ago a time in the API's format was, in its largest unit: "3 minutes ago".
    """
    moment = parse_datetime(time)
    if moment is None or (now() - moment).total_seconds() < JUST_NOW_SECONDS:
        return "just now"
    return f"{timesince(moment, depth=1)} ago"


@register.filter
def exact(time: str) -> str:
    """
    Return a time in the API's format in words, to the second.
    """
    moment = parse_datetime(time)
    return f"{moment:%-d %B %Y, %H:%M:%S} UTC" if moment else time

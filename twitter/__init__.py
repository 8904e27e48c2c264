"""
The roof: settings, URLs, the Celery app, and which tasks an event wakes. Nobody below imports it.
"""

from twitter.celery import app as celery_app

__all__ = ["celery_app"]

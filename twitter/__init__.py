"""
The project: settings, URLs, the Celery app, and the handlers of events. No app imports it.
"""

from twitter.celery import app as celery_app

__all__ = ["celery_app"]

"""
Invalidates cached features when a row changes, and shares one look-up within a request.
"""

from typing import Any

from django.core.signals import request_finished, request_started
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from gatekeeper import cache
from gatekeeper.models import Feature
from utils.database.transactions import after_commit


@receiver([post_save, post_delete], sender=Feature)
def feature_changed(**kwargs: Any) -> None:
    after_commit(cache.invalidate_features)


@receiver(request_started)
def request_began(**kwargs: Any) -> None:
    cache.begin_request()


@receiver(request_finished)
def request_ended(**kwargs: Any) -> None:
    cache.end_request()

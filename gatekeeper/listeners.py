"""
Keeps the cached features in step with rows that are saved.
"""

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from gatekeeper import cache
from gatekeeper.models import Feature
from utils.transactions import after_commit


@receiver([post_save, post_delete], sender=Feature)
def feature_changed(**kwargs):
    after_commit(cache.invalidate_features)

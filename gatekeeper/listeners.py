"""
Keeps what is cached of features in step with rows that are saved, and writes down where a new project begins.
"""

from django.apps import apps as installed
from django.core.signals import request_finished, request_started
from django.db.models.signals import post_delete, post_migrate, post_save
from django.dispatch import receiver

from gatekeeper import cache
from gatekeeper.models import Feature
from gatekeeper.services import PhaseService
from utils.transactions import after_commit


@receiver([post_save, post_delete], sender=Feature)
def feature_changed(**kwargs):
    after_commit(cache.invalidate_features)


@receiver(request_started)
def request_began(**kwargs):
    cache.begin_request()


@receiver(request_finished)
def request_ended(**kwargs):
    cache.end_request()


@receiver(post_migrate)
def tables_migrated(sender, apps=installed, **kwargs):
    # A migration back to nothing ends here as well, and then there is no table.
    if sender.name == "gatekeeper" and "storephase" in apps.all_models["gatekeeper"]:
        PhaseService.write_first_phases()

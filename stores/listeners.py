"""
Records the initial phases of a new project's tables.
"""

from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed
from django.apps.registry import Apps
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from stores.services import PhaseService


@receiver(post_migrate)
def tables_migrated(sender: AppConfig, apps: Apps = installed, **kwargs: Any) -> None:
    # Migrating back to zero also calls this, and then there is no table.
    if sender.name == "stores" and "storephase" in apps.all_models["stores"]:
        PhaseService.create_initial_phases()

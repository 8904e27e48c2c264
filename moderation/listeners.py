"""
Keeps the permissions of the moderators' group up to date after every migration.
"""

from django.apps import AppConfig
from django.apps import apps as installed
from django.apps.registry import Apps
from django.db.models import Q
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from moderation.constants import MODERATORS, VIEWABLE_MODELS


@receiver(post_migrate)
def migrated(app_config: AppConfig, using: str, apps: Apps = installed, **kwargs: object) -> None:
    """
    Give the moderators' group the permissions it needs; create the group if it is missing, as after a flush.

    Permissions that were added by hand stay. Repeats safely.
    """
    if app_config.name != "moderation":
        return
    try:
        groups, permissions = (apps.get_model("auth", name).objects.using(using) for name in ("Group", "Permission"))
    except LookupError:
        # The migration stopped at an early state without these models; a complete migration adds the permissions.
        return
    wanted = Q(content_type__app_label="moderation", codename="moderate")
    for label, model in VIEWABLE_MODELS:
        wanted |= Q(content_type__app_label=label, codename=f"view_{model}")
    group, _ = groups.get_or_create(name=MODERATORS)
    group.permissions.add(*permissions.filter(wanted))

"""
The group of moderators, without superuser rights.
"""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

LOOK_AT = (
    ("accounts", "user"),
    ("accounts", "userprofile"),
    ("tweets", "tweet"),
    ("tweets", "tweetphoto"),
    ("comments", "comment"),
    ("likes", "like"),
    ("friendships", "friendship"),
    ("moderation", "report"),
    ("moderation", "auditentry"),
)


def create_group(apps, schema_editor):
    # Permissions are made after all migrations; these are wanted now.
    for label in {label for label, _ in LOOK_AT}:
        create_permissions(installed.get_app_config(label), verbosity=0, apps=apps)
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="moderators")
    permissions = apps.get_model("auth", "Permission").objects
    wanted = [
        permissions.get(content_type__app_label=label, content_type__model=model, codename=f"view_{model}")
        for label, model in LOOK_AT
    ]
    moderate = permissions.get(content_type__app_label="moderation", codename="moderate")
    group.permissions.set([*wanted, moderate])


def delete_group(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name="moderators").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0001_initial"),
        ("accounts", "0001_initial"),
        ("tweets", "0002_photos"),
        ("comments", "0001_initial"),
        ("likes", "0001_initial"),
        ("friendships", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [migrations.RunPython(create_group, delete_group)]

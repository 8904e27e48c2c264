"""
The idempotency app: what makes a repeated POST safe.
"""

from django.apps import AppConfig


class IdempotencyConfig(AppConfig):
    name = "utils.idempotency"
    label = "idempotency"

"""
The beat app: who sends periodic tasks, and when each was last sent.
"""

from django.apps import AppConfig


class BeatConfig(AppConfig):
    name = "utils.beat"
    label = "beat"

"""
The verbs of features that are switched on by degrees.
"""

from zlib import crc32

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from gatekeeper import cache
from gatekeeper.cache import FeatureRecord
from gatekeeper.models import Feature, FeatureChange
from utils.database.time_ids import format_time


class GatekeeperService:
    """
    Everything the rest of the project may ask of features.
    """

    @classmethod
    def load_all(cls, subject: int | str) -> dict[str, bool]:
        """
        Return {name: whether it is on for `subject`} of every feature; one round trip.

        :param subject: a user's id, or a text that an anonymous caller brings back.
        """
        return {name: cls.is_on_by(name, feature, subject) for name, feature in cache.load_features().items()}

    @classmethod
    def is_on(cls, name: str, subject: int | str) -> bool:
        """
        Say whether a feature is on for `subject`; one that nobody has defined is off. One round trip.
        """
        feature = cache.load_features().get(name)
        return feature is not None and cls.is_on_by(name, feature, subject)

    @classmethod
    def is_on_by(cls, name: str, feature: FeatureRecord, subject: int | str) -> bool:
        """
        Say the same of the record of a feature.
        """
        if subject in feature["denied"] or not cls._is_within_dates(feature):
            return False
        return subject in feature["allowed"] or cls.is_among(
            name=name, subject=subject, percentage=feature["percentage"]
        )

    @classmethod
    def is_among(cls, *, name: str, subject: int | str, percentage: int) -> bool:
        """
        Say whether `subject` is among the per cent of everybody who get something first.

        Sticky: a subject's place is crc32(name:subject) % 100, so the same users are not the first
        for everything. Monotone: whoever is among 10 % is among 20 % too.
        """
        return crc32(f"{name}:{subject}".encode()) % 100 < percentage

    @classmethod
    def _is_within_dates(cls, feature: FeatureRecord) -> bool:
        now = format_time(timezone.now())
        return (feature["starts_at"] or now) <= now and (feature["ends_at"] is None or now < feature["ends_at"])

    @classmethod
    def define(cls, *, name: str, changed_by: AbstractBaseUser | None = None, **fields: object) -> Feature:
        """
        Create a feature or change it, write its history, and return it. Repeats safely.
        """
        with transaction.atomic():
            feature, _ = Feature.objects.update_or_create(name=name, defaults=fields)
            cls.write_history(feature, changed_by)
        return feature

    @classmethod
    def write_history(cls, feature: Feature, changed_by: AbstractBaseUser | None) -> None:
        """
        Record how a feature stands now, unless it stands as it last did.
        """
        state = {"percentage": feature.percentage, "allowed": feature.allowed, "denied": feature.denied}
        last = feature.changes.first()
        if last is None or any(getattr(last, name) != value for name, value in state.items()):
            FeatureChange.objects.create(feature=feature, changed_by=changed_by, **state)

"""
The verbs of features that are switched on for more and more users.
"""

from zlib import crc32

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from gatekeeper import cache
from gatekeeper.cache import FeatureRecord
from gatekeeper.models import Feature, FeatureChange
from utils.caching.recording import note_unrecorded
from utils.database.time_ids import format_time


class GatekeeperService:
    """
    Everything the rest of the project may ask of features.
    """

    @classmethod
    def load_all(cls, *, subject: int | str) -> dict[str, bool]:
        """
        Return {name: whether it is on for `subject`} for every feature; one round trip.

        :param subject: a user's id, or the id of an anonymous visitor.
        """
        return {name: cls._is_on(name, feature, subject) for name, feature in cache.load_features().items()}

    @classmethod
    def is_on(cls, *, name: str, subject: int | str) -> bool:
        """
        Say whether a feature is on for `subject`; an undefined feature is off. One round trip.
        """
        feature = cache.load_features().get(name)
        return feature is not None and cls._is_on(name, feature, subject)

    @classmethod
    def is_on_unless_undefined(cls, *, name: str, subject: int | str) -> bool:
        """
        Say whether a feature is on for `subject`, as this process remembers it; an undefined feature is on for all.

        One round trip every FEATURES_SECONDS.
        """
        feature = cache.memory.load().get(name)
        return feature is None or cls._is_on(name, feature, subject)

    @classmethod
    def _is_on(cls, name: str, feature: FeatureRecord, subject: int | str) -> bool:
        # It depends on the time.
        note_unrecorded()
        if subject in feature["denied"] or not cls._is_within_dates(feature):
            return False
        return subject in feature["allowed"] or cls.is_among(
            name=name, subject=subject, percentage=feature["percentage"]
        )

    @classmethod
    def is_among(cls, *, name: str, subject: int | str, percentage: int) -> bool:
        """
        Say whether `subject` is among the first `percentage` per cent of all users.

        Sticky: a subject's place is crc32(name:subject) % 100, so it is not always the same users
        who come first. Monotone: a subject among the first 10 % is also among the first 20 %.
        """
        return crc32(f"{name}:{subject}".encode()) % 100 < percentage

    @classmethod
    def _is_within_dates(cls, feature: FeatureRecord) -> bool:
        now = format_time(timezone.now())
        return (feature["starts_at"] or now) <= now and (feature["ends_at"] is None or now < feature["ends_at"])

    @classmethod
    def define(cls, *, name: str, changed_by: AbstractBaseUser | None = None, **fields: object) -> Feature:
        """
        Create or change a feature, record the change, and return the feature. Repeats safely.
        """
        with transaction.atomic():
            feature, _ = Feature.objects.update_or_create(name=name, defaults=fields)
            cls.record_change(feature=feature, changed_by_id=changed_by.pk if changed_by else None)
        return feature

    @classmethod
    def record_change(cls, *, feature: Feature, changed_by_id: int | None) -> None:
        """
        Add the current settings of a feature to its history, unless they are those of the last entry.
        """
        state = {"percentage": feature.percentage, "allowed": feature.allowed, "denied": feature.denied}
        last = feature.changes.first()
        if last is None or any(getattr(last, name) != value for name, value in state.items()):
            FeatureChange.objects.create(feature=feature, changed_by_id=changed_by_id, **state)

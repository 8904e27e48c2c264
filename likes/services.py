"""
The verbs of likes.
"""

from collections.abc import Collection, Sequence
from functools import cache as remembered
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, transaction
from django.db.models import Case, F, QuerySet, When

from accounts.models import User, Viewer
from accounts.records import UserRecord
from accounts.services import AccountService, PurgeService
from likes import cache
from likes.events import Liked, LikeEvent, LikesPurgeContinued, Unliked
from likes.models import Like, Likeable
from outbox.services import OutboxService
from utils.caching.memcached.objects import Lookup, read_through
from utils.database.counters import Counter
from utils.database.pagination import IdRange, fill_page
from utils.database.prepared import PreparedQuery, PreparedUpdate, visible_query
from utils.database.transactions import after_commit, create_with_time_id, retried_transaction
from utils.errors import Refused, Unavailable


class NothingToLike(Refused):
    """
    The target does not exist, or the user may not see it.
    """

    code = "invalid"
    message = "Object does not exist"
    field = "object_id"


class LikeService:
    """
    Everything the rest of the project may ask of likes.
    """

    @classmethod
    def likeable_models(cls) -> dict[str, type[Likeable]]:
        """
        Return {content type: model} of everything that can be liked.
        """
        return {model.content_type_name(): model for model in apps.get_models() if issubclass(model, Likeable)}

    @classmethod
    def like(cls, *, user: User, model: type[Likeable], object_id: int) -> Like:
        """
        Make `user` like a target that they may see, and return the like; four statements in one transaction.

        Liking twice is not an error: the existing like is returned and nobody is notified again.

        :raises NothingToLike: the target does not exist, or `user` may not see it.
        """
        try:
            return cls._create(user, model, object_id)
        except IntegrityError:
            existing = cls._between(user, model, object_id).first()
        # The existing like was withdrawn at this very moment, so this one is new.
        return existing or cls._create(user, model, object_id)

    @classmethod
    @retried_transaction
    def _create(cls, user: User, model: type[Likeable], object_id: int) -> Like:
        """
        :raises IntegrityError: the user likes it already; nothing has changed.
        """
        # Counter first: everyone who likes, unlikes or deletes the same target waits here instead of deadlocking.
        if not one_more(model).run(object_id):
            raise NothingToLike
        target = cls._get_counted(visible_query(model, user.is_staff), object_id)
        like = create_with_time_id(Like, user_id=user.id, target=target)
        cls._announce(Liked, user, target)
        return like

    @classmethod
    def unlike(cls, *, user: User, model: type[Likeable], object_id: int) -> int:
        """
        Withdraw a like, and return how many likes that were: 0 or 1. Five statements in one transaction.

        :raises NothingToLike: the target does not exist, or `user` may not see it.
        """
        return cls._withdraw(user, model, object_id, visible_query(model, user.is_staff))

    @classmethod
    @retried_transaction
    def _withdraw(cls, user: User, model: type[Likeable], object_id: int, targets: PreparedQuery) -> int:
        one_less(model).run(object_id)
        target = cls._get_counted(targets, object_id)
        like = cls._between(user, model, object_id).first()
        if like is None:
            # Undo the change of the counter.
            transaction.set_rollback(True)
            return 0
        like.target = target
        like.delete()
        cls._announce(Unliked, user, target)
        return 1

    @classmethod
    def _get_counted(cls, targets: PreparedQuery, object_id: int) -> Likeable:
        """
        Return a target whose counter this transaction has changed, so that its row is locked. One query
        tells whether the user may see it, who its owner is, and what to write to the caches after the commit.

        :raises NothingToLike: it is not among `targets`; the rollback restores the counter.
        """
        target: Likeable | None = targets.first(object_id)
        if target is None:
            raise NothingToLike
        return target

    @classmethod
    def _between(cls, user: User, model: type[Likeable], object_id: int) -> QuerySet[Like]:
        content_type = ContentType.objects.get_for_model(model)
        return Like.objects.filter(user_id=user.id, content_type=content_type, object_id=object_id)

    @classmethod
    def _announce(cls, event_type: type[LikeEvent], user: User, target: Likeable) -> None:
        content_type = target.content_type_name()
        OutboxService.record(
            event=event_type(content_type=content_type, object_id=target.id, user_id=user.id, owner_id=target.user_id)
        )
        after_commit(cache.invalidate_likes, [(user.id, content_type, target.id)])

    @classmethod
    def invalidate_likes(cls, *, likes: Collection[tuple[int, str, int]]) -> None:
        """
        Invalidate the cached copies of likes, which are (user id, content type, target id). One round trip.

        :raises Unavailable: Memcached did not confirm it.
        """
        if not cache.invalidate_likes(likes):
            raise Unavailable("Memcached did not confirm")

    @classmethod
    def liked_lookup(cls, *, viewer: Viewer, model: type[Likeable]) -> Lookup | None:
        """
        Return a lookup of the targets of one model that `viewer` likes, to be read in one round trip with others.

        None if the viewer is anonymous.
        """
        if not viewer.is_authenticated:
            return None
        return cache.liked_lookup(viewer.id, model)

    @classmethod
    def likers_lookup(cls, *, model: type[Likeable], object_id: int) -> Lookup:
        """
        Return a lookup of the newest likes of a target, to be read in one round trip with others.
        """
        return cache.likers_lookup(ContentType.objects.get_for_model(model), object_id)

    @classmethod
    def load_liked_among(
        cls, *, viewer: Viewer, model: type[Likeable], ids: Collection[int], lookup: Lookup | None = None
    ) -> set[int]:
        """
        Return the set of those of `ids` that `viewer` likes; at most one query, none when the cache is warm.

        :param lookup: a `liked_lookup` that was already read; without it, one is read now.
        """
        if not viewer.is_authenticated or not ids:
            return set()
        if lookup is None:
            lookup = cache.liked_lookup(viewer.id, model)
            read_through(lookup)
        known = lookup.found[viewer.id]
        liked = set(known["ids"]).intersection(ids)
        older = [id for id in ids if id < known["floor"]]
        return liked | cls.get_liked_among(user_id=viewer.id, model=model, ids=older) if older else liked

    @classmethod
    def get_liked_among(cls, *, user_id: int, model: type[Likeable], ids: Collection[int]) -> set[int]:
        """
        Return the set of those of `ids` that the user likes; one query.
        """
        content_type = ContentType.objects.get_for_model(model)
        likes = Like.objects.filter(user_id=user_id, content_type=content_type, object_id__in=ids)
        return set(likes.values_list("object_id", flat=True))

    @classmethod
    def load_newest(
        cls, *, model: type[Likeable], object_id: int, viewer: Viewer, limit: int
    ) -> list[tuple[int, UserRecord]]:
        """
        Return up to `limit` pairs (like id, user record) of the users who like a target, newest first.

        Users whom `viewer` may not see are left out, and older likes take their place.
        """
        content_type = ContentType.objects.get_for_model(model)

        def fetch(before: int | None, after: int | None, wanted: int) -> list[Like]:
            likes = Like.objects.filter(content_type=content_type, object_id=object_id)
            if before is not None:
                likes = likes.filter(id__lt=before)
            return list(likes.order_by("-id").only("id", "user_id")[:wanted])

        def filter_visible(likes: Sequence[Like]) -> list[tuple[int, UserRecord]]:
            visible = AccountService.load_visible_users(user_ids=[like.user_id for like in likes], viewer=viewer)
            return [(like.id, visible[like.user_id]) for like in likes if like.user_id in visible]

        return fill_page(IdRange(), limit, fetch=fetch, filter_visible=filter_visible, get_id=lambda pair: pair[0]).rows

    @classmethod
    def get_counters(cls) -> list[Counter]:
        """
        Return the counters of likes: one for each model that can be liked.
        """
        return [
            Counter(
                model,
                "likes_count",
                Like.objects.filter(content_type=ContentType.objects.get_for_model(model)),
                "object_id",
                also={"revision": F("revision") + 1},
            )
            for model in cls.likeable_models().values()
        ]

    @classmethod
    def purge_some(cls, *, user_id: int) -> None:
        """
        Withdraw some likes of a user whose account is closed: `PurgeService.purge_some`.
        """
        PurgeService.purge_some(
            user_id=user_id,
            rows=Like.objects.filter(user_id=user_id).select_related("user", "content_type"),
            remove=cls._purge,
            continued=LikesPurgeContinued(user_id=user_id),
        )

    @classmethod
    def _purge(cls, like: Like) -> None:
        # `Any`: the class of a content type is known at run time only.
        model: Any = like.content_type.model_class()
        try:
            withdrawn = cls._withdraw(like.user, model, like.object_id, target_query(model))
        except NothingToLike:
            withdrawn = 0
        if not withdrawn:
            like.delete()


@remembered
def target_query(model: type[Likeable]) -> PreparedQuery:
    """
    Return the query of a target, deleted or not: a deleted tweet still has a row and a counter.
    """
    return PreparedQuery(lambda pk: model.objects.filter(pk=pk))


@remembered
def one_more(model: type[Likeable]) -> PreparedUpdate:
    """
    Return the update that counts a like of a target that is not deleted.
    """
    return PreparedUpdate(
        lambda pk: model.objects.not_deleted().filter(id=pk),
        likes_count=F("likes_count") + 1,
        revision=F("revision") + 1,
    )


@remembered
def one_less(model: type[Likeable]) -> PreparedUpdate:
    """
    Return the update that counts a like less, never below zero: one whose counter has drifted can still be withdrawn.
    """
    return PreparedUpdate(
        lambda pk: model.objects.filter(id=pk),
        likes_count=Case(When(likes_count__gt=0, then=F("likes_count") - 1), default=0),
        revision=F("revision") + 1,
    )

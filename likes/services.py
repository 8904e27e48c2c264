"""
The verbs of likes.
"""

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, transaction
from django.db.models import Case, F, QuerySet, When
from django.db.models.expressions import Combinable

from accounts.models import User
from accounts.services import AccountService
from likes import cache
from likes.constants import PURGE_SIZE
from likes.events import Liked, LikeEvent, LikesPurgeContinued, Unliked
from likes.models import Like, Likeable
from outbox.services import OutboxService
from utils.caching.memcached.objects import read_through
from utils.database.counters import Counter
from utils.database.pagination import Window, fill_page
from utils.database.transactions import after_commit, create_with_time_id, retried_transaction
from utils.errors import Refused


class NothingToLike(Refused):
    code = "invalid"
    message = "Object does not exist"
    field = "object_id"


class LikeService:
    """
    Everything the rest of the project may ask of likes.
    """

    @classmethod
    def kinds(cls):
        """
        Return {name: model} of everything that can be liked.
        """
        return {model.kind(): model for model in apps.get_models() if issubclass(model, Likeable)}

    @classmethod
    def like(cls, *, user: User, model: type[Likeable], object_id: int) -> Like:
        """
        Make `user` like a thing that they may see and return the like; four statements in one transaction.

        Liking twice is not an error: the existing like is returned and nobody is told again.

        :raises NothingToLike: it is not there, or `user` may not see it.
        """
        try:
            return cls._create(user, model, object_id)
        except IntegrityError:
            existing = cls._between(user, model, object_id).first()
        # Taken back at this very moment: then it is a new one.
        return existing or cls._create(user, model, object_id)

    @classmethod
    @retried_transaction
    def _create(cls, user: User, model: type[Likeable], object_id: int) -> Like:
        """
        :raises IntegrityError: the user likes it already; nothing has changed.
        """
        # Counter first: whoever likes, cancels or deletes the same thing queues here instead of deadlocking.
        if not cls._count(model.objects.there(), object_id, F("likes_count") + 1):
            raise NothingToLike
        thing = cls._get_counted(model.objects.visible_to(user), object_id)
        like = create_with_time_id(Like, user_id=user.id, thing=thing)
        cls._announce(Liked, user, thing)
        return like

    @classmethod
    def unlike(cls, *, user: User, model: type[Likeable], object_id: int) -> int:
        """
        End it, and return how many likes that were: 0 or 1. Five statements in one transaction.

        :raises NothingToLike: the thing is not there, or `user` may not see it.
        """
        return cls._withdraw(user, model.objects.visible_to(user), object_id)

    @classmethod
    @retried_transaction
    def _withdraw(cls, user: User, things: QuerySet, object_id: int) -> int:
        # Never below zero: a like whose counter has drifted can still be taken back.
        fewer = Case(When(likes_count__gt=0, then=F("likes_count") - 1), default=0)
        cls._count(things.model.objects.all(), object_id, fewer)
        thing = cls._get_counted(things, object_id)
        like = cls._between(user, things.model, object_id).first()
        if like is None:
            # The counter goes back to what it was.
            transaction.set_rollback(True)
            return 0
        like.thing = thing
        like.delete()
        cls._announce(Unliked, user, thing)
        return 1

    @classmethod
    def _count(cls, things: QuerySet, object_id: int, count: Combinable) -> int:
        return things.filter(id=object_id).update(likes_count=count, revision=F("revision") + 1)

    @classmethod
    def _get_counted(cls, things: QuerySet, object_id: int) -> Likeable:
        """
        Return a thing whose counter this transaction has changed, and so holds: one look says whether it may be
        seen, whose it is, and what caches are told of it after the commit.

        :raises NothingToLike: it is not among `things`; the counter goes back to what it was.
        """
        thing = things.filter(id=object_id).first()
        if thing is None:
            raise NothingToLike
        return thing

    @classmethod
    def _between(cls, user: User, model: type[Likeable], object_id: int) -> QuerySet[Like]:
        content_type = ContentType.objects.get_for_model(model)
        return Like.objects.filter(user_id=user.id, content_type=content_type, object_id=object_id)

    @classmethod
    def _announce(cls, event_type: type[LikeEvent], user: User, thing: Likeable) -> None:
        kind = thing.kind()
        event = event_type(content_type=kind, object_id=thing.id, user_id=user.id, owner_id=thing.user_id)
        OutboxService.record(event)
        after_commit(cache.invalidate_likes, [(user.id, kind, thing.id)])

    @classmethod
    def liked_lookup(cls, viewer, model):
        """
        Return a lookup of what `viewer` likes of a kind, for reading it in one trip with other things; None of nobody.
        """
        if not viewer.is_authenticated:
            return None
        return cache.liked_lookup(viewer.id, model)

    @classmethod
    def likers_lookup(cls, model, object_id):
        """
        Return a lookup of the newest likes of a thing, for reading it in one trip with other things.
        """
        return cache.likers_lookup(ContentType.objects.get_for_model(model), object_id)

    @classmethod
    def load_liked_among(cls, viewer, model, ids, lookup=None):
        """
        Return the set of those of `ids` that `viewer` likes; at most one query, none when warm.

        :param lookup: a `liked_lookup` that was read already; otherwise it is read now.
        """
        if not viewer.is_authenticated or not ids:
            return set()
        if lookup is None:
            lookup = cls.liked_lookup(viewer, model)
            read_through(lookup)
        known = lookup.found[viewer.id]
        liked = set(known["ids"]).intersection(ids)
        older = [id for id in ids if id < known["floor"]]
        return liked | cls.get_liked_among(viewer.id, model, older) if older else liked

    @classmethod
    def get_liked_among(cls, user_id, model, ids):
        """
        Return the set of those of `ids` that the user likes; one query.
        """
        content_type = ContentType.objects.get_for_model(model)
        likes = Like.objects.filter(user_id=user_id, content_type=content_type, object_id__in=ids)
        return set(likes.values_list("object_id", flat=True))

    @classmethod
    def load_newest(cls, thing_model, object_id, viewer, limit):
        """
        Return up to `limit` pairs (like id, user record) of those who like a thing, newest first.

        Whom `viewer` may not see is replaced by somebody older.
        """
        content_type = ContentType.objects.get_for_model(thing_model)

        def fetch(before, after, wanted):
            likes = Like.objects.filter(content_type=content_type, object_id=object_id)
            if before is not None:
                likes = likes.filter(id__lt=before)
            return list(likes.order_by("-id").only("id", "user_id")[:wanted])

        def keep(likes):
            visible = AccountService.load_visible_users([like.user_id for like in likes], viewer)
            return [(like.id, visible[like.user_id]) for like in likes if like.user_id in visible]

        return fill_page(Window(), limit, fetch=fetch, keep=keep, id_of=lambda pair: pair[0]).rows

    @classmethod
    def get_counters(cls):
        """
        Return the counters of likes: one for each kind of thing that can be liked.
        """
        return [
            Counter(
                model,
                "likes_count",
                Like.objects.filter(content_type=ContentType.objects.get_for_model(model)),
                "object_id",
                also={"revision": F("revision") + 1},
            )
            for model in cls.kinds().values()
        ]

    @classmethod
    def purge_some_of(cls, *, user_id: int) -> None:
        """
        Withdraw some likes of a user whose account is closed; event `likes_purge_continued` if there may be more.

        Repeats safely. Nothing happens where the account is not closed.
        """
        user = User.objects.filter(id=user_id, deleted_at__isnull=False).first()
        if user is None:
            return
        models = {ContentType.objects.get_for_model(model).id: model for model in cls.kinds().values()}
        likes = list(Like.objects.filter(user_id=user.id).order_by("id")[:PURGE_SIZE])
        for like in likes:
            # A deleted thing whose row is there is counted too.
            if not cls._withdraw_any(user, models[like.content_type_id].objects.all(), like.object_id):
                like.delete()
        if len(likes) == PURGE_SIZE:
            OutboxService.record(LikesPurgeContinued(user_id=user_id))

    @classmethod
    def _withdraw_any(cls, user: User, things: QuerySet, object_id: int) -> int:
        try:
            return cls._withdraw(user, things, object_id)
        except NothingToLike:
            return 0

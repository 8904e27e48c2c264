"""
The verbs of moderators: those of the apps below, with a line in the audit trail for each.
"""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.services import AccountService, RoleService
from comments.models import Comment
from comments.services import CommentGone, CommentService
from moderation.constants import ReportStatus, Verb
from moderation.models import AuditEntry, Report
from tweets.models import Tweet, TweetPhoto
from tweets.services import PhotoService, TweetGone, TweetService
from utils.errors import Refused
from utils.observability.middleware import current_request_id

# `Any`: their managers differ, and all have `visible_to`.
KINDS: dict[str, Any] = {"tweet": Tweet, "comment": Comment, "user": User}


class ReasonRequired(Refused):
    code = "reason_required"
    message = "Say why: the audit trail keeps the reason."
    field = "reason"


class ReportService:
    """
    Everything the rest of the project may ask of reports.
    """

    @classmethod
    def report(cls, *, reporter: User, content_type: str, object_id: int, reason: str) -> Report:
        """
        Report a thing and return the report; again by the same user it is the same report.
        """
        thing = {"reporter_id": reporter.id, "content_type": content_type, "object_id": object_id}
        existing = Report.objects.filter(**thing).first()
        if existing:
            return existing
        try:
            with transaction.atomic():
                return Report.objects.create(**thing, reason=reason)
        except IntegrityError:
            # The same request was sent twice at one moment.
            return Report.objects.get(**thing)

    @classmethod
    def close(cls, *, report: Report, moderator: User, status: ReportStatus, reason: str = "") -> bool:
        """
        Resolve or dismiss a report; one that is closed stays as it was. Returns whether it was open.
        """
        verb = Verb.RESOLVE_REPORT if status == ReportStatus.RESOLVED else Verb.DISMISS_REPORT
        changes = {"status": status, "handled_by_id": moderator.id, "handled_at": timezone.now()}
        with transaction.atomic():
            closed = Report.objects.filter(id=report.id, status=ReportStatus.OPEN).update(**changes)
            if closed:
                ModerationService.write_down(moderator, verb, "report", report.id, reason)
        return bool(closed)


class ModerationService:
    """
    Everything moderators may do. Each verb repeats safely and tells the audit trail only what it changed.
    """

    @classmethod
    def write_down(cls, moderator: User, verb: Verb, target_type: str, target_id: int, reason: str) -> None:
        """
        Add a line to the audit trail, in the transaction of what it tells.
        """
        AuditEntry.objects.create(
            moderator_id=moderator.id,
            verb=verb,
            target_type=target_type,
            target_id=target_id,
            reason=reason,
            request_id=current_request_id.get(),
        )

    @classmethod
    def suspend(cls, *, user: User, moderator: User, reason: str) -> None:
        """
        Hide a user and all they wrote from everyone but staff, at once; their sessions and tokens end.

        :raises ReasonRequired: there is no reason.
        :raises RankTooLow: moderators do not suspend each other, nor a superuser.
        :raises LastSuperuser: nobody would be left to make another one.
        """
        cls._check_reason(reason)
        with transaction.atomic():
            RoleService.check_outranks(actor=moderator, user=user)
            if AccountService.suspend(user=user):
                cls.write_down(moderator, Verb.SUSPEND, "user", user.id, reason)

    @classmethod
    def restore(cls, *, user: User, moderator: User, reason: str = "") -> None:
        """
        Undo `suspend`.

        :raises RankTooLow: whoever suspended them stood higher.
        """
        with transaction.atomic():
            RoleService.check_outranks(actor=moderator, user=user)
            if AccountService.restore(user=user):
                cls.write_down(moderator, Verb.RESTORE, "user", user.id, reason)

    @classmethod
    def approve_photo(cls, *, photo: TweetPhoto, moderator: User, reason: str = "") -> None:
        """
        Let everyone see a photo.
        """
        with transaction.atomic():
            if PhotoService.approve(photo=photo):
                cls.write_down(moderator, Verb.APPROVE_PHOTO, "photo", photo.id, reason)

    @classmethod
    def reject_photo(cls, *, photo: TweetPhoto, moderator: User, reason: str) -> None:
        """
        Let nobody see a photo.

        :raises ReasonRequired: there is no reason.
        """
        cls._check_reason(reason)
        with transaction.atomic():
            if PhotoService.reject(photo=photo):
                cls.write_down(moderator, Verb.REJECT_PHOTO, "photo", photo.id, reason)

    @classmethod
    def delete_tweet(cls, *, tweet: Tweet, moderator: User, reason: str) -> None:
        """
        Delete somebody's tweet, as its author could.

        :raises ReasonRequired: there is no reason.
        """
        cls._check_reason(reason)
        # The audit entry first: once its own transaction is over, a deletion updates the caches.
        with transaction.atomic():
            cls.write_down(moderator, Verb.DELETE_TWEET, "tweet", tweet.id, reason)
            TweetService.mark_deleted(tweet=tweet)
        TweetService.confirm_deleted(tweet=tweet)

    @classmethod
    def delete_comment(cls, *, comment: Comment, moderator: User, reason: str) -> None:
        """
        Delete somebody's comment, as its author could.

        :raises ReasonRequired: there is no reason.
        """
        cls._check_reason(reason)
        with transaction.atomic():
            cls.write_down(moderator, Verb.DELETE_COMMENT, "comment", comment.id, reason)
            CommentService.delete_comment(comment=comment)

    @classmethod
    def delete_reported(cls, *, report: Report, moderator: User, reason: str) -> None:
        """
        Delete the tweet or comment that a report is about, and resolve every open report of it.

        What is gone already only has its reports resolved.

        :raises ReasonRequired: there is no reason.
        :raises Refused: a user cannot be deleted this way.
        """
        cls._check_reason(reason)
        delete = {"tweet": cls._delete_tweet_by_id, "comment": cls._delete_comment_by_id}.get(report.content_type)
        if delete is None:
            raise Refused("Users are suspended, not deleted.")
        delete(report.object_id, moderator, reason)
        same_thing = {"content_type": report.content_type, "object_id": report.object_id}
        for other in Report.objects.filter(**same_thing, status=ReportStatus.OPEN):
            ReportService.close(report=other, moderator=moderator, status=ReportStatus.RESOLVED, reason=reason)

    @classmethod
    def _delete_tweet_by_id(cls, tweet_id: int, moderator: User, reason: str) -> None:
        try:
            tweet = Tweet.objects.not_deleted().filter(id=tweet_id).first()
            if tweet:
                cls.delete_tweet(tweet=tweet, moderator=moderator, reason=reason)
        except TweetGone:
            return

    @classmethod
    def _delete_comment_by_id(cls, comment_id: int, moderator: User, reason: str) -> None:
        try:
            comment = Comment.objects.filter(id=comment_id).first()
            if comment:
                cls.delete_comment(comment=comment, moderator=moderator, reason=reason)
        except CommentGone:
            return

    @classmethod
    def _check_reason(cls, reason: str) -> None:
        if not reason.strip():
            raise ReasonRequired

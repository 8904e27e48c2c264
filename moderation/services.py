"""
The verbs of moderators: they call those of the apps below, and record each action in the audit trail.
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

# {content type: model} of what users may report. `Any`: the managers differ, but all have `visible_to`.
REPORTABLE_MODELS: dict[str, Any] = {"tweet": Tweet, "comment": Comment, "user": User}


class ReasonRequired(Refused):
    code = "reason_required"
    message = "Say why: the audit trail keeps the reason."
    field = "reason"


class AuditService:
    """
    Everything the rest of the project may ask of the audit trail.
    """

    @classmethod
    def record_audit(cls, *, moderator: User, verb: Verb, target_type: str, target_id: int, reason: str) -> None:
        """
        Add an entry to the audit trail. Call it in the transaction of the action.
        """
        AuditEntry.objects.create(
            moderator_id=moderator.id,
            verb=verb,
            target_type=target_type,
            target_id=target_id,
            reason=reason,
            request_id=current_request_id.get(),
        )


class ReportService:
    """
    Everything the rest of the project may ask of reports.
    """

    @classmethod
    def report(cls, *, reporter: User, content_type: str, object_id: int, reason: str) -> Report:
        """
        Report a target and return the report. If the user has reported it before, return that report.
        """
        target = {"reporter_id": reporter.id, "content_type": content_type, "object_id": object_id}
        existing = Report.objects.filter(**target).first()
        if existing:
            return existing
        try:
            with transaction.atomic():
                return Report.objects.create(**target, reason=reason)
        except IntegrityError:
            # The same request was sent twice at the same time.
            return Report.objects.get(**target)

    @classmethod
    def close(cls, *, report: Report, moderator: User, status: ReportStatus, reason: str = "") -> bool:
        """
        Resolve or dismiss a report, unless it is already closed. Returns whether it was open.
        """
        verb = Verb.RESOLVE_REPORT if status == ReportStatus.RESOLVED else Verb.DISMISS_REPORT
        changes = {"status": status, "handled_by_id": moderator.id, "handled_at": timezone.now()}
        with transaction.atomic():
            closed = Report.objects.filter(id=report.id, status=ReportStatus.OPEN).update(**changes)
            if closed:
                AuditService.record_audit(
                    moderator=moderator, verb=verb, target_type="report", target_id=report.id, reason=reason
                )
        return bool(closed)


class ModerationService:
    """
    Everything moderators may do. Each verb repeats safely, and records only real changes in the audit trail.
    """

    @classmethod
    def suspend(cls, *, user: User, moderator: User, reason: str) -> None:
        """
        Hide a user and their content from everyone but staff at once, and end their sessions and tokens.

        :raises ReasonRequired: there is no reason.
        :raises RankTooLow: moderators may not suspend each other or a superuser.
        :raises LastSuperuser: no superuser would be left.
        """
        cls._check_reason(reason)
        with transaction.atomic():
            RoleService.check_outranks(actor=moderator, user=user)
            if AccountService.suspend(user=user):
                cls._record(moderator, Verb.SUSPEND, "user", user.id, reason)

    @classmethod
    def restore(cls, *, user: User, moderator: User, reason: str = "") -> None:
        """
        Undo `suspend`.

        :raises RankTooLow: the user's rank is not below the moderator's.
        """
        with transaction.atomic():
            RoleService.check_outranks(actor=moderator, user=user)
            if AccountService.restore(user=user):
                cls._record(moderator, Verb.RESTORE, "user", user.id, reason)

    @classmethod
    def approve_photo(cls, *, photo: TweetPhoto, moderator: User, reason: str = "") -> None:
        """
        Show a photo to everyone.
        """
        with transaction.atomic():
            if PhotoService.approve(photo=photo):
                cls._record(moderator, Verb.APPROVE_PHOTO, "photo", photo.id, reason)

    @classmethod
    def reject_photo(cls, *, photo: TweetPhoto, moderator: User, reason: str) -> None:
        """
        Hide a photo from everyone.

        :raises ReasonRequired: there is no reason.
        """
        cls._check_reason(reason)
        with transaction.atomic():
            if PhotoService.reject(photo=photo):
                cls._record(moderator, Verb.REJECT_PHOTO, "photo", photo.id, reason)

    @classmethod
    def delete_tweet(cls, *, tweet: Tweet, moderator: User, reason: str) -> None:
        """
        Delete a tweet, as its author could.

        :raises ReasonRequired: there is no reason.
        """
        cls._check_reason(reason)
        # One transaction with the audit entry. The caches are updated after its commit.
        with transaction.atomic():
            cls._record(moderator, Verb.DELETE_TWEET, "tweet", tweet.id, reason)
            TweetService.mark_deleted(tweet=tweet)
        TweetService.confirm_deleted(tweet=tweet)

    @classmethod
    def delete_comment(cls, *, comment: Comment, moderator: User, reason: str) -> None:
        """
        Delete a comment, as its author could.

        :raises ReasonRequired: there is no reason.
        """
        cls._check_reason(reason)
        with transaction.atomic():
            cls._record(moderator, Verb.DELETE_COMMENT, "comment", comment.id, reason)
            CommentService.delete_comment(comment=comment)

    @classmethod
    def delete_reported(cls, *, report: Report, moderator: User, reason: str) -> None:
        """
        Delete the tweet or comment that a report is about, and resolve every open report of it.

        If it is already deleted, only its reports are resolved.

        :raises ReasonRequired: there is no reason.
        :raises Refused: the report is about a user.
        """
        cls._check_reason(reason)
        delete = {"tweet": cls._delete_tweet_by_id, "comment": cls._delete_comment_by_id}.get(report.content_type)
        if delete is None:
            raise Refused("Users are suspended, not deleted.")
        delete(report.object_id, moderator, reason)
        same_target = {"content_type": report.content_type, "object_id": report.object_id}
        for other in Report.objects.filter(**same_target, status=ReportStatus.OPEN):
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
    def _record(cls, moderator: User, verb: Verb, target_type: str, target_id: int, reason: str) -> None:
        AuditService.record_audit(
            moderator=moderator, verb=verb, target_type=target_type, target_id=target_id, reason=reason
        )

    @classmethod
    def _check_reason(cls, reason: str) -> None:
        if not reason.strip():
            raise ReasonRequired

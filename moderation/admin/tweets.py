"""
The admin screens of tweets and photos.
"""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from moderation.services import ModerationService
from tweets.constants import PhotoStatus
from tweets.models import Tweet, TweetPhoto
from tweets.services import PhotoService
from utils.pages.admin import ModeratedAdmin, NewestTextSearch, QueueFilter, small_picture, small_pictures


@admin.register(Tweet)
class TweetAdmin(NewestTextSearch, ModeratedAdmin):
    """
    Tweets: view them, or delete them with a reason.
    """

    target = "tweet"
    list_display = ("id", "user", "content", "created_at", "comments_count", "likes_count", "is_deleted")
    list_select_related = ("user",)
    search_help_text = "An id, or words of the newest 100,000 tweets"
    fields = ("id", "user", "content", "photos", "created_at", "deleted_at", "comments_count", "likes_count")
    readonly_fields = ("photos",)
    actions = ("delete_tweets",)

    @admin.display(boolean=True, description="Deleted")
    def is_deleted(self, tweet: Tweet) -> bool:
        return tweet.deleted_at is not None

    def photos(self, tweet: Tweet) -> str:
        return (
            small_pictures(PhotoService.get_by_tweet(tweet_ids=[tweet.id]).get(tweet.id, []))
            or self.get_empty_value_display()
        )

    @admin.action(description="Delete, with the reason on the right", permissions=["moderate"])
    def delete_tweets(self, request: HttpRequest, tweets: QuerySet[Tweet]) -> None:
        self.apply(request, tweets, ModerationService.delete_tweet, "deleted")


class PhotoStatusFilter(QueueFilter):
    waiting = PhotoStatus.PENDING
    statuses = PhotoStatus.choices


@admin.register(TweetPhoto)
class TweetPhotoAdmin(ModeratedAdmin):
    """
    The queue of photos to review, oldest first: approve or reject many at once.
    """

    target = "photo"
    list_display = ("thumbnail", "tweet_text", "user", "status", "created_at")
    list_display_links = None
    list_filter = (PhotoStatusFilter,)
    list_select_related = ("tweet", "user")
    ordering = ("id",)
    list_per_page = 30
    actions = ("approve", "reject")

    def get_queryset(self, request: HttpRequest) -> QuerySet[TweetPhoto]:
        """
        Leave out uploads without a tweet yet, and those of deleted tweets.
        """
        return super().get_queryset(request).filter(tweet__isnull=False, tweet__deleted_at__isnull=True)

    @admin.display(description="Photo")
    def thumbnail(self, photo: TweetPhoto) -> str:
        picture: str = small_picture(photo)
        return picture

    @admin.display(description="Tweet")
    def tweet_text(self, photo: TweetPhoto) -> str:
        address = reverse("admin:tweets_tweet_change", args=[photo.tweet_id])
        # `get_queryset` leaves out photos without a tweet.
        return format_html('<a href="{}">{}</a>', address, photo.tweet.content if photo.tweet else "")

    @admin.action(description="Approve", permissions=["moderate"])
    def approve(self, request: HttpRequest, photos: QuerySet[TweetPhoto]) -> None:
        self.apply(request, photos, ModerationService.approve_photo, "approved")

    @admin.action(description="Reject, with the reason on the right", permissions=["moderate"])
    def reject(self, request: HttpRequest, photos: QuerySet[TweetPhoto]) -> None:
        self.apply(request, photos, ModerationService.reject_photo, "rejected")

"""
Moderators' screens of tweets and photos.
"""

from django.contrib import admin
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
    Tweets: look, and delete with a reason.
    """

    target = "tweet"
    list_display = ("id", "user", "content", "created_at", "comments_count", "likes_count", "is_deleted")
    list_select_related = ("user",)
    search_help_text = "An id, or words of the newest 100,000 tweets"
    fields = ("id", "user", "content", "photos", "created_at", "deleted_at", "comments_count", "likes_count")
    readonly_fields = ("photos",)
    actions = ("delete_tweets",)

    @admin.display(boolean=True, description="Deleted")
    def is_deleted(self, tweet):
        return tweet.deleted_at is not None

    def photos(self, tweet):
        return (
            small_pictures(PhotoService.get_all_of(tweet_ids=[tweet.id]).get(tweet.id, []))
            or self.get_empty_value_display()
        )

    @admin.action(description="Delete, with the reason on the right", permissions=["moderate"])
    def delete_tweets(self, request, tweets):
        self.apply(request, tweets, ModerationService.delete_tweet, "deleted")


class PhotoStatusFilter(QueueFilter):
    waiting = PhotoStatus.PENDING
    statuses = PhotoStatus.choices


@admin.register(TweetPhoto)
class TweetPhotoAdmin(ModeratedAdmin):
    """
    The queue of photo review: oldest first, approve or reject many at once.
    """

    target = "photo"
    list_display = ("thumbnail", "tweet_text", "user", "status", "created_at")
    list_display_links = None
    list_filter = (PhotoStatusFilter,)
    list_select_related = ("tweet", "user")
    ordering = ("id",)
    list_per_page = 30
    actions = ("approve", "reject")

    def get_queryset(self, request):
        """
        Leave out uploads whose tweet is still to come, and those whose tweet is gone.
        """
        return super().get_queryset(request).filter(tweet__isnull=False, tweet__deleted_at__isnull=True)

    @admin.display(description="Photo")
    def thumbnail(self, photo):
        return small_picture(photo)

    @admin.display(description="Tweet")
    def tweet_text(self, photo):
        address = reverse("admin:tweets_tweet_change", args=[photo.tweet_id])
        return format_html('<a href="{}">{}</a>', address, photo.tweet.content)

    @admin.action(description="Approve", permissions=["moderate"])
    def approve(self, request, photos):
        self.apply(request, photos, ModerationService.approve_photo, "approved")

    @admin.action(description="Reject, with the reason on the right", permissions=["moderate"])
    def reject(self, request, photos):
        self.apply(request, photos, ModerationService.reject_photo, "rejected")

"""
The admin screen of comments.
"""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from comments.models import Comment
from moderation.services import ModerationService
from utils.pages.admin import ModeratedAdmin, NewestTextSearch


@admin.register(Comment)
class CommentAdmin(NewestTextSearch, ModeratedAdmin):
    """
    Comments: view them, or delete them with a reason.
    """

    target = "comment"
    list_display = ("id", "user", "content", "tweet_id", "updated_at", "likes_count")
    list_select_related = ("user",)
    search_help_text = "An id, or words of the newest 100,000 comments"
    actions = ("delete_comments",)

    @admin.action(description="Delete, with the reason on the right", permissions=["moderate"])
    def delete_comments(self, request: HttpRequest, comments: QuerySet[Comment]) -> None:
        self.apply(request, comments, ModerationService.delete_comment, "deleted")

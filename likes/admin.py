"""
Moderators' screen of likes.
"""

from django.contrib import admin

from likes.models import Like
from utils.pages.admin import LargeTableAdmin


@admin.register(Like)
class LikeAdmin(LargeTableAdmin):
    """
    Shows likes; nothing can be changed.
    """

    list_display = ("id", "user", "content_type", "object_id", "created_at")
    list_select_related = ("user", "content_type")

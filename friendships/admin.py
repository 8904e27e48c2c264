"""
The admin screen of friendships.
"""

from django.contrib import admin

from friendships.models import Friendship
from utils.pages.admin import LargeTableAdmin


@admin.register(Friendship)
class FriendshipAdmin(LargeTableAdmin):
    """
    Friendships, read-only.
    """

    list_display = ("id", "from_user", "to_user", "created_at")
    list_select_related = ("from_user", "to_user")

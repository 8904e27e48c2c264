"""
Moderators' screen of the outbox.
"""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from outbox.models import Message
from outbox.services import OutboxService
from utils.pages.admin import LargeTableAdmin


@admin.register(Message)
class MessageAdmin(LargeTableAdmin):
    """
    Messages that are not handled yet. Those that were given up can be tried again.
    """

    list_display = ("id", "event", "task", "attempts", "created_at", "due_at")
    list_filter = ("event",)
    actions = ("try_again",)

    @admin.action(description="Try again now")
    def try_again(self, request: HttpRequest, messages: QuerySet[Message]) -> None:
        OutboxService.postpone(message_ids=[message.id for message in messages], seconds=0)
        self.message_user(request, "The messages will be tried again now.")

"""
The outbox, for whoever wonders what still waits.
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
    Messages that wait; those that were given up can be tried once more.
    """

    list_display = ("id", "event", "task", "attempts", "created_at", "due_at")
    list_filter = ("event",)
    actions = ("try_again",)

    @admin.action(description="Try again now")
    def try_again(self, request: HttpRequest, messages: QuerySet[Message]) -> None:
        OutboxService.postpone([message.id for message in messages], 0)
        self.message_user(request, "They are on their way again.")

"""
Shapes of reports.
"""

from typing import Any

from rest_framework import serializers

from moderation.constants import REASON_MAX, ReportStatus
from moderation.services import KINDS
from utils.api.fields import IdField, TextField

KIND_CHOICES = [(kind, kind) for kind in KINDS]


class ReportSerializerForCreate(serializers.Serializer):
    content_type = serializers.ChoiceField(choices=KIND_CHOICES)
    object_id = IdField()
    example = {"content_type": "tweet", "object_id": 217665629068437, "reason": "Spam"}

    reason = TextField(max_length=REASON_MAX, style={"base_template": "textarea.html", "rows": 2})

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        things = KINDS[data["content_type"]].objects.visible_to(self.context["request"].user)
        if not things.filter(id=data["object_id"]).exists():
            raise serializers.ValidationError({"object_id": ["Object does not exist"]})
        return data


class ReportSerializer(serializers.Serializer):
    """
    `{id, status}`.
    """

    id = serializers.IntegerField()
    status = serializers.ChoiceField(choices=ReportStatus.choices)

    example = {"id": 1, "status": "open"}

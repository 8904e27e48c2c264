"""
Shapes of reports.
"""

from typing import Any

from rest_framework import serializers

from moderation.constants import MAX_REASON_LENGTH, ReportStatus
from moderation.services import REPORTABLE_MODELS
from utils.api.fields import IdField, TextField

CONTENT_TYPE_CHOICES = [(content_type, content_type) for content_type in REPORTABLE_MODELS]


class ReportSerializerForCreate(serializers.Serializer):
    content_type = serializers.ChoiceField(choices=CONTENT_TYPE_CHOICES)
    object_id = IdField()
    example = {"content_type": "tweet", "object_id": 217665629068437, "reason": "Spam"}

    reason = TextField(max_length=MAX_REASON_LENGTH, style={"base_template": "textarea.html", "rows": 2})

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        targets = REPORTABLE_MODELS[data["content_type"]].objects.visible_to(self.context["request"].user)
        if not targets.filter(id=data["object_id"]).exists():
            raise serializers.ValidationError({"object_id": ["Object does not exist"]})
        return data


class ReportSerializer(serializers.Serializer):
    """
    `{id, status}`.
    """

    id = serializers.IntegerField()
    status = serializers.ChoiceField(choices=ReportStatus.choices)

    example = {"id": 1, "status": "open"}

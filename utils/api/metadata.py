"""
`OPTIONS`: what an address is for, and what its writes want.
"""

from typing import Any

from rest_framework.metadata import SimpleMetadata
from rest_framework.request import Request
from rest_framework.views import APIView


class InputMetadata(SimpleMetadata):
    """
    DRF's own, with the input fields that a viewset names by action.

    They are what the schema says, whoever asks: nothing is looked up, nothing is queried.
    """

    def determine_actions(self, request: Request, view: APIView) -> dict[str, dict[str, Any]]:
        """
        Return {method: {field: what it takes}} of the methods with input.
        """
        inputs = getattr(view, "serializers", {})
        actions = getattr(view, "action_map", {})
        return {
            method.upper(): self.get_serializer_info(inputs[action](context=view.get_serializer_context()))
            for method, action in actions.items()
            if method != "get" and action in inputs
        }

"""
`OPTIONS`: what an endpoint is for, and which input its writes take.
"""

from typing import Any

from rest_framework.metadata import SimpleMetadata
from rest_framework.request import Request
from rest_framework.views import APIView


class InputMetadata(SimpleMetadata):
    """
    DRF's metadata, with the input fields that a viewset names by action.

    They are the same for every caller, as in the schema: no object is looked up, and there is no query.
    """

    def determine_actions(self, request: Request, view: APIView) -> dict[str, dict[str, Any]]:
        """
        Return {method: {field: what it accepts}} of the methods with input.
        """
        inputs = getattr(view, "serializers", {})
        actions = getattr(view, "action_map", {})
        return {
            method.upper(): self.get_serializer_info(inputs[action](context={"request": request, "view": view}))
            for method, action in actions.items()
            if method != "get" and action in inputs
        }

"""
Permissions that several apps share.
"""

from typing import TYPE_CHECKING, Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:
    # DRF's views load the renderers of pages when they are loaded themselves, and those need this module.
    from rest_framework.views import APIView


class IsObjectOwner(BasePermission):
    """
    Only the owner of the object, whose id is its `user_id`.
    """

    message = "You do not have permission to access this object"

    # Any: a row of whatever the view serves.
    def has_object_permission(self, request: Request, view: "APIView", obj: Any) -> bool:
        return bool(obj.user_id == request.user.id)

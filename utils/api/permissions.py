"""
Who may: permissions that several apps share.
"""

from rest_framework.permissions import BasePermission


class IsObjectOwner(BasePermission):
    """
    Only the owner of the object; an object names its owner as `user_id`.
    """

    message = "You do not have permission to access this object"

    def has_object_permission(self, request, view, obj):
        return obj.user_id == request.user.id

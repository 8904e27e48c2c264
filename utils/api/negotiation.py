"""
Which format a client accepts.
"""

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request


class ContentNegotiation(DefaultContentNegotiation):
    """
    DRF's content negotiation, which also reads an empty `Accept` and `*`, as Java's URLConnection sends it, as `*/*`.
    """

    def get_accept_list(self, request: Request) -> list[str]:
        accepted = [media_range.strip() for media_range in request.META.get("HTTP_ACCEPT", "").split(",")]
        return [f"*/{part}" if part[:1] == "*" and "/" not in part else part for part in accepted if part] or ["*/*"]

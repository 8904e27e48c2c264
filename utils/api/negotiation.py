"""
What a client wants to be answered in.
"""

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request


class ContentNegotiation(DefaultContentNegotiation):
    """
    DRF's own, which also takes an empty `Accept` and `*`, as Java's URLConnection sends it, for `*/*`.
    """

    def get_accept_list(self, request: Request) -> list[str]:
        accepted = [media_range.strip() for media_range in request.META.get("HTTP_ACCEPT", "").split(",")]
        return [f"*/{part}" if part[:1] == "*" and "/" not in part else part for part in accepted if part] or ["*/*"]

"""
What concerns pages for people and not the API's JSON.
"""

from csp.middleware import CSPMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from rest_framework.exceptions import APIException

from utils.api.exception_handler import error_response
from utils.errors import ServiceError


class PageMiddleware(CSPMiddleware):
    """
    A content security policy for every page (settings.CONTENT_SECURITY_POLICY), and readable refusals for forms.

    JSON runs nowhere and goes through untouched. What a service or the login guard refuses outside
    DRF, such as in the admin, is answered as DRF would have answered it.
    """

    def __call__(self, request):
        response = self.get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            return self.process_response(request, response)
        return response

    def process_exception(self, request, exception):
        if isinstance(exception, (ServiceError, APIException)):
            return error_response(request, exception)
        return None


class PageMessagesMiddleware(MessageMiddleware):
    """
    Django's messages, parted again from requests that had nothing to do with them, which are nearly all.

    They and the request hold each other, so both would stay in memory until the garbage collector comes.
    """

    def process_response(self, request, response):
        response = super().process_response(request, response)
        messages = getattr(request, "_messages", None)
        if messages is not None and not messages.used and not messages.added_new:
            del request._messages
        return response

"""
The base of every view: the contract's order of checks.
"""

from django.utils.cache import get_conditional_response, set_response_etag
from rest_framework.viewsets import GenericViewSet

from utils.api.exceptions import MissingParameters
from utils.api.throttling import RateLimiter


def required_params(*names, source="data"):
    """
    Decorate an action whose request means nothing without `names`.

    All that are missing are named in one 400, before the rate limit and before any look-up.

    :param source: "data" for the body, "query_params" for the address.
    """

    def decorate(action):
        action.required_params = (names, source)
        return action

    return decorate


class APIViewSet(GenericViewSet):
    """
    Authentication, permission, method, missing parameters, rate limit; then the action looks up and validates.

    Attributes of a subclass:

    `rates`            {action: name in settings.RATES}; an action that is not in it is not limited.
    `permissions`      {action: permission classes}, others use `permission_classes`.
    `serializers`      {action: serializer class of the input}, for parsing, forms and the schema.
    """

    rates = {}
    permissions = {}
    serializers = {}
    lookup_value_regex = "[0-9]+"
    pagination_class = None

    def get_permissions(self):
        classes = self.permissions.get(self.action, self.permission_classes)
        return [permission() for permission in classes]

    def get_serializer_class(self):
        return self.serializers.get(self.action, self.serializer_class)

    def check_throttles(self, request):
        """
        Check what must come between the method and the first look-up; DRF calls this last of its checks.
        """
        handler = getattr(self, self.action or "", None)
        names, source = getattr(handler, "required_params", ((), "data"))
        given = getattr(request, source) if names else {}
        missing = [name for name in names if not hasattr(given, "get") or given.get(name) in (None, "")]
        if missing:
            raise MissingParameters(missing)
        if self.action in self.rates:
            self.rate_limiter = RateLimiter(request, self.rates[self.action])
            self.rate_limiter.check()

    def finalize_response(self, request, response, *args, **kwargs):
        response = super().finalize_response(request, response, *args, **kwargs)
        if limiter := getattr(self, "rate_limiter", None):
            for name, value in limiter.headers().items():
                response[name] = value
        if self.action == "retrieve" and response.status_code == 200:
            response.add_post_render_callback(self.answer_conditionally)
        return response

    def answer_conditionally(self, response):
        """
        Give a rendered retrieve its ETag, and 304 to a client that has this very answer.
        """
        set_response_etag(response)
        return get_conditional_response(self.request._request, etag=response["ETag"], response=response)

    def read(self, serializer_class=None, **kwargs):
        """
        Return the validated input of the running action.

        :raises ValidationError: with the serializer, so that a form can show its errors inline.
        """
        serializer = (serializer_class or self.get_serializer_class())(
            data=self.request.data, context=self.get_serializer_context(), **kwargs
        )
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

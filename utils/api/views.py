"""
The base of every view: the contract's order of checks.
"""

from collections.abc import Callable
from typing import Any

from django.utils.cache import get_conditional_response, set_response_etag
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from utils.api.conditional import etag_for
from utils.api.exceptions import MissingParameters
from utils.api.metadata import InputMetadata
from utils.api.pagination import is_first_page
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


class DependsOnWhoAsks:
    """
    Mixin of a DRF view: every answer says who may keep it.

    `cache_control`    by default the client alone, who asks again each time and mostly hears 304.
    """

    cache_control = "private, no-cache"

    @property
    def default_response_headers(self) -> dict[str, str]:
        return {**super().default_response_headers, "Cache-Control": self.cache_control}


class APIViewSet(DependsOnWhoAsks, GenericViewSet):
    """
    Authentication, permission, method, missing parameters, rate limit; then the action looks up and validates.

    Attributes of a subclass:

    `rates`            {action: name in settings.RATES}; an action that is not in it is not limited.
    `permissions`      {action: permission classes}, others use `permission_classes`.
    `serializers`      {action: serializer class of the input}, for parsing, forms and the schema.
    `answers`          {action: serializer class of the answer, or (status, that or None)}, for the schema.
    `uploads`          {action: Uploads}, the files that it takes; any other action takes none.
    `parameters`       {action: [OpenApiParameter]} of the address, for the schema.
    `lookups`          actions whose parameters of the address name what must be there, else 404, for the schema.
    `idempotent`       actions that honour Idempotency-Key, for the schema.
    `conditional`      actions whose answers have an ETag; of a list the first page has.
    """

    rates = {}
    permissions = {}
    serializers = {}
    answers = {}
    uploads = {}
    parameters = {}
    lookups = ()
    idempotent = ()
    conditional = {"retrieve", "list"}
    # Longer ones fit no database and are no id of ours (below 2^53): no route, so 404.
    lookup_value_regex = "[0-9]{1,18}"
    pagination_class = None
    metadata_class = InputMetadata

    def get_permissions(self):
        action = self.action or self.only_action()
        classes = self.permissions.get(action, self.permission_classes)
        return [permission() for permission in classes]

    def only_action(self):
        """
        Return what a wrong method on this address must have meant: permission comes before the method.
        """
        actions = set(self.action_map.values())
        return actions.pop() if len(actions) == 1 else None

    def perform_content_negotiation(self, request, force=False):
        """
        Return what DRF would; nothing needs to be parsed of what all programs send.
        """
        first, override = self.renderer_classes[0], self.settings.URL_FORMAT_OVERRIDE
        if request.META.get("HTTP_ACCEPT") == first.media_type and override not in request.query_params:
            return first(), first.media_type
        return super().perform_content_negotiation(request, force)

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
        for name, value in self.rate_headers().items():
            response[name] = value
        if self.has_etag() and response.status_code == 200 and "ETag" not in response:
            response.add_post_render_callback(self.answer_conditionally)
        if hasattr(response, "add_post_render_callback"):
            response.add_post_render_callback(self.let_go)
        return response

    def rate_headers(self):
        limiter = getattr(self, "rate_limiter", None)
        return limiter.headers() if limiter else {}

    def has_etag(self) -> bool:
        return self.action in self.conditional and is_first_page(self.request)

    def answer_unless_unchanged(self, state: Any, make: Callable[[], Response]) -> Response:
        """
        Return 304 to a client that has the answer made of `state`, before anything is rendered; else `make()`.

        :param state: as of `etag_for`. Whatever changes in the answer must change in the state.
        """
        etag = etag_for(self.request, state) if self.has_etag() else None
        if etag is None:
            return make()
        known = get_conditional_response(self.request._request, etag=etag)
        response = make() if known is None else Response(status=known.status_code)
        response["ETag"] = etag
        return response

    def answer_conditionally(self, response):
        """
        Give a rendered answer its ETag, and 304 to a client that has this very answer.
        """
        set_response_etag(response)
        answer = get_conditional_response(self.request._request, etag=response["ETag"], response=response)
        for name in self.rate_headers():
            answer[name] = response[name]
        return answer

    def let_go(self, response):
        """
        Part view, request and rendered answer, which DRF leaves holding each other.

        They would stay in memory until the garbage collector has found out, and a page is large.
        """
        self.response.renderer_context = self.request.parser_context = None
        # The viewset holds its own methods, too.
        vars(self).clear()

    def page_object(self):
        """
        Return what the address names, for a page to fill its forms in; None where it names nothing.

        :raises Http404, APIException: there is none, or the caller may not change it.
        """
        fetches = type(self).get_object is not GenericViewSet.get_object
        return self.get_object() if fetches and self.kwargs else None

    def read(self, serializer_class=None, *, data=None, **kwargs):
        """
        Return the validated input of the running action.

        :param data: what to validate, by default the body.
        :raises ValidationError: with the serializer, so that a form can show its errors inline.
        :raises UnexpectedFile: a file came under a name that the action does not know.
        """
        if self.action in self.uploads:
            self.uploads[self.action].check(self.request.FILES)
        serializer = (serializer_class or self.get_serializer_class())(
            data=self.request.data if data is None else data, context=self.get_serializer_context(), **kwargs
        )
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

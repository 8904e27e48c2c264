"""
The base class of every view, with the contract's order of checks.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, set_response_etag
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer
from rest_framework.permissions import BasePermission, OperandHolder, SingleOperandHolder
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, Serializer
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from utils.api.conditional import etag_for
from utils.api.exceptions import MissingParameters
from utils.api.metadata import InputMetadata
from utils.api.pagination import is_first_page
from utils.api.throttling import RateLimiter
from utils.api.unchanged import ReadAhead, read_ahead
from utils.bodies.uploads import Uploads
from utils.caching.redis.prefetching import prefetched

Action = TypeVar("Action", bound=Callable[..., Any])

ResponseSerializer = type[Serializer] | PolymorphicProxySerializer
# Permissions may be combined by operators.
PermissionClass = type[BasePermission] | OperandHolder | SingleOperandHolder


def required_params(*names: str, source: str = "data") -> Callable[[Action], Action]:
    """
    Decorate an action that needs the parameters `names`.

    One 400 names all that are missing, before the rate limit and before any look-up.

    :param source: "data" for the body, "query_params" for the query.
    """

    def decorate(action: Action) -> Action:
        action.required_params = (names, source)  # type: ignore[attr-defined]  # read by `check_throttles`
        return action

    return decorate


class DependsOnWhoAsks(APIView):
    """
    A view whose responses say in Cache-Control who may store them.

    `cache_control`    by default the client only, which revalidates each time and usually gets 304.
    """

    cache_control = "private, no-cache"

    @property
    def default_response_headers(self) -> dict[str, str]:
        return {**super().default_response_headers, "Cache-Control": self.cache_control}


class APIViewSet(DependsOnWhoAsks, GenericViewSet):
    """
    Checks authentication, permission, method, missing parameters, rate limit; then the action looks up and validates.

    Attributes of a subclass:

    `rates`            {action: name in settings.RATES}; actions that it lacks have no limit.
    `permissions`      {action: permission classes}, others use `permission_classes`.
    `serializers`      {action: serializer class of the input}, for parsing, forms and the schema.
    `responses`        {action: serializer class of the response, or (status, that or None)}, for the schema.
    `uploads`          {action: Uploads}, the files that it accepts; other actions accept none.
    `parameters`       {action: [OpenApiParameter]} of the query, for the schema; also serializers with such fields.
    `lookups`          actions that answer 404 if an object named by the query does not exist, for the schema.
    `idempotent`       actions that honour Idempotency-Key, for the schema.
    `conditional`      actions whose responses have an ETag; in a list only the first page has one.
    """

    rates: Mapping[str, str] = {}
    permissions: Mapping[str, Collection[PermissionClass]] = {}
    serializers: Mapping[str, type[Serializer]] = {}
    responses: Mapping[str, ResponseSerializer | tuple[int, ResponseSerializer | None]] = {}
    uploads: Mapping[str, Uploads] = {}
    parameters: Mapping[str, Collection[OpenApiParameter | type[Serializer]]] = {}
    lookups: Collection[str] = ()
    idempotent: Collection[str] = ()
    conditional: Collection[str] = {"retrieve", "list"}
    # Ids are below 2^53. A longer number is no id and overflows the database: it has no route, so it is 404.
    lookup_value_regex = "[0-9]{1,18}"
    pagination_class = None
    metadata_class = InputMetadata

    # Any: what the URL names.
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """
        Serve the request; what it will ask Redis several times is asked once, ahead.
        """
        ahead = self.read_ahead(request, **kwargs) if request.method == "GET" else None
        with prefetched(read_ahead(request, ahead)):
            return super().dispatch(request, *args, **kwargs)

    def read_ahead(self, request: HttpRequest, **kwargs: Any) -> ReadAhead | None:
        """
        Return a function that asks Redis for everything that the request will ask it, None to ask for each by itself.
        """
        return None

    # Any: DRF's permissions may be combined by operators, which are classes of their own.
    def get_permissions(self) -> list[Any]:
        classes = self.permissions.get(self.action or self.only_action() or "", self.permission_classes)
        return [permission() for permission in classes]

    def only_action(self) -> str | None:
        """
        Return the only action of this URL, None if it has several.

        A wrong method is checked against that action's permissions, because permission comes before the method.
        """
        actions = set(self.action_map.values())
        return actions.pop() if len(actions) == 1 else None

    # Any: None for actions without input, which DRF's type does not know.
    def get_serializer_class(self) -> Any:
        return self.serializers.get(self.action, self.serializer_class)

    def check_throttles(self, request: Request) -> None:
        """
        Check required parameters and the rate limit; DRF calls this as the last of its checks.
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

    # Any: DRF passes HttpResponses too, which its stubs do not know.
    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in self.rate_headers().items():
            response[name] = value
        if self.has_etag() and response.status_code == 200 and "ETag" not in response:
            response.add_post_render_callback(self.answer_conditionally)
        if hasattr(response, "add_post_render_callback"):
            response.add_post_render_callback(self.break_reference_cycles)
        return response

    def rate_headers(self) -> dict[str, str]:
        limiter: RateLimiter | None = getattr(self, "rate_limiter", None)
        return limiter.headers() if limiter else {}

    def has_etag(self) -> bool:
        return self.action in self.conditional and is_first_page(self.request)

    def answer_unless_unchanged(self, state: Any, make: Callable[[], Response]) -> Response:
        """
        Return 304 if the client has the response made of `state`, before anything is rendered; else `make()`.

        :param state: see `etag_for`. Whatever changes in the response must change in the state.
        """
        etag = etag_for(self.request, state) if self.has_etag() else None
        if etag is None:
            return make()
        known = get_conditional_response(self.request._request, etag=etag)
        response = make() if known is None else Response(status=known.status_code)
        response["ETag"] = etag
        return response

    def answer_conditionally(self, response: Response) -> HttpResponse:
        """
        Add an ETag to a rendered response; return 304 to a client that has this response already.
        """
        set_response_etag(response)
        # None only without a response; DRF's Response is a HttpResponse.
        conditional: HttpResponse = (
            get_conditional_response(self.request._request, etag=response["ETag"], response=response) or response
        )
        for name in self.rate_headers():
            conditional[name] = response[name]
        return conditional

    def break_reference_cycles(self, response: Response) -> None:
        """
        Separate view, request and rendered response, which DRF leaves referring to each other.

        They would stay in memory until the garbage collector runs, and a page is large.
        """
        # None, which DRF's types do not allow: neither is read again.
        self.response.renderer_context = self.request.parser_context = None  # type: ignore[assignment, attr-defined]
        # The viewset refers to its own methods, too.
        vars(self).clear()

    # Any: a row of whatever the view serves.
    def page_object(self) -> Any:
        """
        Return the object that the URL names, for the forms of a page; None if it names none.

        :raises Http404, APIException: there is none, or the caller may not change it.
        """
        fetches = type(self).get_object is not GenericViewSet.get_object
        return self.get_object() if fetches and self.kwargs else None

    # Any: input may be any JSON value, and is validated into whatever the serializer says.
    def read(self, serializer_class: type[BaseSerializer] | None = None, *, data: Any = None, **kwargs: Any) -> Any:
        """
        Return the validated input of the current action.

        :param data: what to validate, by default the body.
        :raises ValidationError: it refers to the serializer, so that a form can show its errors inline.
        :raises UnexpectedFile: a file was sent under a name that the action does not accept.
        """
        if self.action in self.uploads:
            self.uploads[self.action].check(self.request.FILES)
        serializer = (serializer_class or self.get_serializer_class())(
            data=self.request.data if data is None else data, context=self.get_serializer_context(), **kwargs
        )
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

"""
Every URL of the site.
"""

from django.contrib import admin
from django.contrib.auth.views import LoginView
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerSplitView

from accounts.api.views import AccountViewSet, AvatarFileView, LogoutPage, ProfileViewSet, UserViewSet
from comments.api.views import CommentViewSet
from friendships.api.views import FriendshipViewSet
from gatekeeper.api.views import FeatureViewSet
from inbox.api.views import NotificationViewSet
from likes.api.views import LikeViewSet
from moderation.api.views import ReportViewSet
from newsfeeds.api.views import NewsFeedViewSet
from tweets.api.views import PhotoFileView, TweetViewSet
from twitter.metrics import MetricsView
from utils.api.root import Router
from utils.api.schema_view import SchemaView
from utils.observability import probes

router = Router()
# The busiest first: patterns are tried in this order.
router.register("newsfeeds", NewsFeedViewSet, basename="newsfeeds")
router.register("tweets", TweetViewSet, basename="tweets")
router.register("accounts", AccountViewSet, basename="accounts")
router.register("features", FeatureViewSet, basename="features")
router.register("reports", ReportViewSet, basename="reports")
router.register("profiles", ProfileViewSet, basename="profiles")
router.register("users", UserViewSet, basename="users")
router.register("comments", CommentViewSet, basename="comments")
router.register("likes", LikeViewSet, basename="likes")
router.register("friendships", FriendshipViewSet, basename="friendships")
router.register("notifications", NotificationViewSet, basename="notifications")

# As rest_framework.urls, but with a rate limit on logout as well. Login is limited by the guard of passwords.
page_login_urls = [
    path("login/", LoginView.as_view(template_name="rest_framework/login.html"), name="login"),
    path("logout/", LogoutPage.as_view(), name="logout"),
]

# Their renderers can only render pages, and fail for other methods.
PAGE_METHODS = ["get", "head"]

urlpatterns = [
    path("api/", include(router.urls)),
    path("", RedirectView.as_view(pattern_name="api-root")),
    path("api/schema/", SchemaView.as_view(), name="schema"),
    path(
        "api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema", http_method_names=PAGE_METHODS), name="docs"
    ),
    path("api/redoc/", SpectacularRedocView.as_view(url_name="schema", http_method_names=PAGE_METHODS), name="redoc"),
    path("api-auth/", include((page_login_urls, "rest_framework"))),
    re_path(r"^media/(?P<key>avatars/[0-9a-f]{2}/[0-9a-f]{32}\.[a-z]{3,4})$", AvatarFileView.as_view(), name="avatar"),
    re_path(
        r"^media/(?P<key>(private/)?photos/(thumbnails/)?[0-9a-f]{2}/[0-9a-f]{32}\.[a-z]{3,4})$",
        PhotoFileView.as_view(),
        name="photo",
    ),
    # Passwords are changed by one guarded endpoint only.
    path("admin/password_change/", RedirectView.as_view(pattern_name="accounts-password"), name="admin-password"),
    path("admin/", admin.site.urls),
    path("livez", probes.livez, name="livez"),
    path("readyz", probes.readyz, name="readyz"),
    path("metrics", MetricsView.as_view(), name="metrics"),
]

admin.site.site_header = admin.site.site_title = "Pushfeed"
admin.site.index_title = "Moderation"

handler400 = "utils.api.exception_handler.bad_request"
handler403 = "utils.api.exception_handler.permission_denied"
handler404 = "utils.api.exception_handler.not_found"
handler500 = "utils.api.exception_handler.server_error"

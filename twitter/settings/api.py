"""
Django REST framework, request bodies, rate limits, OpenAPI.
"""

from twitter.settings.environment import VERSION, choice

# https://www.django-rest-framework.org/api-guide/settings/

REST_FRAMEWORK = {
    # Bearer first: DRF takes 401 or 403 from the first class, and a bad token is 401.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.BearerAuthentication",
        "accounts.api.authentication.AccountSessionAuthentication",
    ],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "utils.api.negotiation.ContentNegotiation",
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_RENDERER_CLASSES": ["utils.api.renderers.JSONRenderer", "twitter.pages.PageRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "utils.api.parsers.JSONParser",
        "utils.api.parsers.FormParser",
        # With FILE_UPLOAD_HANDLERS, which does the reading.
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_SCHEMA_CLASS": "utils.api.schema.ContractSchema",
    "EXCEPTION_HANDLER": "utils.api.exception_handler.handle_exception",
    "NUM_PROXIES": 0,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}


# ---------------------------------------------------------------- bodies
# https://docs.djangoproject.com/en/5.2/ref/settings/#data-upload-max-memory-size

# The limit for everything that is not a file: JSON and the texts of a form. The longest valid value, a nickname of 200
# code points, each written as an escape of twelve characters, has 3 KB.
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024
# The parts of a form, including files. A view says how many files its actions take (`uploads`).
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
FILE_UPLOAD_HANDLERS = ["utils.bodies.forms.FormUploadHandler"]


# ---------------------------------------------------------------- rate limits
# https://django-ratelimit.readthedocs.io/en/stable/rates.html
# If a name has several rates, all of them apply; put the one with the shortest period first.

RATES = {
    "accounts.signup": ["3/s"],
    "accounts.login": ["3/s"],
    # Counted for each account name, in all login forms together: the API, the browsable API, the admin.
    "accounts.login_name": ["10/m"],
    # For requests that ask a logged-in user for the password again: changing it, closing the account.
    "accounts.password": ["10/m"],
    "accounts.logout": ["3/s"],
    "accounts.login_status": ["3/s"],
    "tweets.create": ["1/s", "5/m"],
    "tweets.destroy": ["3/s"],
    "tweets.list": ["5/s"],
    "tweets.retrieve": ["5/s"],
    "friendships.follow": ["10/s"],
    "friendships.unfollow": ["10/s"],
    "friendships.followers": ["3/s"],
    "friendships.followings": ["3/s"],
    "profiles.update": ["3/s"],
    "users.search": ["5/s"],
    "schema": ["5/s"],
    "newsfeeds.list": ["5/s"],
    "newsfeeds.why": ["5/s"],
    "comments.create": ["3/s"],
    "comments.list": ["10/s"],
    "comments.update": ["3/s"],
    "comments.destroy": ["5/s"],
    "likes.create": ["10/s"],
    "likes.cancel": ["10/s"],
    "notifications.unread_count": ["3/s"],
    "notifications.mark_all_as_read": ["3/s"],
    "notifications.update": ["3/s"],
    "reports.create": ["3/s"],
}
# Counted by address even if the user is logged in.
RATES_BY_ADDRESS = {"accounts.signup", "accounts.login", "accounts.logout", "accounts.login_status"}
# Enforced even while the counter store is down: each process then counts for itself.
RATES_ALWAYS = {"accounts.login", "accounts.login_name", "accounts.password"}

RATE_LIMITS = choice("RATE_LIMITS", "on", "off")
RATELIMIT_ENABLE = RATE_LIMITS == "on"
RATELIMIT_USE_CACHE = "rates"
RATELIMIT_CACHE_PREFIX = "rate:"
# The home feed counts in a script (newsfeeds/cache.py), and SHA-1 is the only hash function in Redis' Lua.
RATELIMIT_HASH_ALGORITHM = "hashlib.sha1"
# While the counter store is down, only RATES_ALWAYS are enforced.
RATELIMIT_FAIL_OPEN = True


# ---------------------------------------------------------------- OpenAPI
# https://drf-spectacular.readthedocs.io/en/latest/settings.html

SPECTACULAR_SETTINGS = {
    "TITLE": "Twitter newsfeed API",
    "DESCRIPTION": "A high-concurrency newsfeed by the push model. Errors of every route share one body.",
    "VERSION": VERSION,
    "TAGS": [
        {"name": "accounts", "description": "Signing up, in and out; the password; closing the account."},
        {"name": "users", "description": "People, and finding them."},
        {"name": "profiles", "description": "What somebody shows of themselves: nickname and avatar."},
        {"name": "friendships", "description": "Who follows whom."},
        {"name": "tweets", "description": "Tweets with up to nine photos."},
        {"name": "newsfeeds", "description": "The home feed: own tweets, and those of the people one follows."},
        {"name": "comments", "description": "What people say on a tweet."},
        {"name": "likes", "description": "Likes of tweets and of comments."},
        {"name": "notifications", "description": "What others did that concerns the caller."},
        {"name": "reports", "description": "Telling moderators."},
        {"name": "features", "description": "What is switched on for the caller."},
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/",
    # OpenAPI 3.1 uses JSON Schema as it is, so that tests can validate responses against it.
    "OAS_VERSION": "3.1.0",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "utils.api.schema_inputs.long_integers",
    ],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "ErrorCode": "utils.api.shapes.error_codes",
        "NotificationVerb": "inbox.constants.VERBS",
        "ReportStatus": "moderation.constants.ReportStatus",
        "LikeableKind": "likes.api.serializers.content_type_choices",
        "ReportableKind": "moderation.api.serializers.CONTENT_TYPE_CHOICES",
    },
}

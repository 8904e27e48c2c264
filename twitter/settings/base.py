"""
Apps, middlewares, templates, language.
"""

from twitter.settings.environment import BASE_DIR

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "notifications",
    "twitter.apps.TwitterConfig",
    "utils.beat",
    "utils.bodies",
    "utils.database",
    "utils.pages",
    "utils.idempotency",
    "outbox",
    "stores",
    "gatekeeper",
    "accounts",
    "friendships",
    "likes",
    "tweets",
    "comments",
    "newsfeeds",
    "inbox",
    "moderation",
]

MIDDLEWARE = [
    "utils.observability.middleware.RequestIdMiddleware",
    "utils.observability.middleware.AccessMiddleware",
    "utils.database.middleware.OwnWritesMiddleware",
    # Before all that sets a header, because it repeats all headers.
    "utils.api.unchanged.UnchangedMiddleware",
    "utils.api.middleware.ForwardedProtoMiddleware",
    "utils.api.middleware.PermanentRedirectMiddleware",
    "utils.api.middleware.OriginMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "utils.api.middleware.SlashMiddleware",
    "utils.bodies.middleware.BodyMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.middleware.AccountMiddleware",
    "gatekeeper.middleware.VisitorMiddleware",
    "utils.api.middleware.PageMessagesMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "utils.api.middleware.PageMiddleware",
]

ROOT_URLCONF = "twitter.urls"
WSGI_APPLICATION = "twitter.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "twitter" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]


LANGUAGE_CODE = "en-us"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

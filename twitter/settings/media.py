"""
Static files; photos on disk or on an S3 server, and their review.
"""

from typing import Any

from twitter.settings.environment import DATA_DIR, choice, env

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
WHITENOISE_USE_FINDERS = True
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
MEDIA_ROOT = DATA_DIR / "media"
MEDIA_URL = "/media/"
# For a web server in front with an account of its own: it may open files whose names it knows, but not list folders.
FILE_UPLOAD_PERMISSIONS = 0o644
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o711
# The internal location of the web server in front that sends files itself, such as "/protected-media/".
# https://docs.nginx.com/nginx/admin-guide/web-server/ (X-Accel-Redirect)
MEDIA_X_ACCEL = env.str("MEDIA_X_ACCEL", "")

# Any S3-compatible server; without a bucket files are local.
# https://django-storages.readthedocs.io/en/latest/backends/amazon-S3.html
S3_BUCKET = env.str("S3_BUCKET", "")
MEDIA_ON_S3 = bool(S3_BUCKET)
# How long a signed address works: long enough to follow a redirect, and not much longer, because the photo may be
# hidden at any time.
S3_ADDRESS_SECONDS = 30
if MEDIA_ON_S3:
    # Only where requirements/stack.txt is installed.
    from botocore.config import Config

    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": env.str("S3_ENDPOINT_URL", "") or None,
            "region_name": env.str("S3_REGION", "us-east-1"),
            "access_key": env.str("S3_ACCESS_KEY", ""),
            "secret_key": env.str("S3_SECRET_KEY", ""),
            "default_acl": None,
            "file_overwrite": False,
            "querystring_expire": S3_ADDRESS_SECONDS,
            # The default, a minute for each of five attempts, is longer than a request may take.
            "client_config": Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2}),
        },
    }

# off    approved on upload
# post   public while pending, reviewed afterwards
# pre    strangers see approved photos only, the author sees own pending ones too
PHOTO_REVIEW = choice("PHOTO_REVIEW", "post", "off", "pre")

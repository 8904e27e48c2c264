"""
Errors to Sentry. Imported only where SENTRY_DSN is set (twitter/apps.py).

https://docs.sentry.io/platforms/python/configuration/options/
"""

import sentry_sdk
from django.conf import settings


def start() -> None:
    """
    Start sending logged errors: the traceback, never the user, the content of the request or the values of variables.
    """
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        release=settings.VERSION,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
    )

"""
What the web server and runserver load. In the embedded profile the task worker and the relay live here too.
"""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from utils.bodies.environ import bytes_to_receive

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twitter.settings")

application = get_wsgi_application()
# The web server asks, before it receives a body (deploy/web_channel.py).
application.bytes_to_receive = bytes_to_receive  # type: ignore[attr-defined]  # Django has no such thing

# Only now are the apps loaded, and the worker imports their models.
from twitter import embedded  # noqa: E402

if settings.EMBEDDED:
    embedded.start()

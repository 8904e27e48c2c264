"""
What the web server and runserver load. In the embedded profile the task worker and the relay run here too.
"""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from utils.bodies.environ import bytes_to_receive

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twitter.settings")

application = get_wsgi_application()
# The web server calls it before it receives a body (deploy/web_channel.py).
application.bytes_to_receive = bytes_to_receive  # type: ignore[attr-defined]  # an attribute of this project, for its web server

# Imported now that all apps are loaded, because the worker imports their models.
from twitter import embedded  # noqa: E402

if settings.EMBEDDED:
    embedded.start()

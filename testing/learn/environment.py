"""
Sets Django up for measurements: embedded, on a new database that is gone afterwards, handlers run in this process.

Import it before anything of the project.
"""

import atexit
import logging
import os
import tempfile

folder = tempfile.TemporaryDirectory(prefix="learn-")
atexit.register(folder.cleanup)
os.environ |= {"DJANGO_SETTINGS_MODULE": "twitter.settings", "PROFILE": "embedded", "DATA_DIR": folder.name}

import celery  # noqa: E402 (what follows reads the environment)
import django  # noqa: E402
from django.core.management import call_command  # noqa: E402

django.setup()
call_command("migrate", verbosity=0)
celery.current_app.conf.task_always_eager = True
logging.disable(logging.INFO)

"""
Every setting of both profiles, one module for each subject.

embedded   no server installed: SQLite, caches and the task worker live in the web process
stack      MariaDB, Redis, Memcached, RabbitMQ, HBase, with worker, relay and beat processes

The code is the same for both; this package is the only place that knows which profile runs. Reading it makes no folder
and no file (twitter/data_dir.py does, when a process starts).
"""

from twitter.settings.api import *
from twitter.settings.base import *
from twitter.settings.caches import *
from twitter.settings.databases import *
from twitter.settings.environment import *
from twitter.settings.media import *
from twitter.settings.observability import *
from twitter.settings.security import *
from twitter.settings.tasks import *

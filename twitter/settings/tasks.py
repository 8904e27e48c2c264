"""
Celery, RabbitMQ, beat, the outbox and the fan-out.
"""

from datetime import timedelta
from urllib.parse import urlsplit

import environ
from kombu.entity import Queue

from twitter.settings.caches import LIST_CACHE_SECONDS, MAX_CACHED_IDS
from twitter.settings.environment import EMBEDDED, choice, env, off_or_within, positive

# https://docs.celeryq.dev/en/stable/userguide/configuration.html


def split_broker_url(value: str) -> list[str]:
    """
    Return the addresses of the broker's nodes, which are separated by semicolons as Celery's own are.

    :raises ImproperlyConfigured: there is none, one has no host, or they differ in more than host and port, so that a
        process would find other queues, or closed doors, after it moved over. The message holds no password.
    """
    urls = [part.strip() for part in value.split(";") if part.strip()]
    if not urls:
        raise environ.ImproperlyConfigured("BROKER_URL names no node")
    parts = [urlsplit(url) for url in urls]
    if len(urls) > 1 and not all(part.scheme and part.hostname for part in parts):
        raise environ.ImproperlyConfigured("BROKER_URL is amqp://user:password@host:port/vhost, with ; between several")
    if len({(part.scheme, part.username, part.password, part.path) for part in parts}) > 1:
        raise environ.ImproperlyConfigured("BROKER_URL: its nodes differ in more than their hosts and ports")
    return urls


BROKER_URLS = split_broker_url(env.str("BROKER_URL", "memory://localhost/" if EMBEDDED else environ.Env.NOTSET))
BROKER_URL = ";".join(BROKER_URLS)
# On how many nodes of a RabbitMQ cluster each message is. 0: as many as the broker decides, which is three at most.
# A queue keeps what it was declared with, and refuses who declares another number.
BROKER_QUEUE_REPLICAS = env.int("BROKER_QUEUE_REPLICAS", 0)


def quorum_queue(name: str) -> Queue:
    """
    A queue that survives its broker, delivers a message again five times and then sets it aside in `<name>.dlq`.
    """
    arguments = replicated() | {
        "x-delivery-limit": 5,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": f"{name}.dlq",
    }
    return Queue(name, routing_key=name, queue_arguments=None if EMBEDDED else arguments)


def dead_letter_queue(name: str) -> Queue:
    return Queue(f"{name}.dlq", routing_key=f"{name}.dlq", queue_arguments=replicated())


def replicated() -> dict[str, str | int]:
    """
    Return the arguments of a queue that confirms a message once it is on the disks of most of its nodes.
    """
    size = {"x-quorum-initial-group-size": BROKER_QUEUE_REPLICAS} if BROKER_QUEUE_REPLICAS else {}
    return {"x-queue-type": "quorum", **size}


CELERY_BROKER_URL = BROKER_URL
CELERY_TASK_QUEUES = [quorum_queue("default"), quorum_queue("fanout")]
CELERY_DEAD_LETTER_QUEUES = [] if EMBEDDED else [dead_letter_queue("default"), dead_letter_queue("fanout")]
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
# A worker that dies in the middle of a task gives it back: every task is safe to run twice.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 45
CELERY_TASK_TIME_LIMIT = 60
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Otherwise anybody who can reach the broker could read a worker's settings, which contain passwords, and control it.
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_CONSUMER = "twitter.celery:Consumer"
# Only the relay publishes, and it would rather try again later than wait.
CELERY_BROKER_CONNECTION_TIMEOUT = 1.0
# A worker that has heard nothing for three times as many seconds takes another node. With one node there is no other.
CELERY_BROKER_HEARTBEAT = 5 if len(BROKER_URLS) > 1 else 120
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"polling_interval": 0.05}
    if EMBEDDED
    else {
        # Without confirms a publish to a frozen broker says OK and the message is gone.
        "confirm_publish": True,
        # One attempt for each node: a new connection begins with the first, which may be the one that is down.
        "max_retries": len(BROKER_URLS) - 1,
        "connect_retries_timeout": len(BROKER_URLS) * CELERY_BROKER_CONNECTION_TIMEOUT,
        "interval_start": 0,
        "interval_step": 0,
        "interval_max": 0,
        "read_timeout": 2,
        "write_timeout": 2,
    }
)
PURGE_EVERY = timedelta(minutes=10)
FEED_CHECK_EVERY = timedelta(minutes=10)
FEED_UPKEEP_EVERY = timedelta(days=1)
# How many feeds one check reads.
FEED_CHECK_SAMPLE = env.int("FEED_CHECK_SAMPLE", 100)
CELERY_BEAT_SCHEDULE = {
    # What is purged, and in which batches: twitter/purging.py.
    "purge-expired": {
        "task": "twitter.tasks.purge_expired",
        "schedule": PURGE_EVERY,
        # Otherwise a worker that was away for a day would find a hundred of these tasks.
        "options": {"expires": PURGE_EVERY.total_seconds()},
    },
    # Who is pulled and has lost followers, or another strategy: docs/feeds.md.
    "check-crossings": {
        "task": "newsfeeds.tasks.check_crossings",
        "schedule": FEED_CHECK_EVERY,
        "options": {"expires": FEED_CHECK_EVERY.total_seconds()},
    },
    # Who is idle, and what is beyond FEED_TRIM: docs/feeds.md.
    "look-after-feeds": {
        "task": "newsfeeds.tasks.begin_feed_upkeep",
        "schedule": FEED_UPKEEP_EVERY,
        "options": {"expires": FEED_UPKEEP_EVERY.total_seconds()},
    },
    # Compares a sample of the feeds with their definition: docs/feeds.md.
    "check-feeds": {
        "task": "newsfeeds.tasks.check_feeds",
        "schedule": FEED_CHECK_EVERY,
        "options": {"expires": FEED_CHECK_EVERY.total_seconds()},
    },
}
# Any number of beat processes may run; one of them leads.
CELERY_BEAT_SCHEDULER = "utils.beat.scheduler.LeasedScheduler"
# At least this often (in seconds) beat renews its lease (utils/beat/constants.py) and reports that it is alive.
CELERY_BEAT_MAX_LOOP_INTERVAL = 10
# A notification that was read is purged after this many days.
NOTIFICATION_DAYS = env.int("NOTIFICATION_DAYS", 90)

# The most events that one message to a worker carries.
OUTBOX_BATCH_SIZE = env.int("OUTBOX_BATCH_SIZE", 100)
# How many followers one fan-out batch serves: large enough that a row is cheap, small enough that a
# batch holds its locks for some ten milliseconds.
FAN_OUT_BATCH_SIZE = 1000
# How many of a followee's newest tweets a new follower finds in the feed.
BACKFILL_TWEETS = 100
# How feeds come about: docs/feeds.md, "Strategies". Workers write by theirs, web servers read by theirs.
FEED_STRATEGY = choice("FEED_STRATEGY", "push", "pull", "cached_pull", "hybrid_threshold", "hybrid_edge")
# With hybrid_threshold, of how many followers on tweets are pulled instead of pushed.
FEED_PULL_THRESHOLD = positive("FEED_PULL_THRESHOLD", 100_000)
# Of how many such authors one page merges the cached timelines; of somebody who follows more the database does.
FEED_MAX_PULLED_AUTHORS = positive("FEED_MAX_PULLED_AUTHORS", 50)
# After so long an author's tweets are no longer pushed: by then every reader pulls them (PULLED_SOURCES_SECONDS),
# even where the clocks of two machines differ by LATE_COMMIT.
FEED_CROSSING_SECONDS = 240
# With hybrid_edge, the cost of pulling one author for one page, in rows that could be delivered instead.
FEED_PULLS_PER_ROW = positive("FEED_PULLS_PER_ROW", 1.5)
# Who has not read for so many days is idle, and nothing is delivered to them until they return; 0: nobody is. That
# somebody reads is noted when their list is cached, and once a day: whoever has a list is never idle.
FEED_SKIP_IDLE_DAYS = off_or_within("FEED_SKIP_IDLE_DAYS", above=1 + LIST_CACHE_SECONDS // 86_400, below=100_000)
# So many of a feed's rows are kept, the newest; 0: all. Fewer than a list holds would fill it by pull.
FEED_TRIM = off_or_within("FEED_TRIM", above=MAX_CACHED_IDS)
# With hybrid_edge, how often each web process writes whose feeds were read how often.
FEED_READS_FLUSH_SECONDS = 60
# Cached timelines that Redis merges for one page, where feeds are pulled: some milliseconds for which everybody waits.
MAX_MERGED_FOLLOWEES = 1000

# Our table in the place of the library's, which has no unique key and 32-bit ids.
# https://github.com/django-notifications-community/django-notifications-community#abstractnotification-model
NOTIFICATIONS_NOTIFICATION_MODEL = "inbox.Notification"

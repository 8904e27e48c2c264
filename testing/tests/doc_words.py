"""
Words and whole spans in the documents that are not the project's own, each with where it comes from.
"""

OUTSIDE = frozenset(
    [
        # SQL and what MariaDB is asked for.
        *("CHECKSUM", "COMMITTED", "FOR", "LOCKED", "SKIP", "TRUNCATE", "UPDATE"),
        # Celery's arguments for a task: named where the project does without them, or sets them for all tasks.
        *("acks_late", "countdown", "delay", "reject_on_worker_lost"),
        # What Django and its REST framework offer, named where a chapter says why the project does without.
        *("force_authenticate", "prefetch_related", "user.tweet_set"),
        # HTTP and WSGI.
        *("Expect", "HttpOnly", "application/x-www-form-urlencoded", "wsgi.input_terminated"),
        # Programs of others, as they are typed, and what they print.
        *("celery inspect", "curl -N --limit-rate 1k", "RUNNING", "SENTRY_ENVIRONMENT", "TWEET_ID"),
        r"printf 'POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n{' | ncat 127.0.0.1 8000",
        # Redis' commands and answers that only operators meet, and the form of an address.
        *("CLUSTER FAILOVER", "FLUSHALL", "MOVED", "TAKEOVER", "WAIT 1", "redis-cli --cluster reshard"),
        "redis-cli --cluster call HOST:PORT FLUSHALL",
        *("redis+cluster://:password@host1:port,host2:port,…", "host1:port,host2:port,…"),
        # Error codes that Django REST framework brings.
        *("method_not_allowed", "parse_error"),
        # Put together while the program runs: the demo people, a pattern for commits.
        *("carol_demo", "area: Imperative sentence."),
    ]
)

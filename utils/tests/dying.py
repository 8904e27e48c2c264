"""
A process that dies in the middle of an idempotent request:

    python -m utils.tests.dying USER_ID KEY BODY_HASH before|after

It claims the key, posts a tweet and is gone before, or right after, the commit.
"""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twitter.settings")
django.setup()

from accounts.models import User  # noqa: E402
from newsfeeds.services import PostingService  # noqa: E402
from utils.database.transactions import retried_transaction  # noqa: E402
from utils.idempotency.services import IdempotencyService  # noqa: E402

CONTENT = "The last words of this process"


def post_and_die(author):
    PostingService.post_tweet(author=author, content=CONTENT)
    os._exit(9)


def main(user_id, key, body_hash, when):
    author = User.objects.get(id=user_id)
    claim = IdempotencyService.claim(user_id=author.id, route="tests.create", key=key, body_hash=body_hash)
    work = retried_transaction(post_and_die) if when == "before" else post_and_die
    IdempotencyService.carry_out(claim=claim, work=lambda: work(author))


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])

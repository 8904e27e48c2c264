"""
What the commands that move rows between the stores have in common.
"""

from argparse import ArgumentTypeError

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from friendships.moving import FriendshipsMove
from gatekeeper.moving import wait_until_both
from gatekeeper.services import PhaseService
from newsfeeds.moving import FeedsMove
from utils.errors import ServiceError
from utils.hbase.exceptions import HBaseUnavailable, TableMissing
from utils.hbase.moving import Patience
from utils.hbase.pool import timeout

MOVES = {move.table: move for move in (FeedsMove(), FriendshipsMove())}
# For each answer of HBase. A command would rather wait than fail.
TIMEOUT_MS = 5_000


class MoveCommand(BaseCommand):
    """
    A command about one table, while that is written to both stores; a subclass says in `work` what it does.
    """

    # What becomes of a run that ends before its time.
    when_stopped = None

    def add_arguments(self, parser):
        parser.add_argument("table", choices=MOVES)
        parser.add_argument(
            "--patience", type=positive, default=300, metavar="S", help="how long to wait while HBase is away (300 s)"
        )

    def handle(self, *, table, patience, **options):
        try:
            stay = wait_until_both(table)
            with timeout(TIMEOUT_MS):
                self.work(MOVES[table], stay, Patience(patience, self.stderr.write), **options)
        except HBaseUnavailable as error:
            raise CommandError(f"{error}; gave up after {patience} s. {self.when_stopped}") from error
        except TableMissing as error:
            raise CommandError(f"{error}: manage.py create_hbase_tables") from error
        except OperationalError as error:
            raise CommandError(f"The database did not answer: {error}. {self.when_stopped}") from error
        except ServiceError as error:
            raise CommandError(error.message) from error
        except KeyboardInterrupt as error:
            raise CommandError(f"Stopped. {self.when_stopped}") from error
        finally:
            PhaseService.leave()

    def work(self, move, stay, patience, **options):
        raise NotImplementedError


def positive(text):
    """
    Read a number of at least one.
    """
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"a number of at least 1, not {text!r}")
    return int(text)

"""
Brings to HBase what MySQL has.
"""

from tqdm import tqdm

from gatekeeper.moving import back_fill
from gatekeeper.services import PhaseService
from twitter.management.moving import MoveCommand, positive
from utils.hbase.moving import Throttle


class Command(MoveCommand):
    help = (
        "Copies the rows of a table from MySQL to HBase, while both are written to. Goes on where it was interrupted; "
        "safe under traffic, and again is no harm."
    )
    when_stopped = "What was copied is noted: the next run goes on from there."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("--rows-per-second", type=positive, metavar="N", help="no faster than this")
        parser.add_argument(
            "--batch", type=positive, default=1000, metavar="N", help="rows read and written at once (1000)"
        )
        parser.add_argument("--from-start", action="store_true", help="forget where an earlier run was interrupted")

    def work(self, move, stay, patience, *, rows_per_second, batch, from_start, **options):
        if from_start:
            PhaseService.note_backfill(move.table, None, finished=False)
        left = move.count_behind(PhaseService.get_backfill_cursor(move.table))
        with tqdm(total=left, desc=move.table, unit=" rows") as bar:
            throttle = Throttle(rows_per_second)
            for count in back_fill(move, stay, size=batch, patience=patience, throttle=throttle):
                bar.update(count)
        self.stdout.write(
            f"{move.table}: {bar.n} rows were copied to HBase. Next: manage.py compare_store {move.table}"
        )

"""
Holds what HBase has against what MySQL has.
"""

from django.core.management.base import CommandError
from tqdm import tqdm

from gatekeeper.moving import note_comparison
from twitter.management.moving import MoveCommand
from utils.hbase.comparing import DIFFERENT, EXTRA, MISSING, Comparison


class Command(MoveCommand):
    help = (
        "Counts the rows of HBase that are missing, extra or different by MySQL's, and repairs them if asked to. "
        "Safe under traffic. Exit code 1 while something differs."
    )
    when_stopped = "Nothing of this run is noted; run it again."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("--repair", action="store_true", help="put and delete in HBase until both agree")

    def work(self, move, stay, patience, *, repair, **options):
        left = [self.compare(copy, patience, repair) for copy in move.copies]
        note_comparison(stay, left)
        if any(left):
            raise CommandError(self.advice(move.table, repair))

    def compare(self, copy, patience, repair):
        """
        Report on one table of HBase; return a Counter of what still differs.
        """
        name = copy.model.table()
        with tqdm(total=2 * copy.count(), desc=name, unit=" rows") as bar:
            comparison = Comparison(copy, patience=patience, repair=repair, advance=bar.update)
            comparison.run()
        found = ", ".join(f"{comparison.found[kind]} {kind}" for kind in (MISSING, EXTRA, DIFFERENT))
        repaired = f"; {comparison.found.total() - comparison.left.total()} of them repaired" if repair else ""
        self.stdout.write(f"{name}: {found}{repaired}")
        return comparison.left

    def advice(self, table, repair):
        if repair:
            return "Some rows still differ: writes of a later version stand in HBase. Run it again in a moment."
        return f"The stores differ: manage.py compare_store {table} --repair"

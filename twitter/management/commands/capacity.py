"""
How many machines a number of people needs.
"""

from argparse import ArgumentDefaultsHelpFormatter
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from twitter.capacity import Activity, Costs, Sizes, estimate

RESULTS = Path(settings.BASE_DIR, "benchmarks", "results")
# The groups of processes whose CPU is counted, as the benchmark calls them.
GROUPS = ("web", "default", "fanout", "relay", "MariaDB", "Redis", "Memcached", "RabbitMQ")
GIGABYTE = 10**9


class Command(BaseCommand):
    help = "Prints how many processors, hosts and gigabytes a number of people takes, from the costs that make bench wrote."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = ArgumentDefaultsHelpFormatter
        parser.add_argument("--costs", type=Path, default=RESULTS / "latest.json", help="what make bench wrote")
        parser.add_argument(
            "--sizes", type=Path, default=RESULTS / "memory.json", help="what make bench BENCH=memory wrote"
        )
        for one in fields(Activity):
            option, kind = f"--{one.name.replace('_', '-')}", one.type if isinstance(one.type, type) else float
            if one.default is MISSING:
                parser.add_argument(option, type=int, required=True, help="people with an account")
            else:
                parser.add_argument(option, type=kind, default=one.default, help="see docs/scale.md")

    def handle(self, *, costs: Path, sizes: Path, **options: Any) -> None:
        activity = Activity(**{one.name: options[one.name] for one in fields(Activity)})
        if activity.users < 1 or not 0 < activity.utilisation <= 1 or activity.cores_per_host < 1:
            raise CommandError("There must be people, processors, and a utilisation above 0 and up to 1.")
        try:
            needed = estimate(activity, Costs.read(costs), Sizes.read(sizes))
        except OSError as error:
            raise CommandError(f"cannot read {error.filename}: run make bench first")
        except (KeyError, ValueError):
            raise CommandError(f"{costs} or {sizes} is not what a whole run of make bench writes")
        self.stdout.write(
            f"{activity.users:,} people, {activity.active_users:,.0f} of them in a day. In the busiest minute "
            f"{needed.requests_per_second:,.0f} requests and {needed.feed_rows_per_second:,.0f} feed rows a second.\n\n"
            f"| processes | cores in use | hosts of {activity.cores_per_host} cores |\n|---|---|---|"
        )
        for group in GROUPS:
            self.stdout.write(f"| {group} | {needed.cores.get(group, 0):,.2f} | {needed.hosts(group, activity):,} |")
        self.stdout.write("\n| kept | GB |\n|---|---|")
        for name, count in needed.disk_bytes_per_year.items():
            self.stdout.write(f"| {name} rows on disk, a year of them | {count / GIGABYTE:,.1f} |")
        for name, count in needed.memory_bytes.items():
            self.stdout.write(f"| {name}, in memory | {count / GIGABYTE:,.1f} |")
        self.stdout.write(f"\nThe first limit is {needed.first_limit(activity)}.")

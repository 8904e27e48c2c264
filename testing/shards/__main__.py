"""
Writes docs/reports/shards.md from what recorded runs of the tests have left in a folder: `make shards`.

    python -m testing.shards FOLDER
"""

import json
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from testing.shards.rules import RULES, Placement, Rule
from testing.shards.statements import Reach
from testing.tests.sources import ROOT

REPORT = ROOT / "docs/reports/shards.md"
MAX_SQL_LENGTH = 170
COLUMNS = re.compile(r"^SELECT (DISTINCT )?.*? FROM ")
SCATTERED = (Reach.ALL, Reach.JOIN)
EXTENTS = ("one", "two", "more", "all")
TITLE = """# Which shards the statements ask

Written by `make shards`. Nothing is sharded. Each statement that the tests made the product execute was parsed and sent
where a router of Vitess would send it by the rules below (`testing/shards/rules.py`), which it decides
before it has seen any row. What it means is in [scale.md](../scale.md#sharding-the-database). A statement is counted once for each function that sends it; how often
the tests sent it says nothing about people.
"""


@dataclass(frozen=True, slots=True)
class Recorded:
    """
    A statement of one function, added up over processes.
    """

    sql: str
    caller: str
    reach: Reach
    by: str
    needs_lookup: bool
    entrances: tuple[str, ...]


def main() -> None:
    files = [json.loads(path.read_text()) for path in sorted(Path(sys.argv[1]).glob("*.json"))]
    statements = list(merge(files))
    commits = " and ".join(sorted({file["commit"] for file in files}))
    own = {entry["sql"] for file in files for entry in file["statements"] if not entry["caller"]}
    unread = sorted({sql for file in files for sql in file["unread"]})
    profiles = " and ".join(sorted({file["profile"] for file in files}))
    parts = [
        TITLE,
        f"{time.strftime('%Y-%m-%d', time.gmtime())}, commit {commits}, {sum(file['tests'] for file in files)} tests of the profile {profiles}. "
        f"{len({one.sql for one in statements})} different statements of {len({one.caller for one in statements})} "
        f"functions; {len(own)} that only the tests themselves sent are left out. Not understood: {len(unread)}.\n",
        "## Where each table would live\n",
        *table(("table", "where", "found by", "why"), rule_rows()),
        "\n## How far statements reach\n",
        *table(("reach", "statements", "share", "of them after a lookup", "sent by"), reach_rows(statements)),
        "\n## Lookups that are asked first\n",
        *table(("column", "statements"), lookup_rows(statements)),
        "\n## Transactions\n",
        "How many transactions of the tests wrote to one shard, to two, to more, or had a statement that asks all of them. An\n"
        "event's row is where its act is. Those that only ever write to one shard are left out, and single statements.\n",
        *table(("verb", "tables", *EXTENTS), transaction_rows(files)),
        *(line for reach in SCATTERED for line in chapter(reach, statements)),
    ]
    REPORT.write_text("\n".join(parts) + "\n")
    sys.stdout.write(f"written to {REPORT.relative_to(ROOT)}\n")


def merge(files: Iterable[dict]) -> Iterator[Recorded]:
    """
    Yield each pair of statement and function once. Migrations are run by hand, and are left out.
    """
    found: dict[tuple[str, str], dict] = {}
    entrances: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for file in files:
        for entry in file["statements"]:
            if entry["caller"] and "/migrations/" not in entry["caller"]:
                found[entry["sql"], entry["caller"]] = entry
                entrances[entry["sql"], entry["caller"]].update(entry["entrances"])
    for key in sorted(found):
        entry = found[key]
        yield Recorded(*key, Reach(entry["reach"]), entry["by"], entry["lookup"], tuple(sorted(entrances[key])))


def table(header: tuple[str, ...], rows: Iterable[tuple]) -> list[str]:
    lines = [header, ("---",) * len(header), *rows]
    return [f"| {' | '.join(str(cell) for cell in line)} |" for line in lines]


def rule_rows() -> Iterator[tuple[str, ...]]:
    for name, rule in sorted(RULES.items(), key=lambda item: (list(Placement).index(item[1].placement), item[0])):
        yield f"`{name}`", where(rule), ", ".join(f"`{one.column}`" for one in rule.vindexes) or "–", rule.reason


def where(rule: Rule) -> str:
    if rule.placement != Placement.SHARDED:
        return rule.placement.value
    kind = f"with its {rule.primary.space}" if rule.primary.is_lookup else "by hash"
    return f"`{rule.primary.column}`, {kind}"


def reach_rows(statements: list[Recorded]) -> Iterator[tuple]:
    for reach in Reach:
        of_it = [one for one in statements if one.reach == reach]
        entrances = Counter(entrance for one in of_it for entrance in one.entrances)
        sent_by = ", ".join(f"{entrance} {count}" for entrance, count in entrances.most_common())
        lookups = sum(one.needs_lookup for one in of_it)
        yield reach.value, len(of_it), f"{100 * len(of_it) / max(1, len(statements)):.0f} %", lookups, sent_by or "–"


def lookup_rows(statements: list[Recorded]) -> Iterator[tuple]:
    counts = Counter(one.by for one in statements if one.needs_lookup)
    return ((f"`{column}`", count) for column, count in counts.most_common())


def transaction_rows(files: Iterable[dict]) -> Iterator[tuple]:
    counts: Counter[tuple[str, str, str]] = Counter()
    for file in files:
        for verb, tables, extent, count in file["transactions"]:
            counts[verb, tables, extent] += count
    for verb, tables in sorted({key[:2] for key in counts}):
        extents = [counts[verb, tables, extent] or "–" for extent in EXTENTS]
        if extents[1:] != ["–"] * 3 and "," in tables:
            yield f"`{verb}`", tables, *extents


def chapter(reach: Reach, statements: list[Recorded]) -> Iterator[str]:
    """
    Yield the statements of one reach, grouped by the function that sends them.
    """
    yield f"\n## Reach: {reach.value}\n"
    by_caller: defaultdict[str, list[Recorded]] = defaultdict(list)
    for one in statements:
        if one.reach == reach:
            by_caller[one.caller].append(one)
    for caller, those in by_caller.items():
        entrances = sorted({entrance for one in those for entrance in one.entrances})
        yield f"* `{caller}` ({', '.join(entrances)})"
        yield from (f"  * `{shorten(one.sql)}`" for one in those)


def shorten(sql: str) -> str:
    sql = COLUMNS.sub("SELECT … FROM ", sql)
    return sql if len(sql) <= MAX_SQL_LENGTH else f"{sql[:MAX_SQL_LENGTH]}…"


if __name__ == "__main__":
    main()

"""
Which shards a statement asks, decided from its SQL as a router decides it: before it has seen any row.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import sqlglot
from sqlglot import exp

from testing.shards.conditions import Column, Conditions, Key
from testing.shards.rules import RULES, Placement, Rule

NUMBER = re.compile(r"(?<![\w`'.])\d+\b")
LIST = re.compile(r"\((?:%s|N)(?:, ?(?:%s|N))*\)")
ROWS = re.compile(r"(\((?:…|%s|N|NULL|\([^()]*\))\))(?:, ?\1)+")
SAVEPOINTS = re.compile(r"^(SAVEPOINT|RELEASE|ROLLBACK|SET|SHOW|PRAGMA|BEGIN|COMMIT|EXPLAIN|ANALYZE)\b", re.IGNORECASE)


class Reach(StrEnum):
    """
    How many shards have to answer, cheapest first.
    """

    REFERENCE = "any shard: reference tables"
    UNSHARDED = "the unsharded keyspace"
    LOCAL = "the shard of its relay"
    ONE = "one shard"
    FEW = "those of a list of keys"
    ALL = "all shards"
    JOIN = "a join across shards"


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What a router makes of a statement.

    :ivar by: the column that routes it; empty if none does.
    :ivar needs_lookup: a lookup vindex is asked first.
    :ivar writes: the table that changes, None of a read.
    :ivar lacks_id: it inserts one row, whose id, by which the table is sharded, the database gives.
    :ivar keys: of a write, one entry for each row or condition: {space: the constant that routes it}.
    """

    reach: Reach
    by: str = ""
    needs_lookup: bool = False
    writes: str | None = None
    lacks_id: bool = False
    keys: tuple[tuple[tuple[str, Key], ...], ...] = ()


def normalise(sql: str) -> str:
    """
    Return the statement with its numbers, its quotes of names and the lengths of its lists left out.
    """
    sql = re.sub(r'[`"]', "", sql)
    sql = LIST.sub("(…)", NUMBER.sub("N", " ".join(sql.split())))
    return ROWS.sub(r"\1, …", sql)


@cache
def classify(sql: str, dialect: str = "mysql") -> Plan | None:
    """
    Return the plan of a statement with `%s` for its parameters; None if it touches no table of ours.

    :raises sqlglot.errors.ParseError: it is no SQL of this dialect.
    """
    if SAVEPOINTS.match(sql):
        return None
    numbers = iter(range(sql.count("%s")))
    text = re.sub("%s", lambda _: f":p{next(numbers)}", sql).replace("%%", "%")
    tree = sqlglot.parse_one(text, read=dialect)
    branches = [branch for branch in union_branches(tree) if tables_of(branch)]
    plans = [plan_of(branch) for branch in branches]
    # Members are in the order of their cost.
    return max(plans, key=lambda plan: list(Reach).index(plan.reach), default=None)


def union_branches(tree: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(tree, exp.SetOperation):
        yield from union_branches(tree.left)
        yield from union_branches(tree.right)
    elif isinstance(tree, exp.Subquery) and isinstance(tree.this, exp.SetOperation):
        yield from union_branches(tree.this)
    else:
        yield tree


def tables_of(tree: exp.Expr) -> dict[str, str]:
    """
    Return {alias: table} of the tables that have a rule.
    """
    return {table.alias_or_name: table.name for table in tree.find_all(exp.Table) if table.name in RULES}


def plan_of(tree: exp.Expr) -> Plan:
    conditions = Conditions(tree, tables_of(tree))
    target = written_table(tree)
    keys = tuple(conditions.keys_of_write(target)) if target else ()
    if isinstance(tree, exp.Insert) and target and gets_its_id(target, conditions):
        reach = Reach.ONE if len(keys) == 1 else Reach.FEW
        return Plan(reach, f"{target}.id", False, target, lacks_id=len(keys) == 1, keys=keys)
    reach, by, needs_lookup = route(conditions)
    return Plan(reach, by, needs_lookup, target, keys=keys)


def gets_its_id(table: str, conditions: Conditions) -> bool:
    """
    Say whether rows that are inserted are routed by an id that the database gives them.
    """
    rule = RULES[table]
    is_by_id = rule.placement == Placement.SHARDED and rule.primary.column == "id"
    return is_by_id and not conditions.count_keys((table, "id"))


def written_table(tree: exp.Expr) -> str | None:
    if not isinstance(tree, exp.Insert | exp.Update | exp.Delete):
        return None
    table = tree.this.find(exp.Table) if tree.this else None
    return table.name if table is not None and table.name in RULES else None


def route(conditions: Conditions) -> tuple[Reach, str, bool]:
    """
    Return (how far a statement reaches, the column that routes it, whether a lookup is asked first).
    """
    rules = {alias: RULES[table] for alias, table in conditions.aliases.items()}
    placements = {rule.placement for rule in rules.values()} - {Placement.REFERENCE}
    if len(placements) > 1:
        return Reach.JOIN, "", False
    if placements != {Placement.SHARDED}:
        alone = {Placement.UNSHARDED: Reach.UNSHARDED, Placement.LOCAL: Reach.LOCAL}
        return alone[placements.pop()] if placements else Reach.REFERENCE, "", False
    groups = colocated({alias: rule for alias, rule in rules.items() if rule.vindexes}, conditions)
    return fewest(groups[0], conditions) if len(groups) == 1 else (Reach.JOIN, "", False)


def colocated(sharded: dict[str, Rule], conditions: Conditions) -> list[list[str]]:
    """
    Return the groups of aliases whose joined rows are always in the same shard.
    """
    groups: list[tuple[set[tuple[str, Column]], list[str]]] = []
    for alias, rule in sharded.items():
        places = {(vindex.space, conditions.root((alias, vindex.column))) for vindex in rule.vindexes}
        names = [alias]
        for group in [group for group in groups if group[0] & places]:
            groups.remove(group)
            places, names = places | group[0], group[1] + names
        groups.append((places, names))
    return [names for _, names in groups]


def fewest(group: list[str], conditions: Conditions) -> tuple[Reach, str, bool]:
    """
    Return the route of tables that are together: by the vindex that finds the fewest shards, if possible no lookup.
    """
    found: list[tuple[bool, bool, str]] = []
    for alias in group:
        table = conditions.aliases[alias]
        for vindex in RULES[table].vindexes:
            if count := conditions.count_keys((alias, vindex.column)):
                found.append((count > 1, vindex.is_lookup, f"{table}.{vindex.column}"))
    if not found:
        return Reach.ALL, "", False
    is_list, needs_lookup, by = min(found)
    return Reach.FEW if is_list else Reach.ONE, by, needs_lookup

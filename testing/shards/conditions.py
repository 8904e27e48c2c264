"""
What the conditions of a statement say of its columns: which equal each other, and which equal constants.
"""

from collections.abc import Iterator, Mapping

from sqlglot import exp

from testing.shards.rules import RULES

Column = tuple[str, str]
# A constant: `p3` is the third parameter, counted from nought; all else is what stands in the SQL.
Key = str
Keys = dict[Column, list[Key]]


class Conditions:
    """
    The columns of one statement, unions excepted, with those of its subqueries.

    A subquery's condition counts as one of the whole: what is inside NOT EXISTS decides where it runs as well.
    """

    def __init__(self, tree: exp.Expr, aliases: Mapping[str, str]) -> None:
        self.aliases = aliases
        self._tree = tree
        self._parents: dict[Column, Column] = {}
        self._keys: Keys = {}
        for clause in tree.find_all(exp.Where, exp.Join):
            condition = clause.this if isinstance(clause, exp.Where) else clause.args.get("on")
            if condition is not None:
                self._unite_columns(condition)
                self._add(self._constants(condition))
        for derived in tree.find_all(exp.Subquery):
            self._unite_derived(derived)
        if isinstance(tree, exp.Insert):
            self._insert(tree)

    def root(self, column: Column) -> Column:
        """
        Return the column that stands for all that are equal to this one.
        """
        while column in self._parents:
            column = self._parents[column]
        return column

    def count_keys(self, column: Column) -> int:
        """
        Return how many constants the column may equal, 0 if it is not known.
        """
        equal = [len(keys) for other, keys in self._keys.items() if self.root(other) == self.root(column)]
        return min(equal, default=0)

    def keys_of_write(self, table: str) -> Iterator[tuple[tuple[str, Key], ...]]:
        """
        Yield, for each row that is inserted or key that is asked for, {space: constant} as pairs.
        """
        vindexes = RULES[table].vindexes
        found = [(vindex.space, keys) for vindex in vindexes if (keys := self._keys.get((table, vindex.column)))]
        rows = max((len(keys) for _, keys in found), default=0)
        for number in range(rows):
            yield tuple((space, keys[number]) for space, keys in found if len(keys) == rows)

    def _unite(self, one: Column | None, other: Column | None) -> None:
        if one and other and self.root(one) != self.root(other):
            self._parents[self.root(one)] = self.root(other)

    def _add(self, keys: Keys) -> None:
        for column, values in keys.items():
            if column not in self._keys or len(values) < len(self._keys[column]):
                self._keys[column] = values

    def _unite_columns(self, condition: exp.Expr) -> None:
        """
        Note the equalities between columns that always hold: those joined by AND.
        """
        condition = condition.unnest()
        if isinstance(condition, exp.And):
            self._unite_columns(condition.left)
            self._unite_columns(condition.right)
        elif isinstance(condition, exp.EQ):
            self._unite(self._column(condition.left), self._column(condition.right))
        elif isinstance(condition, exp.In) and (query := condition.args.get("query")) is not None:
            select = query.find(exp.Select)
            self._unite(self._column(condition.this), self._column(select.selects[0].unalias()) if select else None)

    def _constants(self, condition: exp.Expr) -> Keys:
        """
        Return {column: the constants that it may equal}; of OR, those that both sides name.
        """
        condition = condition.unnest()
        if isinstance(condition, exp.And):
            return {**self._constants(condition.left), **self._constants(condition.right)}
        if isinstance(condition, exp.Or):
            left, right = self._constants(condition.left), self._constants(condition.right)
            return {column: left[column] + right[column] for column in left.keys() & right.keys()}
        if isinstance(condition, exp.EQ):
            return self._equal(condition.left, [condition.right]) or self._equal(condition.right, [condition.left])
        if isinstance(condition, exp.In) and condition.expressions:
            return self._equal(condition.this, condition.expressions)
        return {}

    def _equal(self, left: exp.Expr, values: list[exp.Expr]) -> Keys:
        left = left.unnest()
        if isinstance(left, exp.Tuple):
            columns = zip(*(value.unnest().expressions for value in values))
            pairs = [self._equal(one, list(column)) for one, column in zip(left.expressions, columns)]
            return {column: keys for pair in pairs for column, keys in pair.items()}
        column, keys = self._column(left), [constant(value) for value in values]
        if column is None or None in keys:
            return {}
        return {column: [key for key in keys if key is not None]}

    def _unite_derived(self, derived: exp.Subquery) -> None:
        select = derived.this
        if derived.alias and isinstance(select, exp.Select):
            for projection in select.selects:
                self._unite((derived.alias, projection.alias_or_name), self._column(projection.unalias()))

    def _insert(self, insert: exp.Insert) -> None:
        if not isinstance(insert.this, exp.Schema):
            return
        table = insert.this.this.name
        columns = [(table, identifier.name) for identifier in insert.this.expressions]
        source = insert.expression
        if isinstance(source, exp.Values):
            rows = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in source.expressions]
            for column, values in zip(columns, zip(*rows)):
                keys = [constant(value) for value in values]
                if None not in keys:
                    self._keys[column] = [key for key in keys if key is not None]
        elif isinstance(source, exp.Select):
            for column, projection in zip(columns, source.selects):
                value = projection.unalias()
                self._unite(column, self._column(value))
                if (key := constant(value)) is not None:
                    self._keys[column] = [key]

    def _column(self, node: exp.Expr) -> Column | None:
        node = node.unnest()
        if not isinstance(node, exp.Column):
            return None
        if node.table:
            return node.table, node.name
        scope = node.find_ancestor(exp.Select, exp.Update, exp.Delete, exp.Insert)
        tables = [table.alias_or_name for table in scope.find_all(exp.Table)] if scope else []
        return (tables[0], node.name) if tables else None


def constant(node: exp.Expr) -> Key | None:
    """
    Return what stands for a constant, None of anything else.
    """
    node = node.unnest()
    if isinstance(node, exp.Placeholder):
        return str(node.this)
    if isinstance(node, exp.Cast | exp.Neg):
        return constant(node.this)
    return str(node.this) if isinstance(node, exp.Literal | exp.Boolean | exp.Null) else None

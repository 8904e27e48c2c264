"""
What a model's declaration says, checked once when its class is created.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from utils.hbase.exceptions import BadColumn, BadModel, BadRowKey, MissingColumn
from utils.hbase.fields import WIDTH, Field
from utils.hbase.keys import RowKey

KNOWN_OPTIONS = {"table_name", "row_key", "column_family", "regions"}

# A row's columns as HBase returns and takes them: {b"family:name": bytes}.
Cells = dict[bytes, bytes]


class Column(NamedTuple):
    """
    A field outside the key, and the name of its column in HBase: family, colon, name.
    """

    name: str
    field: Field
    qualified_name: bytes


class Options:
    """
    `Model._meta`: the table, the row key, the columns and how rows become bytes.

    HBase has no row without a cell. A row whose values are all in its key has an empty, nameless one.
    """

    def __init__(self, model: type) -> None:
        meta = vars(model).get("Meta")
        if meta is None:
            raise BadModel(f"{model.__name__} has no Meta")
        declared = {name: value for name, value in vars(meta).items() if not name.startswith("__")}
        if unknown := set(declared) - KNOWN_OPTIONS:
            raise BadModel(f"{model.__name__}.Meta has unknown options: {', '.join(sorted(unknown))}")
        if missing := {"table_name", "row_key"} - set(declared):
            raise BadModel(f"{model.__name__}.Meta lacks {', '.join(sorted(missing))}")

        self.model = model.__name__
        self.table_name: str = declared["table_name"]
        self.regions: int = declared.get("regions", 1)
        self.fields: dict[str, Field] = {name: value for name, value in vars(model).items() if isinstance(value, Field)}
        for name, field in self.fields.items():
            field.name = name
            # `version` is an argument of the methods; the others are the methods themselves, `key` and so on.
            if name == "version" or any(hasattr(base, name) for base in model.__bases__):
                raise BadModel(f"{self.model}: no field can be called {name!r}")
        self.key = RowKey(self._key_fields(declared["row_key"]))
        self.columns = self._columns()
        default_family = declared.get("column_family", "f")
        self.families = sorted({field.column_family or "" for _, field, _ in self.columns} or {default_family})
        self._marker: Cells = {} if self.columns else {f"{default_family}:".encode(): b""}

    def _key_fields(self, names: Any) -> list[Field]:
        if not isinstance(names, tuple) or not names or len(set(names)) != len(names):
            raise BadModel(f"{self.model}.Meta.row_key is a tuple of different field names, not {names!r}")
        for name in names:
            if name not in self.fields:
                raise BadModel(f"{self.model}.Meta.row_key names {name!r}, which is no field")
            if self.fields[name].column_family:
                raise BadModel(f"{self.model}.{name} is a part of the key: no column family")
        return [self.fields[name] for name in names]

    def _columns(self) -> list[Column]:
        columns = []
        for name, field in self.fields.items():
            if name in self.key.names:
                continue
            if not field.column_family:
                raise BadModel(f"{self.model}.{name} is neither a part of the key nor has it a column family")
            columns.append(Column(name, field, f"{field.column_family}:{name}".encode()))
        return columns

    def check_names(self, values: Mapping[str, object]) -> None:
        """
        :raises BadColumn: `values` names something that is no field.
        """
        if not values.keys() <= self.fields.keys():
            unknown = ", ".join(sorted(values.keys() - self.fields.keys()))
            raise BadColumn(f"{self.model} has no field {unknown}")

    def encode_key(self, values: Mapping[str, object]) -> bytes:
        """
        Return the row key for {name: value}, which may hold more than the key.

        :raises BadRowKey: a part is missing or invalid.
        """
        return self.key.encode([values.get(name) for name in self.key.names])

    def encode_only_key(self, values: Mapping[str, object]) -> bytes:
        """
        Return the row key for {name: value}, which must hold the key and nothing else.

        :raises BadRowKey: a part is missing or invalid, or something else is given.
        """
        if not values.keys() <= set(self.key.names):
            raise BadRowKey(f"a key of {self.model} is ({', '.join(self.key.names)}), not ({', '.join(values)})")
        return self.encode_key(values)

    def encode_cells(self, values: Mapping[str, object]) -> Cells:
        """
        Return {column: bytes} for {name: value}.

        :raises MissingColumn: a column has no value.
        :raises BadColumn: a value is of the wrong type or out of range.
        """
        if not self.columns:
            return self._marker
        cells = {}
        for name, field, qualified_name in self.columns:
            value = values.get(name)
            if value is None:
                raise MissingColumn(f"{self.model} needs a value for the column {name}")
            try:
                cells[qualified_name] = field.encode(value)
            except ValueError as error:
                raise BadColumn(f"{self.model}.{name} {error}") from error
        return cells

    def decode(self, key: bytes, cells: Cells) -> dict[str, int]:
        """
        Return {name: value} of a row as HBase holds it.

        :raises BadRowKey: the key is not one of this model's.
        :raises MissingColumn: the row lacks a column.
        :raises BadColumn: a column holds something other than the model says.
        """
        values = dict(zip(self.key.names, self.key.decode(key), strict=True))
        for name, field, qualified_name in self.columns:
            data = cells.get(qualified_name)
            if data is None:
                raise MissingColumn(f"a row of {self.model} lacks the column {name}: {values}")
            try:
                if len(data) != WIDTH:
                    raise ValueError(f"{len(data)} bytes")
                values[name] = field.decode(data)
            except ValueError as error:
                raise BadColumn(f"{self.model}.{name} cannot be read: {data[:50]!r}") from error
        return values

"""
What a model's declaration says, checked once when its class is made.
"""

from utils.hbase.exceptions import BadColumn, BadModel, BadRowKey, MissingColumn
from utils.hbase.fields import Field
from utils.hbase.keys import RowKey

KNOWN = {"table_name", "row_key", "column_family", "regions"}


class Options:
    """
    `Model._meta`: the table, the row key, the columns and how rows become bytes.

    A row whose key says everything still needs a cell to exist: an empty one without a name.
    """

    def __init__(self, model):
        meta = vars(model).get("Meta")
        if meta is None:
            raise BadModel(f"{model.__name__} has no Meta")
        declared = {name: value for name, value in vars(meta).items() if not name.startswith("__")}
        if unknown := set(declared) - KNOWN:
            raise BadModel(f"{model.__name__}.Meta has unknown options: {', '.join(sorted(unknown))}")
        if missing := {"table_name", "row_key"} - set(declared):
            raise BadModel(f"{model.__name__}.Meta lacks {', '.join(sorted(missing))}")

        self.model = model.__name__
        self.table_name = declared["table_name"]
        self.regions = declared.get("regions", 1)
        self.fields = {name: value for name, value in vars(model).items() if isinstance(value, Field)}
        for name, field in self.fields.items():
            field.name = name
            # `version` is an argument of the verbs; the others are the verbs themselves, `key` and so on.
            if name == "version" or any(hasattr(base, name) for base in model.__bases__):
                raise BadModel(f"{self.model}: no field can be called {name!r}")
        self.key = RowKey(self._key_fields(declared["row_key"]))
        self.columns = self._columns()
        if self.columns and all(field.null for _, field, _ in self.columns):
            raise BadModel(f"{self.model}: with every column empty a row would not exist; one must not be null")
        default_family = declared.get("column_family", "f")
        self.families = sorted({field.column_family for _, field, _ in self.columns} or {default_family})
        self._marker = {} if self.columns else {f"{default_family}:".encode(): b""}

    def _key_fields(self, names):
        if not isinstance(names, tuple) or not names or len(set(names)) != len(names):
            raise BadModel(f"{self.model}.Meta.row_key is a tuple of different field names, not {names!r}")
        for name in names:
            if name not in self.fields:
                raise BadModel(f"{self.model}.Meta.row_key names {name!r}, which is no field")
            if self.fields[name].column_family or self.fields[name].null:
                raise BadModel(f"{self.model}.{name} is a part of the key: no column family, never null")
        return [self.fields[name] for name in names]

    def _columns(self):
        columns = []
        for name, field in self.fields.items():
            if name in self.key.names:
                continue
            if not field.column_family:
                raise BadModel(f"{self.model}.{name} is neither a part of the key nor has it a column family")
            columns.append((name, field, f"{field.column_family}:{name}".encode()))
        return columns

    def check_names(self, values):
        """
        :raises BadColumn: `values` names something that is no field.
        """
        if not values.keys() <= self.fields.keys():
            unknown = ", ".join(sorted(values.keys() - self.fields.keys()))
            raise BadColumn(f"{self.model} has no field {unknown}")

    def encode_key(self, values):
        """
        Return the row key for {name: value}, which may hold more than the key.

        :raises BadRowKey: a part is missing or not right.
        """
        return self.key.encode([values.get(name) for name in self.key.names])

    def encode_only_key(self, values):
        """
        Return the row key for {name: value}, which holds the key and nothing else.

        :raises BadRowKey: a part is missing or not right, or something else is given.
        """
        if not values.keys() <= set(self.key.names):
            raise BadRowKey(f"a key of {self.model} is ({', '.join(self.key.names)}), not ({', '.join(values)})")
        return self.encode_key(values)

    def encode_cells(self, values):
        """
        Return {column: bytes, or None to remove it} for {name: value}.

        :raises MissingColumn: a column that may not be null has no value.
        :raises BadColumn: a value is of the wrong type or out of range.
        """
        if not self.columns:
            return self._marker
        cells = {}
        for name, field, column in self.columns:
            value = values.get(name)
            if value is None:
                if not field.null:
                    raise MissingColumn(f"{self.model} needs a value for the column {name}")
                cells[column] = None
            else:
                cells[column] = self.encode_column(name, value)
        return cells

    def encode_column(self, name, value):
        try:
            return self.fields[name].encode(value)
        except ValueError as error:
            raise BadColumn(f"{self.model}.{name} {error}") from error

    def decode(self, key, cells):
        """
        Return {name: value} of a row as HBase holds it.

        :raises BadRowKey: the key is not one of this model's.
        :raises MissingColumn: the row lacks a column that may not be null.
        :raises BadColumn: a column holds something else than the model says.
        """
        values = dict(zip(self.key.names, self.key.decode(key), strict=True))
        for name, field, column in self.columns:
            data = cells.get(column)
            if data is None:
                if not field.null:
                    raise MissingColumn(f"a row of {self.model} lacks the column {name}: {values}")
                values[name] = None
                continue
            try:
                if field.width is not None and len(data) != field.width:
                    raise ValueError(f"{len(data)} bytes")
                values[name] = field.decode(data)
            except (ValueError, OverflowError) as error:
                raise BadColumn(f"{self.model}.{name} cannot be read: {data[:50]!r}") from error
        return values

    def column(self, name):
        """
        Return the bytes by which HBase knows the column `name`.

        :raises BadColumn: it is no column.
        """
        for known, _, column in self.columns:
            if known == name:
                return column
        raise BadColumn(f"{self.model} has no column {name!r}")

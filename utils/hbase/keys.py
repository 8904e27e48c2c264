"""
Row keys: values to bytes and back, and the ranges of keys that a query asks for.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from utils.hbase.exceptions import BadRowKey
from utils.hbase.fields import WIDTH, Field

# The values of a row key, in the order of its fields.
Key = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeyRange:
    """
    The keys from `start` up to, not including, `stop`; a `stop` of None is the end of the table.
    """

    start: bytes
    stop: bytes | None

    @property
    def is_empty(self) -> bool:
        return self.stop is not None and self.start >= self.stop

    def after(self, key: bytes) -> "KeyRange":
        """
        Return the part of this range that follows `key`.
        """
        return KeyRange(max(self.start, key + b"\x00"), self.stop)


class RowKey:
    """
    The fields of a key in their order.
    """

    def __init__(self, fields: Sequence[Field]) -> None:
        self.fields = fields
        self.names = tuple(field.name for field in fields)

    def encode(self, values: Sequence[object]) -> bytes:
        """
        Return the bytes of a whole key.

        :param values: one value for each field, in order.
        :raises BadRowKey: a part is missing, of the wrong type or out of range.
        """
        if len(values) != len(self.fields):
            raise BadRowKey(f"a key has {len(self.fields)} parts ({', '.join(self.names)}), not {len(values)}")
        return self.encode_prefix(values)

    def encode_prefix(self, values: Sequence[object]) -> bytes:
        """
        Return the bytes that begin every key whose first parts are `values`.

        :raises BadRowKey: a part is missing, of the wrong type or out of range, or there are too many.
        """
        if len(values) > len(self.fields):
            raise BadRowKey(f"a key has {len(self.fields)} parts ({', '.join(self.names)}), not {len(values)}")
        parts = []
        for field, value in zip(self.fields, values, strict=False):
            try:
                parts.append(field.encode(value))
            except ValueError as error:
                if value is None:
                    raise BadRowKey(f"the key lacks {field.name}") from error
                raise BadRowKey(f"{field.name} {error}") from error
        return b"".join(parts)

    def decode(self, key: bytes) -> list[int]:
        """
        Return the values of a whole key.

        :raises BadRowKey: `key` was not made by `encode`.
        """
        try:
            if len(key) != len(self.fields) * WIDTH:
                raise ValueError("too short or too long")
            return [
                field.decode(key[number * WIDTH : (number + 1) * WIDTH]) for number, field in enumerate(self.fields)
            ]
        except ValueError as error:
            raise BadRowKey(f"not a key of ({', '.join(self.names)}): {key!r}") from error

    def range(self, prefix: Key, start: Key, stop: Key) -> KeyRange:
        """
        Return the `KeyRange` of keys that begin with `prefix`, from `start` up to, not including, `stop`.

        All three are tuples of leading values; `start` and `stop` begin where `prefix` ends.

        :raises BadRowKey: as in `encode`, or a range over a field whose rows are not in the order of its values.
        """
        for name, part in (("prefix", prefix), ("start", start), ("stop", stop)):
            if not isinstance(part, tuple):
                raise BadRowKey(f"{name} is a tuple of values, not {part!r}")
        if len(prefix) == len(self.fields) and (start or stop):
            raise BadRowKey("the prefix is a whole key already; there is nothing left for start or stop")
        for field in self.fields[len(prefix) : len(prefix) + max(len(start), len(stop))]:
            if not field.is_ordered:
                raise BadRowKey(f"rows are not in the order of {field.name}; name it in the prefix")
        base = self.encode_prefix(prefix)
        return KeyRange(
            self.encode_prefix(prefix + start) if start else base,
            self.encode_prefix(prefix + stop) if stop else successor(base),
        )


def successor(prefix: bytes) -> bytes | None:
    """
    Return the first key after all that begin with `prefix`, or None if no key can follow them.
    """
    trimmed = prefix.rstrip(b"\xff")
    return trimmed[:-1] + bytes([trimmed[-1] + 1]) if trimmed else None


def split_keys(regions: int) -> list[bytes]:
    """
    Return the keys that divide all keys into `regions` equal parts.
    """
    return [(number * 65_536 // regions).to_bytes(2, "big") for number in range(1, regions)]

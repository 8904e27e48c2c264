"""
Row keys: values to bytes and back, and the ranges of keys that a query asks for.
"""

from dataclasses import dataclass

from utils.hbase.exceptions import BadRowKey

# HBase keeps the length of a key in 16 bits, signed.
MAX_KEY_BYTES = 32_767


@dataclass(frozen=True, slots=True)
class KeyRange:
    """
    The keys from `start` up to, not including, `stop`; a `stop` of None is the table's end.
    """

    start: bytes
    stop: bytes | None

    @property
    def is_empty(self):
        return self.stop is not None and self.start >= self.stop

    def after(self, key):
        """
        Return the part behind `key`.
        """
        return KeyRange(max(self.start, key + b"\x00"), self.stop)

    def before(self, key):
        """
        Return the part in front of `key`.
        """
        return KeyRange(self.start, key if self.stop is None else min(self.stop, key))


class RowKey:
    """
    The fields of a key in their order.
    """

    def __init__(self, fields):
        self.fields = fields
        self.names = tuple(field.name for field in fields)

    def encode(self, values):
        """
        Return the bytes of a whole key.

        :param values: one value for each field, in order.
        :raises BadRowKey: a part is missing, of the wrong type, out of range, or the key is too long.
        """
        if len(values) != len(self.fields):
            raise BadRowKey(f"a key has {len(self.fields)} parts ({', '.join(self.names)}), not {len(values)}")
        return self._join(values)

    def encode_prefix(self, values):
        """
        Return the bytes with which every key begins whose first parts are `values`; none give no bytes.
        """
        if len(values) > len(self.fields):
            raise BadRowKey(f"a key has {len(self.fields)} parts ({', '.join(self.names)}), not {len(values)}")
        return self._join(values)

    def _join(self, values):
        parts = []
        last = self.fields[-1]
        for field, value in zip(self.fields, values, strict=False):
            try:
                parts.append(field.encode(value) if field is last else field.encode_inner(value))
            except ValueError as error:
                if value is None:
                    raise BadRowKey(f"the key lacks {field.name}") from error
                raise BadRowKey(f"{field.name} {error}") from error
            if value == "":
                raise BadRowKey(f"{field.name} is empty")
        key = b"".join(parts)
        if len(key) > MAX_KEY_BYTES:
            raise BadRowKey(f"the key has {len(key)} bytes; HBase takes {MAX_KEY_BYTES}")
        return key

    def decode(self, key):
        """
        Return the values of a whole key as a list.

        :raises BadRowKey: `key` was not made by `encode`.
        """
        values = []
        offset = 0
        try:
            for field in self.fields[:-1]:
                value, offset = field.decode_inner(key, offset)
                values.append(value)
            last = self.fields[-1]
            rest = key[offset:]
            if not rest or len(rest) != (last.width or len(rest)):
                raise ValueError("too short or too long")
            values.append(last.decode(rest))
        except (ValueError, OverflowError) as error:
            raise BadRowKey(f"not a key of ({', '.join(self.names)}): {key!r}") from error
        return values

    def range(self, prefix, start, stop):
        """
        Return the `KeyRange` of keys that begin with `prefix` and go on from `start` up to, not including, `stop`.

        All three are tuples of leading values; `start` and `stop` begin where `prefix` ends.

        :raises BadRowKey: as in `encode`, or a range over a field whose rows are not in the order of its values.
        """
        for name, part in (("prefix", prefix), ("start", start), ("stop", stop)):
            if not isinstance(part, tuple):
                raise BadRowKey(f"{name} is a tuple of values, not {part!r}")
        # The last part has no end of its own: as a prefix it would also match longer strings.
        whole = len(prefix) == len(self.fields)
        if whole and (start or stop):
            raise BadRowKey("the prefix is a whole key already; there is nothing left for start or stop")
        for field in self.fields[len(prefix) : len(prefix) + max(len(start), len(stop))]:
            if field.direction == 0:
                raise BadRowKey(f"rows are not in the order of {field.name}; name it in the prefix")
        base = self.encode_prefix(prefix)
        end = base + b"\x00" if whole else successor(base)
        return KeyRange(
            self.encode_prefix(prefix + start) if start else base, self.encode_prefix(prefix + stop) if stop else end
        )


def successor(prefix):
    """
    Return the first key behind all that begin with `prefix`, or None when nothing is behind them.
    """
    trimmed = prefix.rstrip(b"\xff")
    return trimmed[:-1] + bytes([trimmed[-1] + 1]) if trimmed else None


def predecessor(key):
    """
    Return a key below `key` with hardly any real key between the two, or None when nothing is below.

    For a reverse scan, whose end is exclusive: there is no greatest key below another.
    """
    if not key:
        return None
    if key[-1] == 0:
        return key[:-1] or None
    return key[:-1] + bytes([key[-1] - 1]) + b"\xff" * 64


def split_keys(regions):
    """
    Return the keys that cut all keys of a fixed-width first part into `regions` equal parts.
    """
    return [(number * 65_536 // regions).to_bytes(2, "big") for number in range(1, regions)]

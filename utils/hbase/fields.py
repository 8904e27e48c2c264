"""
Kinds of values and how each becomes bytes, in a row key or in a column.

HBase sorts rows by the bytes of their keys and knows no types, so the order of bytes has to be
the order of values. `ReversedIntegerField` is the exception, on purpose.
"""

from datetime import UTC, datetime, timedelta

MIN_INTEGER = -(2**63)
MAX_INTEGER = 2**63 - 1
UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

# In a string that is not the last part of a key, 00 is written 00 01 and 00 00 ends it: a shorter
# string then sorts before every longer one that begins with it, and the next part begins afresh.
ZERO, ESCAPED_ZERO, END = b"\x00", b"\x00\x01", b"\x00\x00"


class Field:
    """
    One value of a row: a part of its key when `Meta.row_key` names it, else a column.

    :param column_family: where a column is kept; a part of the key has none.
    :param null: the column may be None, and then is not stored. A part of the key never is.
    """

    # Bytes it takes in a key; None where that depends on the value.
    width = None
    # Whether rows of larger values come later (1), earlier (-1) or anywhere (0).
    direction = 1

    def __init__(self, *, column_family=None, null=False):
        self.column_family = column_family
        self.null = null
        self.name = None

    def encode(self, value):
        """
        Return `value` as bytes.

        :raises ValueError: wrong type or out of range; the message completes "<field name> …".
        """
        raise NotImplementedError

    def decode(self, data):
        """
        Return the value whose `encode` gave `data`.

        :raises ValueError: there is no such value.
        """
        raise NotImplementedError

    def encode_inner(self, value):
        """
        Return `value` as bytes that tell by themselves where they end, for a part of a key that is not the last.
        """
        return self.encode(value)

    def decode_inner(self, key, offset):
        """
        Return the value that begins at `offset` of `key`, and the offset behind it.
        """
        end = offset + self.width
        return self.decode(key[offset:end]), end


class IntegerField(Field):
    """
    A signed 64-bit integer in 8 bytes, negative ones first.
    """

    width = 8

    def encode(self, value):
        # The sign bit flipped (by adding 2^63): two's complement would sort negative numbers last.
        return (checked(value, MIN_INTEGER) - MIN_INTEGER).to_bytes(8, "big")

    def decode(self, data):
        return int.from_bytes(data, "big") + MIN_INTEGER


class DescendingIntegerField(Field):
    """
    A signed 64-bit integer in 8 bytes, largest first: 2^63-1-n.

    Newest first without a reverse scan, when the numbers are times or ids that grow.
    """

    width = 8
    direction = -1

    def encode(self, value):
        return (MAX_INTEGER - checked(value, MIN_INTEGER)).to_bytes(8, "big")

    def decode(self, data):
        return MAX_INTEGER - int.from_bytes(data, "big")


class ReversedIntegerField(Field):
    """
    An integer from 0 to 2^63-1 in 8 bytes, the lowest byte first.

    Ids that were given one after the other differ in their lowest byte, so their rows lie far
    apart and the newest users do not all meet in the last region. The price: no ranges over it.
    """

    width = 8
    direction = 0

    def encode(self, value):
        return checked(value, 0).to_bytes(8, "little")

    def decode(self, data):
        return checked(int.from_bytes(data, "little"), 0)


class TimestampField(IntegerField):
    """
    An aware datetime, kept in UTC as microseconds since 1970; exact from year 1 to 9999.
    """

    def encode(self, value):
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise ValueError(f"is an aware datetime, not {value!r}")
        return super().encode((value - UNIX_EPOCH) // MICROSECOND)

    def decode(self, data):
        return UNIX_EPOCH + timedelta(microseconds=super().decode(data))


class StringField(Field):
    """
    Text in UTF-8, whose byte order is the order of code points.

    In a key it may not be empty.
    """

    def encode(self, value):
        if not isinstance(value, str):
            raise ValueError(f"is a string, not {value!r}")
        try:
            return value.encode()
        except UnicodeEncodeError as error:
            raise ValueError(f"is not valid text: {error.reason}") from error

    def decode(self, data):
        return data.decode()

    def encode_inner(self, value):
        return self.encode(value).replace(ZERO, ESCAPED_ZERO) + END

    def decode_inner(self, key, offset):
        end = key.index(END, offset)
        escaped = key[offset:end]
        data = escaped.replace(ESCAPED_ZERO, ZERO)
        if not data or data.replace(ZERO, ESCAPED_ZERO) != escaped:
            raise ValueError(f"no string: {escaped!r}")
        return self.decode(data), end + len(END)


def checked(value, minimum):
    """
    Return `value` if it is an integer from `minimum` to 2^63-1.
    """
    # Not isinstance: a bool is an int, and a key made of True is a bug that nobody would find.
    if type(value) is not int:
        raise ValueError(f"is an integer, not {value!r}")
    if not minimum <= value <= MAX_INTEGER:
        raise ValueError(f"is out of range ({minimum} to 2^63-1): {value}")
    return value

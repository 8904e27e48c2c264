"""
Kinds of integers, and how each becomes eight bytes in a row key or a column.

HBase sorts rows by the bytes of their keys and knows no types, so the order of the bytes must be
the order of the values. `ReversedIntegerField` is a deliberate exception.
"""

from typing import TYPE_CHECKING, ClassVar, Self, overload

MIN_INTEGER = -(2**63)
MAX_INTEGER = 2**63 - 1
# Bytes that every value takes.
WIDTH = 8


class Field:
    """
    One value of a row: a part of its key if `Meta.row_key` names it, otherwise a column.

    :param column_family: where a column is stored; a part of the key has none.
    """

    # Whether rows lie in the order of the values, ascending or descending, so that a range makes sense.
    is_ordered: ClassVar[bool] = True

    def __init__(self, *, column_family: str | None = None) -> None:
        self.column_family = column_family
        self.name = ""

    if TYPE_CHECKING:
        # A row has its values in its `__dict__`, which Python reads before the fields of the class.
        @overload
        def __get__(self, row: None, model: type) -> Self: ...
        @overload
        def __get__(self, row: object, model: type) -> int: ...
        def __get__(self, row: object | None, model: type) -> Self | int: ...

    def encode(self, value: object) -> bytes:
        """
        Return `value` as eight bytes.

        :raises ValueError: wrong type or out of range; the message completes "<field name> …".
        """
        raise NotImplementedError

    def decode(self, data: bytes) -> int:
        """
        Return the value that `encode` turned into the eight bytes `data`.

        :raises ValueError: there is no such value.
        """
        raise NotImplementedError


class IntegerField(Field):
    """
    A signed 64-bit integer, negative ones first.
    """

    def encode(self, value: object) -> bytes:
        # Adding 2^63 flips the sign bit: two's complement would sort negative numbers last.
        return (checked(value, MIN_INTEGER) - MIN_INTEGER).to_bytes(WIDTH, "big")

    def decode(self, data: bytes) -> int:
        return int.from_bytes(data, "big") + MIN_INTEGER


class DescendingIntegerField(Field):
    """
    A signed 64-bit integer, largest first: stored as 2^63-1-n.

    When the numbers are times or ids that grow, a plain scan returns the newest first.
    """

    def encode(self, value: object) -> bytes:
        return (MAX_INTEGER - checked(value, MIN_INTEGER)).to_bytes(WIDTH, "big")

    def decode(self, data: bytes) -> int:
        return MAX_INTEGER - int.from_bytes(data, "big")


class ReversedIntegerField(Field):
    """
    An integer from 0 to 2^63-1, the lowest byte first.

    Consecutive ids differ in their lowest byte, so their rows lie far apart and the newest users
    do not all share the last region. The price is that there are no ranges over it.
    """

    is_ordered = False

    def encode(self, value: object) -> bytes:
        return checked(value, 0).to_bytes(WIDTH, "little")

    def decode(self, data: bytes) -> int:
        return checked(int.from_bytes(data, "little"), 0)


def checked(value: object, minimum: int) -> int:
    """
    Return `value` if it is an integer from `minimum` to 2^63-1.

    :raises ValueError: it is something else, or out of range.
    """
    # A bool is an int too, but a key built from True is a bug that nobody would find.
    if type(value) is not int:
        raise ValueError(f"is an integer, not {value!r}")
    if not minimum <= value <= MAX_INTEGER:
        raise ValueError(f"is out of range ({minimum} to 2^63-1): {value}")
    return value

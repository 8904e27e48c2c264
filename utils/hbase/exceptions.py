"""
What can go wrong between the project and HBase. Messages name the table.
"""

from utils.errors import StoreUnavailable


class HBaseUnavailable(StoreUnavailable):
    """
    HBase did not respond: refused, timed out, dropped, no free connection, not configured, or the breaker is open.

    A read may be tried again later. A write may or may not have happened; it is safe to repeat.
    """


class GatewayUnavailable(HBaseUnavailable):
    """
    One Thrift server did not respond, or is not asked for a moment. Another one may.
    """


class HBaseError(Exception):
    """
    HBase refused the call. Repeating it gives the same response.

    :param details: the server's own text with its Java stack, for the log and never for a client.
    """

    def __init__(self, message: str, *, details: str = "") -> None:
        self.details = details
        super().__init__(message)


class TableMissing(HBaseError):
    """
    The table does not exist: `create_table` has not been run, or the table prefix is a different one.
    """


class TableDisabled(HBaseError):
    """
    An operator has taken the table out of service.
    """


class FamilyMissing(HBaseError):
    """
    The table was created for an older model, without this column family.
    """


class BadModel(TypeError):
    """
    A model is declared wrongly. Raised when its class is created.
    """


class BadRowKey(ValueError):
    """
    A part of a row key is missing, of the wrong type or out of range.
    """


class BadColumn(ValueError):
    """
    A column's value is of the wrong type or out of range, or the row has no such field.
    """


class MissingColumn(ValueError):
    """
    A row lacks a column of its model.
    """


class NotATestTable(RuntimeError):
    """
    A table would have been created or dropped outside tests without `outside_tests=True`.
    """

"""
What can go wrong between the project and HBase, in words that name the table.
"""


class HBaseUnavailable(Exception):
    """
    No answer: refused, timed out, dropped, no free connection, not configured, or the breaker is open.

    A read may be tried again later. A write may or may not have happened; all writes but
    `compare_and_set` may be repeated.
    """


class HBaseError(Exception):
    """
    HBase answered that it will not do this. Asking again gives the same answer.

    :param details: the server's own text with its Java stack, for the log and never for a client.
    """

    def __init__(self, message, *, details=""):
        self.details = details
        super().__init__(message)


class TableMissing(HBaseError):
    """
    The table does not exist: `create_table` has not been run, or the table prefix is another one.
    """


class TableDisabled(HBaseError):
    """
    An operator has taken the table out of service.
    """


class FamilyMissing(HBaseError):
    """
    The table was made for an older model, without this column family.
    """


class HiddenByDelete(HBaseError):
    """
    `compare_and_set` met a row that was deleted; the value it wrote cannot be seen. Use `create` there.
    """


class BadModel(TypeError):
    """
    A model is declared wrongly; raised while its class is made.
    """


class BadRowKey(ValueError):
    """
    A part of a row key is missing, of the wrong type, out of range or too long.
    """


class BadColumn(ValueError):
    """
    A column's value is of the wrong type or out of range, or the row has no such field.
    """


class MissingColumn(ValueError):
    """
    A row lacks a column that its model does not allow to be empty.
    """


class NotATestTable(RuntimeError):
    """
    A table would have been made or dropped outside tests without saying so.
    """

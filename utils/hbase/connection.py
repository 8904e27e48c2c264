"""
One connection to HBase's Thrift server, and what its errors mean.

This file and `wire` are the only ones that know happybase and thriftpy2.
"""

import re

import happybase
import Hbase_thrift  # happybase makes this module from its IDL, so it comes second
from thriftpy2.protocol import TCyBinaryProtocol
from thriftpy2.thrift import TApplicationException, TClient, TException
from thriftpy2.transport import TCyBufferedTransport, TSocket, TTransportException

from utils.hbase.exceptions import FamilyMissing, HBaseError, HBaseUnavailable, TableDisabled, TableMissing

# What the server says in so many words. The connection is in order and may be used again.
SERVER_ERRORS = (Hbase_thrift.IOError, Hbase_thrift.IllegalArgument, Hbase_thrift.AlreadyExists)
# Everything else that a call may meet. `Hbase_thrift.IOError` is a TException too, so ask for it first.
NO_ANSWER = (OSError, TException)

# Java classes by which HBase says "not now": regions move, servers start or stop, queues are full.
PASSING = re.compile(
    r"NotServingRegion|PleaseHold|ServerNotRunningYet|RegionServerStopped|RegionServerAborted|RegionTooBusy|RegionOpening"
    r"|RegionMoved|CallQueueTooBig|CallTimeout|OperationTimeout|SocketTimeout|ConnectException|ConnectionClos"
    r"|FailedServer|MasterNotRunning|ServerTooBusy|RetriesExhausted|NoServerForRegion"
)


class Connection(happybase.Connection):
    """
    A connection with a connect and a read timeout, spoken by thriftpy2's C code.

    The C protocol takes about half the CPU of the Python one that happybase chooses.
    """

    def __init__(self, host, port, timeout_ms):
        self.timeout_ms = timeout_ms
        self.last_used = 0.0
        super().__init__(host, port, timeout=timeout_ms, autoconnect=False)

    def _refresh_thrift_client(self):
        self.socket = TSocket(self.host, self.port, socket_timeout=self.timeout)
        self.transport = TCyBufferedTransport(self.socket)
        self.client = TClient(Hbase_thrift.Hbase, TCyBinaryProtocol(self.transport, decode_response=False))

    def __del__(self):
        """
        Leave the socket alone. happybase would shut it down here, and in a forked process it is the parent's.
        """

    def set_timeout(self, timeout_ms):
        """
        Wait at most `timeout_ms` for each answer from now on. Costs a system call if it is another than before.
        """
        if timeout_ms != self.timeout_ms:
            self.socket.set_timeout(timeout_ms)
            self.timeout_ms = timeout_ms


def is_dropped(error):
    """
    Say whether the other side had closed the socket: it was idle too long, or the server was restarted.

    A connection that cannot be opened is not a dropped one: opening it again at once would not help.
    """
    if isinstance(error, TTransportException):
        return error.type == TTransportException.END_OF_FILE
    return isinstance(error, ConnectionError)


def no_answer(error, address, timeout_ms):
    """
    Return the exception to raise for a call that got no answer it could use.
    """
    if isinstance(error, TApplicationException):
        # The Thrift server answers its own bugs like this; it is alive, and would say the same again.
        return HBaseError(f"HBase at {address} could not make sense of a call", details=text_of(error))
    if isinstance(error, TimeoutError):
        return HBaseUnavailable(f"no answer from HBase at {address} within {timeout_ms} ms")
    return HBaseUnavailable(f"no answer from HBase at {address}: {text_of(error)}")


def server_error(error, table):
    """
    Return the exception to raise for what the server said about `table`.

    Its text carries a Java stack; that goes to `details`, and the message keeps to one line.
    """
    details = text_of(error)
    # Causes follow the first line, below Java frames whose names must not be read as causes.
    causes = "\n".join(line for line in details.splitlines() if not line.startswith("\tat "))
    first_line = details.partition("\n")[0]
    # A write tells of a missing table only by "Failed 3 actions: <table>: 3 times".
    if "TableNotFoundException" in causes or re.search(rf"Failed \d+ actions?: {re.escape(table)}: ", first_line):
        return TableMissing(f"HBase has no table {table!r}", details=details)
    if "TableNotEnabledException" in causes:
        return TableDisabled(f"the HBase table {table!r} is disabled", details=details)
    if match := re.search(r"NoSuchColumnFamilyException: Column family (\S+)", causes):
        return FamilyMissing(f"the HBase table {table!r} has no column family {match[1]!r}", details=details)
    if PASSING.search(causes) and "DoNotRetryIOException" not in causes:
        return HBaseUnavailable(f"the HBase table {table!r} cannot be served right now: {first_line[:200]}")
    return HBaseError(f"HBase refused a call on the table {table!r}: {first_line[:200]}", details=details)


def text_of(error):
    message = getattr(error, "message", None) or str(error)
    return message.decode(errors="replace") if isinstance(message, bytes) else message

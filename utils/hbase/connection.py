"""
One connection to HBase's Thrift server, and what its errors mean.

Only this file and `wire` know happybase and thriftpy2.
"""

import re

import happybase
import Hbase_thrift  # happybase creates this module from its IDL, so it comes second
from thriftpy2.protocol import TCyBinaryProtocol
from thriftpy2.thrift import TApplicationException, TClient, TException
from thriftpy2.transport import TCyBufferedTransport, TSocket, TTransportException

from utils.hbase.exceptions import (
    FamilyMissing,
    GatewayUnavailable,
    HBaseError,
    HBaseUnavailable,
    TableDisabled,
    TableMissing,
)

# The server responded with an error. The connection is intact and may be used again.
SERVER_ERRORS = (Hbase_thrift.IOError, Hbase_thrift.IllegalArgument, Hbase_thrift.AlreadyExists)
# Everything else that a call may raise. `Hbase_thrift.IOError` is a TException too, so check SERVER_ERRORS first.
CLIENT_ERRORS = (OSError, TException)

# Java exceptions that pass: regions move, servers start or stop, queues are full.
TRANSIENT_SERVER_ERRORS = re.compile(
    r"NotServingRegion|PleaseHold|ServerNotRunningYet|RegionServerStopped|RegionServerAborted|RegionTooBusy|RegionOpening"
    r"|RegionMoved|CallQueueTooBig|CallTimeout|OperationTimeout|SocketTimeout|ConnectException|ConnectionClos"
    r"|FailedServer|MasterNotRunning|ServerTooBusy|RetriesExhausted|NoServerForRegion"
)


class Connection(happybase.Connection):
    """
    A connection with a connect and a read timeout, using thriftpy2's C protocol.

    It takes about half the CPU of the Python one that happybase chooses.
    """

    def __init__(self, host: str, port: int, timeout_ms: int) -> None:
        self.timeout_ms = timeout_ms
        self.last_used = 0.0
        super().__init__(host, port, timeout=timeout_ms, autoconnect=False)

    def _refresh_thrift_client(self) -> None:
        self.socket = TSocket(self.host, self.port, socket_timeout=self.timeout)
        self.transport = TCyBufferedTransport(self.socket)
        self.client = TClient(Hbase_thrift.Hbase, TCyBinaryProtocol(self.transport, decode_response=False))

    def __del__(self) -> None:
        """
        Leave the socket open. happybase would shut it down here, and in a forked process it belongs to the parent.
        """

    def set_timeout(self, timeout_ms: int) -> None:
        """
        Wait at most `timeout_ms` for each response from now on. Costs a system call if the timeout changes.
        """
        if timeout_ms != self.timeout_ms:
            self.socket.set_timeout(timeout_ms)
            self.timeout_ms = timeout_ms


def is_dropped(error: Exception) -> bool:
    """
    Say whether the server had closed the socket: it was idle for too long, or the server was restarted.

    A connection that cannot be opened does not count: opening it again at once would not help.
    """
    if isinstance(error, TTransportException):
        return bool(error.type == TTransportException.END_OF_FILE)
    return isinstance(error, ConnectionError)


def translate_client_error(error: Exception, address: str, timeout_ms: int) -> GatewayUnavailable | HBaseError:
    """
    Return the exception to raise for a call that got no usable response.
    """
    if isinstance(error, TApplicationException):
        # The Thrift server responds to a malformed call like this. It is up and would say the same again.
        return HBaseError(f"HBase at {address} could not make sense of a call", details=get_text(error))
    if isinstance(error, TimeoutError):
        return GatewayUnavailable(f"no answer from HBase at {address} within {timeout_ms} ms")
    return GatewayUnavailable(f"no answer from HBase at {address}: {get_text(error)}")


def translate_server_error(error: Exception, table: str) -> HBaseUnavailable | HBaseError:
    """
    Return the exception to raise for an error that the server reported about `table`.

    Its text contains a Java stack. That goes to `details`; the message has one line.
    """
    details = get_text(error)
    # Causes follow the first line, between Java frames whose names must not be read as causes.
    causes = "\n".join(line for line in details.splitlines() if not line.startswith("\tat "))
    first_line = details.partition("\n")[0]
    # The only sign of a missing table in a write is "Failed 3 actions: <table>: 3 times".
    if "TableNotFoundException" in causes or re.search(rf"Failed \d+ actions?: {re.escape(table)}: ", first_line):
        return TableMissing(f"HBase has no table {table!r}", details=details)
    if "TableNotEnabledException" in causes:
        return TableDisabled(f"the HBase table {table!r} is disabled", details=details)
    if match := re.search(r"NoSuchColumnFamilyException: Column family (\S+)", causes):
        return FamilyMissing(f"the HBase table {table!r} has no column family {match[1]!r}", details=details)
    if TRANSIENT_SERVER_ERRORS.search(causes) and "DoNotRetryIOException" not in causes:
        return HBaseUnavailable(f"the HBase table {table!r} cannot be served right now: {first_line[:200]}")
    return HBaseError(f"HBase refused a call on the table {table!r}: {first_line[:200]}", details=details)


def get_text(error: Exception) -> str:
    message: str | bytes = getattr(error, "message", None) or str(error)
    return message.decode(errors="replace") if isinstance(message, bytes) else message

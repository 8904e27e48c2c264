"""
What the server's errors are taken for, without a server: lasting or passing, and in one line.
"""

import pytest

from utils.hbase.connection import SERVER_ERRORS, translate_server_error
from utils.hbase.exceptions import FamilyMissing, HBaseError, HBaseUnavailable, TableDisabled, TableMissing

ServerError = SERVER_ERRORS[0]
HBASE = "org.apache.hadoop.hbase."
STACK = "\n\tat org.apache.hadoop.hbase.client.RpcRetryingCallerImpl.callWithRetries(RpcRetryingCallerImpl.java:129)"
RETRIES = f"{HBASE}client.RetriesExhaustedWithDetailsException: Failed 3 actions: "

LASTING = [
    (TableMissing, f"{HBASE}TableNotFoundException: t"),
    (TableMissing, f"{RETRIES}t: 3 times, servers with issues: null"),
    (TableDisabled, f"{HBASE}TableNotEnabledException: t is disabled."),
    (
        FamilyMissing,
        f"{RETRIES}{HBASE}regionserver.NoSuchColumnFamilyException: Column family g does not exist in region",
    ),
    (HBaseError, f"{HBASE}DoNotRetryIOException: RetriesExhausted and will be again"),
    (HBaseError, "java.io.IOException: something else"),
]
TRANSIENT = [
    f"{RETRIES}NotServingRegionException: 3 times, servers with issues: localhost,22162,1",
    f"{HBASE}PleaseHoldException: Master is initializing",
    f"{HBASE}RegionTooBusyException: over memstore limit",
    f"{HBASE}client.RetriesExhaustedException: Failed after attempts=4\nCaused by: java.net.ConnectException: refused",
    f"java.io.InterruptedIOException: cut short{STACK}\nCaused by: {HBASE}CallQueueTooBigException: full",
]


def judged(message):
    return translate_server_error(ServerError(message=(message + STACK).encode()), "t")


class TestServerErrors:
    @pytest.mark.parametrize(("kind", "message"), LASTING)
    def test_what_lasts_is_an_error(self, kind, message):
        error = judged(message)

        assert type(error) is kind
        assert "'t'" in str(error)
        assert error.details.startswith(message)

    @pytest.mark.parametrize("message", TRANSIENT)
    def test_what_passes_is_an_outage(self, message):
        error = judged(message)

        assert type(error) is HBaseUnavailable
        assert "the HBase table 't' cannot be served right now" in str(error)

    @pytest.mark.parametrize("message", [message for _, message in LASTING] + TRANSIENT)
    def test_the_java_stack_is_not_in_the_message(self, message):
        assert "\n" not in str(judged(message))
        assert "\tat" not in str(judged(message))

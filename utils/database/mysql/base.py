"""
The database backend of MariaDB: `ENGINE = "utils.database.mysql"`.

A new connection waits until its server has executed all that the cluster has committed, where there is one (Galera).

Django turns autocommit off and on again instead of a BEGIN, and pings each connection
in each request: two round trips beside the statements. See docs/adr/0012-what-a-request-may-leave-out.md.
"""

import time
from typing import Any

from django.db.backends.mysql import base

# A connection that was pinged so recently is used without another ping: servers close idle connections.
TRUSTED_SECONDS = 1.0


class DatabaseWrapper(base.DatabaseWrapper):
    """
    Django's own, but that a transaction is BEGIN and COMMIT, and that a connection in use is looked at once a second.

    A server that was restarted within that second costs each connection one failed request; after
    any error the connection is looked at, as ever.
    """

    trusted_until = 0.0

    # `Any`: mysqlclient has no types.
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        # After a failover the next writer has received whatever the one before has confirmed, and may not have executed
        # it yet. Everything later is written through this server itself, so that once is enough. A server without a
        # cluster does not wait.
        connection.query("SET STATEMENT wsrep_sync_wait = 1 FOR SELECT 1")
        connection.store_result()
        return connection

    def is_usable(self) -> bool:
        if not self.errors_occurred and time.monotonic() < self.trusted_until:
            return True
        is_usable = super().is_usable()
        self.trusted_until = time.monotonic() + TRUSTED_SECONDS if is_usable else 0.0
        return is_usable

    def _start_transaction_under_autocommit(self) -> None:
        # Django's hook of its SQLite backend. Autocommit stays on, so there is nothing to turn on again after COMMIT.
        self.cursor().execute("BEGIN")

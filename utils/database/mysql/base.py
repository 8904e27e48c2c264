"""
The database backend of MariaDB: `ENGINE = "utils.database.mysql"`.

On a Galera cluster a new connection waits until its server has executed everything that the cluster has committed.

Instead of a BEGIN Django turns autocommit off and on again, and it pings each connection in each request. That is two
round trips more than the statements need. See docs/adr/0012-what-a-request-may-leave-out.md.
"""

import time
from typing import Any

from django.db.backends.mysql import base

# A connection that was pinged within this time is used without another ping. (Servers close idle connections.)
TRUSTED_SECONDS = 1.0


class DatabaseWrapper(base.DatabaseWrapper):
    """
    Django's own wrapper, but a transaction is BEGIN and COMMIT, and a connection is pinged once a second at most.

    If the server is restarted within that second, each connection costs one failed request. After
    an error the connection is pinged in any case, as in Django.
    """

    trusted_until = 0.0

    # `Any`: mysqlclient has no types.
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        # After a failover the new writer has received everything that the previous one confirmed, but may not have
        # executed it yet. Later writes go through this server itself, so waiting once is enough. A server without a
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
        # A hook of Django for its SQLite backend. Autocommit stays on, so nothing has to be restored after COMMIT.
        self.cursor().execute("BEGIN")

"""Sessions on the target's PostgreSQL: each dies with its holder, and the server ends one whose holder hangs."""

from __future__ import annotations

import os
from typing import Any, ClassVar

import psycopg
from pydantic import PrivateAttr

from entsurge.chaos.faults.fault import Fault, Lease
from entsurge.errors import EntsurgeError

NAME = "entsurge fault"


class PostgresFault(Fault):
    """A fault held by database sessions; `dsn_env` names the variable that has the connection string."""

    lease: ClassVar[Lease] = "session"
    dsn_env: str = "ENTSURGE_PG_DSN"
    _sessions: list[Any] = PrivateAttr(default_factory=list)

    def lacks(self) -> list[str]:
        """The connection string."""
        return [] if os.environ.get(self.dsn_env) else [f"{self.dsn_env} is not set: the database's connection string"]

    def session(self, lease_seconds: float) -> Any:
        """A new session that the server ends when it hears nothing for a lease. Raises EntsurgeError."""
        wait = round(lease_seconds * 1000)
        options = f"-c idle_session_timeout={wait} -c idle_in_transaction_session_timeout={wait}"
        try:
            one = psycopg.connect(
                os.environ.get(self.dsn_env, ""), autocommit=True, connect_timeout=5, application_name=NAME,
                options=options,
            )  # fmt: skip
        except psycopg.Error as error:
            raise EntsurgeError(f"PostgreSQL: {str(error).strip().splitlines()[0]}") from None
        self._sessions.append(one)
        return one

    def ask(self, one: Any, statement: Any) -> None:
        """Run a statement. Raises EntsurgeError."""
        try:
            one.execute(statement)
        except psycopg.Error as error:
            raise EntsurgeError(f"PostgreSQL: {str(error).strip().splitlines()[0]}") from None

    def renew(self) -> None:
        """Be heard on every session."""
        for one in self._sessions:
            self.ask(one, "SELECT 1")

    def end(self, before: dict[str, Any]) -> None:
        """Close every session."""
        del before
        for one in self._sessions:
            one.close()
        self._sessions.clear()

    def undo(self, before: dict[str, Any]) -> None:
        """Nothing: the sessions are gone."""

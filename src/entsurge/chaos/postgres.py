"""Sessions on the target's PostgreSQL: each dies with its holder, and the server ends one whose holder hangs."""

from __future__ import annotations

import os
import time
from typing import Any, ClassVar

from pydantic import PrivateAttr

from entsurge.chaos import lacking
from entsurge.chaos.faults.fault import Evidence, Fault, Lease
from entsurge.errors import EntsurgeError

NAME = "entsurge fault"
GONE_SECONDS = 3.0  # for the server to say that a session has ended


class PostgresFault(Fault):
    """A fault held by database sessions; `dsn_env` names the variable that has the connection string."""

    lease: ClassVar[Lease] = "session"
    evidence: ClassVar[Evidence | None] = "sessions"
    dsn_env: str = "ENTSURGE_PG_DSN"
    _sessions: list[Any] = PrivateAttr(default_factory=list)

    @classmethod
    def lacks_here(cls) -> list[str]:
        """The connection string, in the variable that is looked for unless another is named."""
        return lacking.psycopg() or _no_dsn(cls.model_fields["dsn_env"].default)

    def lacks(self) -> list[str]:
        """The connection string, in the variable that is named."""
        return lacking.psycopg() or _no_dsn(self.dsn_env)

    def refusals(self) -> list[str]:
        """Whether the server lets us in."""
        import psycopg  # the extra `faults` brings it

        try:
            psycopg.connect(os.environ.get(self.dsn_env, ""), connect_timeout=5, application_name=NAME).close()
        except psycopg.Error as error:
            return [f"PostgreSQL: {str(error).strip().splitlines()[0]}"]
        return []

    def session(self, lease_seconds: float) -> Any:
        """A new session that the server ends when it hears nothing for a lease. Raises EntsurgeError."""
        import psycopg

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
        import psycopg

        try:
            one.execute(statement)
        except psycopg.Error as error:
            raise EntsurgeError(f"PostgreSQL: {str(error).strip().splitlines()[0]}") from None

    def touched(self) -> int:
        """The sessions that are held: each was heard on at the last renewal."""
        return sum(not one.closed for one in self._sessions)

    def renew(self) -> None:
        """Be heard on every session."""
        for one in self._sessions:
            self.ask(one, "SELECT 1")

    def end(self, before: dict[str, Any]) -> None:
        """Close every session, and see that the server has ended them.

        Raises EntsurgeError when it does not say so: it ends each when it has heard nothing for a lease.
        """
        import psycopg

        del before
        numbers = [one.info.backend_pid for one in self._sessions if not one.closed]
        for one in self._sessions:
            one.close()
        self._sessions.clear()
        limit, why = time.monotonic() + GONE_SECONDS, ""
        while numbers:
            try:
                numbers, why = self._living(numbers), ""
            except psycopg.Error as error:
                why = f": {str(error).strip().splitlines()[0]}"
            if numbers and time.monotonic() > limit:
                raise EntsurgeError(f"PostgreSQL does not say that {len(numbers)} sessions have ended{why}")
            time.sleep(0.02)

    def _living(self, numbers: list[int]) -> list[int]:
        """Which of our sessions the server still has. Raises psycopg.Error when it cannot be asked."""
        import psycopg

        dsn = os.environ.get(self.dsn_env, "")
        with psycopg.connect(dsn, autocommit=True, connect_timeout=2) as one:
            found = one.execute(
                "SELECT pid FROM pg_stat_activity WHERE pid = ANY(%s) AND application_name = %s", (numbers, NAME)
            )
            return [row[0] for row in found]

    def undo(self, before: dict[str, Any]) -> None:
        """Nothing: the sessions are gone."""


def _no_dsn(variable: str) -> list[str]:
    return [] if os.environ.get(variable) else [f"{variable} is not set: the database's connection string (dsn_env)"]

"""A table of PostgreSQL's is locked: whoever reads or writes it waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from entsurge.chaos.postgres import PostgresFault

if TYPE_CHECKING:
    from psycopg import sql

LOCK_SECONDS = 10  # for getting the lock among the application's own


class PostgresLock(PostgresFault):
    """Hold an exclusive lock on `table` (name or schema.name)."""

    kind: ClassVar[str] = "postgres-lock"
    table: str

    def apply(self, lease_seconds: float) -> None:
        """Lock it in a transaction that stays open."""
        one = self.session(lease_seconds)
        self.ask(one, f"SET lock_timeout = '{LOCK_SECONDS}s'")
        self.ask(one, "BEGIN")
        self.ask(one, lock(self.table))


def lock(table: str) -> sql.Composed:
    """The statement that locks a table so that not even a reader gets through."""
    from psycopg import sql  # the extra `faults` brings it

    return sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.Identifier(*table.split(".")))

"""The sandbox's database: SQLite, asked in the event loop, or PostgreSQL, asked from threads.

`run` gives a piece of work one connection and one transaction. In SQLite that takes microseconds, so the
loop waits for it; in PostgreSQL as many threads as the pool has connections wait in its stead.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import URL, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import StaticPool

from entsandbox.state.store.schema import METADATA
from entsurge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sqlalchemy import Connection, Engine, Table

T = TypeVar("T")

SQLITE_IN_MEMORY = "sqlite://"
SCHEMA = "entsandbox"
_OURS = 0x454E5442  # SQLite's application_id of a sandbox's file
_SECONDS_FOR_A_STATEMENT = 30
_SECONDS_FOR_A_CONNECTION = 5
_HINT = "sqlite:///sandbox.db or postgresql://user@127.0.0.1:5432/name"


class Unavailable(Exception):  # what the database is, not what went wrong
    """The database does not answer, or broke off."""


class Database:
    """One database of a sandbox; `pool` bounds how many threads ask PostgreSQL at once."""

    def __init__(self, url: str = SQLITE_IN_MEMORY, *, pool: int = 10) -> None:
        self._url = _checked(url)
        self.shared = self._url.get_backend_name() == "postgresql"
        self.engine = _postgresql(self._url, pool) if self.shared else _sqlite(self._url)
        self._threads = ThreadPoolExecutor(pool, "database") if self.shared else None
        self._lock = threading.Lock()
        self.busy = 0
        self.waiting = 0

    def rebuild(self) -> None:
        """Drop what a sandbox left here and make empty tables; nothing that is not a sandbox's is touched.

        Raises UsageError when the file is another program's or the database cannot be reached.
        """
        try:
            if self.shared:
                with self.engine.begin() as connection:
                    connection.execute(text(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"))
                    connection.execute(text(f"CREATE SCHEMA {SCHEMA}"))
            else:
                self._own_file()
                METADATA.drop_all(self.engine)
            METADATA.create_all(self.engine)
        except DBAPIError as error:
            raise UsageError(f"database {self._url!r}: {_first_line(error)}", hint=_HINT) from None

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection whose work is kept as a whole or not at all. Raises Unavailable."""
        try:
            with self.engine.connect() as connection:
                if self.shared:
                    with connection.begin():
                        yield connection
                else:
                    with _sqlite_transaction(connection):
                        yield connection
        except (DBAPIError, PoolTimeout) as error:
            raise Unavailable(_first_line(error)) from error

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Do some work in a transaction of its own; its result. Raises Unavailable."""
        if self._threads is None:
            with self.transaction() as connection:
                return work(connection)
        with self._lock:
            self.waiting += 1
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._in_thread, work)

    def bulk(self, table: Table, rows: Iterable[Sequence[Any]]) -> None:
        """Write many rows, each with every column in the table's order, the fastest way there is."""
        columns = ", ".join(f'"{column.name}"' for column in table.columns)
        raw = self.engine.raw_connection()
        try:
            cursor: Any = raw.cursor()
            if self.shared:
                with cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as copy:
                    for row in rows:
                        copy.write_row(row)
                if "id" in table.columns:
                    cursor.execute(
                        f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), "  # noqa: S608  our own names
                        f'(SELECT coalesce(max(id), 1) FROM "{table.name}"))'
                    )
            else:
                marks = ", ".join("?" * len(table.columns))
                cursor.execute("BEGIN")
                cursor.executemany(f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks})', rows)  # noqa: S608  our own names
                cursor.execute("COMMIT")
            raw.commit()
            cursor.close()
        finally:
            raw.close()

    def close(self) -> None:
        """Let go of every connection."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
        self.engine.dispose()

    def _in_thread(self, work: Callable[[Connection], T]) -> T:
        with self._lock:
            self.waiting -= 1
            self.busy += 1
        try:
            with self.transaction() as connection:
                return work(connection)
        finally:
            with self._lock:
                self.busy -= 1

    def _own_file(self) -> None:
        """Mark a SQLite file as a sandbox's; refuse one that is somebody else's."""
        with self.engine.connect() as connection:
            empty = not connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()
            mark = connection.exec_driver_sql("PRAGMA application_id").scalar()
            if not empty and mark != _OURS:
                raise UsageError(
                    f"{self._url.database}: a database, but not a sandbox's: it is left alone", hint="name a new file"
                )
            connection.exec_driver_sql(f"PRAGMA application_id = {_OURS}")


def _checked(url: str) -> URL:
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise UsageError(f"no such database: {url.rsplit('@', maxsplit=1)[-1]!r}", hint=_HINT) from None
    if backend not in ("sqlite", "postgresql"):
        raise UsageError(f"no such database: {backend}", hint=_HINT)
    if backend == "sqlite" and parsed.database and not Path(parsed.database).absolute().parent.is_dir():
        raise UsageError(f"{parsed.database}: its folder does not exist")
    return parsed.set(drivername="postgresql+psycopg") if backend == "postgresql" else parsed


def _sqlite(url: URL) -> Engine:
    """One connection for the one thread of the loop; a sandbox is rebuilt after a crash, so nothing is synced."""
    engine = create_engine(
        url, poolclass=StaticPool, connect_args={"check_same_thread": False}, isolation_level="AUTOCOMMIT"
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")

    return engine


def _postgresql(url: URL, pool: int) -> Engine:
    options = f"-csearch_path={SCHEMA} -cstatement_timeout={_SECONDS_FOR_A_STATEMENT}s"
    return create_engine(
        url,
        pool_size=pool,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={"options": options, "connect_timeout": _SECONDS_FOR_A_CONNECTION},
    )


@contextmanager
def _sqlite_transaction(connection: Connection) -> Iterator[None]:
    raw: Any = connection.connection.driver_connection
    raw.execute("BEGIN")
    try:
        yield
    except BaseException:
        raw.execute("ROLLBACK")
        raise
    raw.execute("COMMIT")


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().split("\n")[0]

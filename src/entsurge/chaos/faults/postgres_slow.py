"""Statements on a table of PostgreSQL's are slow: it is locked for a moment, again and again."""

import threading
from typing import Annotated, Any, ClassVar

from pydantic import Field, PrivateAttr

from entsurge.chaos.faults.postgres_lock import lock
from entsurge.chaos.postgres import PostgresFault
from entsurge.errors import EntsurgeError


class PostgresSlow(PostgresFault):
    """`table` is locked for `locked_seconds`, then free for `free_seconds`: a statement waits for the moment's rest."""

    kind: ClassVar[str] = "postgres-slow"
    table: str
    locked_seconds: Annotated[float, Field(gt=0, le=60)]
    free_seconds: Annotated[float, Field(gt=0, le=60)] = 0.02
    _over: threading.Event = PrivateAttr(default_factory=threading.Event)
    _wrong: list[str] = PrivateAttr(default_factory=list)
    _rhythm: Any = PrivateAttr(None)
    _locked: int = PrivateAttr(0)

    def apply(self, lease_seconds: float) -> None:
        """Begin the rhythm; the session's own moments of work renew its lease."""
        one = self.session(max(lease_seconds, 2 * self.locked_seconds))
        self.ask(one, f"SET lock_timeout = '{max(1.0, self.locked_seconds):g}s'")
        self.ask(one, f"SET statement_timeout = '{2 * self.locked_seconds + 2:g}s'")
        self._rhythm = threading.Thread(target=self._beat, args=(one,), daemon=True)
        self._rhythm.start()

    def renew(self) -> None:
        """Say what went wrong with the rhythm, if anything did."""
        if self._wrong:
            raise EntsurgeError(self._wrong.pop())

    def touched(self) -> int:
        """Its session, once it has had the lock."""
        return min(1, self._locked)

    def end(self, before: dict[str, Any]) -> None:
        """End the rhythm, then the session."""
        self._over.set()
        if self._rhythm is not None:
            self._rhythm.join(2 * self.locked_seconds + 2)
        super().end(before)

    def _beat(self, one: Any) -> None:
        while not self._over.is_set():
            try:
                with one.transaction():
                    one.execute(lock(self.table))
                    self._locked += 1
                    self._over.wait(self.locked_seconds)
            except Exception as error:
                self._wrong.append(f"PostgreSQL: {error}")
                if one.closed:
                    return
            self._over.wait(self.free_seconds)

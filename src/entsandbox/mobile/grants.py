"""What people have granted to apps: codes, access tokens and refresh tokens, all of one sign-on in one family.

A token is random and kept as its SHA-256, so that the database's contents open nothing. A code is good once; a
refresh token is replaced at each use, the old one staying good for a short while, since an app on a phone may ask
twice at once. Either used again after that looks stolen, and ends its whole family (RFC 9700, 4.14).
"""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sqlalchemy import bindparam, delete, insert, select, update

from entsandbox.state.store.schema import MOBILE_TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Row

Kind = Literal["code", "access", "refresh"]

CODE_SECONDS = 60.0
REFRESH_SECONDS = 30 * 86_400.0
OVERLAP_SECONDS = 30.0
_PREFIXES: dict[str, str] = {"code": "OC", "access": "AT", "refresh": "RT"}
_SWEEP_EVERY = 500

_TOKEN = MOBILE_TOKEN.c
_FIND = select(MOBILE_TOKEN).where(
    _TOKEN.digest == bindparam("asked"), _TOKEN.kind == bindparam("of"), _TOKEN.until > bindparam("now")
)
_USE = (
    update(MOBILE_TOKEN)
    .where(_TOKEN.digest == bindparam("asked"), _TOKEN.used_at.is_(None))
    .values(used_at=bindparam("now"))
)
_END = delete(MOBILE_TOKEN).where(_TOKEN.family == bindparam("of"))
_MOVE = update(MOBILE_TOKEN).where(_TOKEN.family == bindparam("of")).values(session=bindparam("to"))
_SWEEP = delete(MOBILE_TOKEN).where(_TOKEN.until <= bindparam("now"))
_KEEP = insert(MOBILE_TOKEN)


@dataclass(frozen=True, slots=True)
class Grant:
    """What one sign-on let one app do; `session` is the sign-on's own token."""

    family: str
    client: str
    login: str
    scope: str
    session: str
    redirect_uri: str = ""
    challenge: str = ""
    nonce: str = ""
    signed_on_at: float = 0.0

    def __repr__(self) -> str:
        """Leave the session out: a representation ends in logs."""
        return f"Grant({self.login} to {self.client[:20]}: {self.scope})"


class Grants:
    """All tokens; every method works within one transaction of the database."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._issued = 0

    def issue(self, connection: Connection, kind: Kind, grant: Grant, seconds: float) -> str:
        """A new token of a grant, good for so long."""
        self._issued += 1
        now = self._clock()
        if self._issued % _SWEEP_EVERY == 0:
            connection.execute(_SWEEP, {"now": now})
        token = f"{_PREFIXES[kind]}-{secrets.token_urlsafe(32)}"
        row = {name: getattr(grant, name) for name in Grant.__slots__}
        connection.execute(
            _KEEP, {"digest": _digest(token), "kind": kind, "until": now + seconds, "used_at": None, **row}
        )
        return token

    def find(self, connection: Connection, kind: Kind, token: str) -> Grant | None:
        """The grant of a token that is still good; it stays so."""
        row = self._row(connection, kind, token)
        return _grant(row) if row is not None else None

    def take(self, connection: Connection, kind: Kind, token: str, overlap_seconds: float = 0.0) -> Grant | None:
        """The grant of a token that is used up by this; used up before (an overlap aside), its family ends with it."""
        row = self._row(connection, kind, token)
        if row is None:
            return None
        now = self._clock()
        first = connection.execute(_USE, {"asked": row.digest, "now": now}).rowcount == 1
        used_at: float = now if first or row.used_at is None else row.used_at
        if first or now - used_at < overlap_seconds:
            return _grant(row)
        self.end(connection, row.family)
        return None

    def move(self, connection: Connection, family: str, session: str) -> None:
        """Let every token of a family stand on another sign-on."""
        connection.execute(_MOVE, {"of": family, "to": session})

    def end(self, connection: Connection, family: str) -> None:
        """End every token of a sign-on at an app."""
        connection.execute(_END, {"of": family})

    def _row(self, connection: Connection, kind: Kind, token: str) -> Row[tuple[object, ...]] | None:
        return connection.execute(_FIND, {"asked": _digest(token), "of": kind, "now": self._clock()}).first()


def new_family() -> str:
    """A name for the tokens of one sign-on at one app."""
    return secrets.token_urlsafe(12)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _grant(row: Row[tuple[object, ...]]) -> Grant:
    return Grant(**{name: getattr(row, name) for name in Grant.__slots__})

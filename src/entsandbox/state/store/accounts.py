"""Accounts and their passwords, hashed.

Initial passwords are sixty random bits, so seeding hashes them at scrypt's lowest cost (a second for 50,000);
the first sign-on hashes each anew at the cost asked for, as services do that raise their cost.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select, update

from entsandbox.state.store.schema import ACCOUNT

if TYPE_CHECKING:
    from sqlalchemy import Connection

SEEDING_COST = 1
_NOBODY = b"nobody's account"  # hashed too: a login that does not exist takes as long as one that does

_ONE = select(ACCOUNT.c.salt, ACCOUNT.c.hash, ACCOUNT.c.cost).where(ACCOUNT.c.login == bindparam("name"))
_RENEWED = select(ACCOUNT.c.renewed).where(ACCOUNT.c.login == bindparam("name"))
_RAISE = update(ACCOUNT).where(ACCOUNT.c.login == bindparam("name"))


def hashed(password: str, salt: bytes, cost: int) -> bytes:
    """A password's scrypt hash; each step of `cost` doubles the time and the memory."""
    return hashlib.scrypt(password.encode(), salt=salt, n=1 << cost, r=8, p=1, dklen=32)


def row(login: str, password: str, salt: bytes) -> tuple[str, bytes, bytes, int, bool]:
    """An account as seeding writes it."""
    return login, salt, hashed(password, salt, SEEDING_COST), SEEDING_COST, False


def verify(db: Connection, login: str, password: str, cost: int) -> bool:
    """Whether it is the account's password; the right one is hashed anew when its hash is not of this cost."""
    found = db.execute(_ONE, {"name": login}).first()
    if found is None:
        hashed(password, _NOBODY, cost)
        return False
    if not secrets.compare_digest(hashed(password, found.salt, found.cost), found.hash):
        if found.cost < cost:
            hashed(password, _NOBODY, cost)
        return False
    if found.cost != cost:
        salt = secrets.token_bytes(16)
        db.execute(_RAISE, {"name": login, "salt": salt, "hash": hashed(password, salt, cost), "cost": cost})
    return True


def renewed(db: Connection, login: str) -> bool:
    """Whether the account's password has been renewed."""
    return bool(db.execute(_RENEWED, {"name": login}).scalar())


def renew(db: Connection, login: str, password: str, cost: int) -> None:
    """Set a password, at the price of its hash; the same again is taken, so that a rehearsal's accounts stay theirs."""
    salt = secrets.token_bytes(16)
    found = {"salt": salt, "hash": hashed(password, salt, cost), "cost": cost, "renewed": True}
    db.execute(_RAISE, {"name": login, **found})

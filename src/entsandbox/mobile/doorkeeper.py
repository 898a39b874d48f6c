"""Who may come in by the mobile door: codes and tokens, and the sign-on behind each of them.

A token is as good as its sign-on: once that has ended (by a logout, or by silence), the app must renew it.
"""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, select

from entsandbox.mobile.grants import CODE_SECONDS, OVERLAP_SECONDS, REFRESH_SECONDS, Grant, Grants
from entsandbox.mobile.keys import SigningKey, new_key
from entsandbox.mobile.request_context import Caller
from entsandbox.state.store import Unavailable
from entsandbox.state.store.schema import MOBILE_KEY

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from starlette.requests import Request

    from entsandbox.load.admission import Admission
    from entsandbox.mobile.grants import Kind
    from entsandbox.state import Sessions
    from entsandbox.state.store import Database
    from entsurge.population import Person

_BEARER = "bearer "
_KEY = select(MOBILE_KEY.c.pem).where(MOBILE_KEY.c.name == bindparam("of"))
_NAME = "signing"


class Doorkeeper:
    """Hands tokens out, knows them again, takes them back."""

    def __init__(self, database: Database, sessions: Sessions, admission: Admission, *, access_seconds: float) -> None:
        self._database, self._sessions, self._admission = database, sessions, admission
        self.access_seconds = access_seconds  # how long an access token is good for
        self._grants = Grants()
        self._key: SigningKey | None = None

    @property
    def overfull(self) -> bool:
        """Whether more people are in than may be."""
        return self._admission.overfull

    # -- tokens ----------------------------------------------------------------------------------------------------

    async def caller(self, request: Request) -> Caller | None:
        """Whom the request's bearer token speaks for; none for a token that is not good, or no longer."""
        given = request.headers.get("authorization", "")
        if given[: len(_BEARER)].lower() != _BEARER:
            return None
        token = given[len(_BEARER) :].strip()
        grant = await self.find("access", token)
        person = await self.signed_on(grant) if grant is not None else None
        return Caller(person, grant.scope) if grant is not None and person is not None else None

    async def issue_code(self, grant: Grant) -> str:
        """A code that the app exchanges for tokens: once, within a minute."""
        return await self._database.run(lambda db: self._grants.issue(db, "code", grant, CODE_SECONDS))

    async def find(self, kind: Kind, token: str) -> Grant | None:
        """The grant of a token, which stays good."""
        return await self._database.run(lambda db: self._grants.find(db, kind, token))

    async def take(self, kind: Kind, token: str) -> Grant | None:
        """The grant of a code or a refresh token, used up by this."""
        overlap = OVERLAP_SECONDS if kind == "refresh" else 0.0
        return await self._database.run(lambda db: self._grants.take(db, kind, token, overlap))

    async def issue(self, grant: Grant, claims: dict[str, Any]) -> dict[str, Any]:
        """The token endpoint's answer: access, refresh and identity tokens of a grant."""

        def keep(db: Connection) -> tuple[str, str]:
            return (
                self._grants.issue(db, "access", grant, self.access_seconds),
                self._grants.issue(db, "refresh", grant, REFRESH_SECONDS),
            )

        access, refresh = await self._database.run(keep)
        key = await self._signing_key()
        now, seconds = int(time.time()), max(1, round(self.access_seconds))
        said = {"iat": now, "exp": now + seconds, "at_hash": _half_hash(access), **claims}
        return {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": seconds,
            "scope": grant.scope,
            "refresh_token": refresh,
            "id_token": key.sign(said),
        }

    async def revoke(self, token: str, client: str) -> None:
        """End every token of the sign-on at this app that a token belongs to; nothing for another's."""

        def end(db: Connection) -> None:
            for kind in ("refresh", "access"):
                grant = self._grants.find(db, kind, token)
                if grant is not None and grant.client == client:
                    self._grants.end(db, grant.family)

        await self._database.run(end)

    async def public_keys(self) -> dict[str, Any]:
        """The key set that identity tokens are checked with."""
        return (await self._signing_key()).public_keys()

    # -- sign-ons --------------------------------------------------------------------------------------------------

    async def signed_on(self, grant: Grant) -> Person | None:
        """Who the grant's sign-on is of, if it has not ended; its silence ends."""
        session = await self._sessions.find(grant.session)
        return session.person if session is not None and session.person.login == grant.login else None

    async def come_back(self, grant: Grant, person: Person) -> Grant:
        """A new sign-on for an app whose own has ended, and for all its tokens; the grant from now on."""
        session = await self._sessions.open(person)
        await self._database.run(lambda db: self._grants.move(db, grant.family, session.token))
        return replace(grant, session=session.token)

    async def put_out(self, grant: Grant) -> None:
        """End a sign-on that came in above the limit, with what was granted on it."""
        await self._sessions.end(grant.session)
        await self._database.run(lambda db: self._grants.end(db, grant.family))

    async def _signing_key(self) -> SigningKey:
        """The key to sign with: one for all processes of the sandbox, made by the first that needs it."""
        if self._key is None:
            pem = await self._database.run(_kept_key)
            if pem is None:
                made = new_key()
                try:
                    await self._database.run(lambda db: db.execute(insert(MOBILE_KEY), {"name": _NAME, "pem": made}))
                    pem = made
                except Unavailable:  # another process was first
                    pem = await self._database.run(_kept_key) or made
            self._key = SigningKey(pem)
        return self._key


def _kept_key(db: Connection) -> str | None:
    return db.execute(_KEY, {"of": _NAME}).scalar()


def _half_hash(token: str) -> str:
    """`at_hash` (OpenID Connect Core, 3.1.3.6): the left half of the token's SHA-256."""
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()[:16]).rstrip(b"=").decode()

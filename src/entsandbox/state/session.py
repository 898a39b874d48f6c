"""Who is signed on, and when a sign-on ends."""

from __future__ import annotations

import secrets
import time
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from entsandbox.reach import Reach
    from entsurge.population import Person


@dataclass(slots=True)
class Session:
    """One sign-on, and the portals it has opened."""

    token: str
    person: Person
    touched: float
    portals: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PortalSession:
    """What a portal knows of the person before it."""

    session: Session
    csrf: str
    reach: Reach

    @property
    def person(self) -> Person:
        """Who it is."""
        return self.session.person


class Sessions(Protocol):
    """All sign-ons that have not ended."""

    def __len__(self) -> int:
        """How many there are, as last known."""
        ...

    def present(self, persona: str) -> int:
        """How many there are of a persona, as last known."""
        ...

    async def open(self, person: Person) -> Session:
        """A new sign-on."""
        ...

    async def find(self, token: str) -> Session | None:
        """The sign-on of a token, if it has not ended; its silence ends."""
        ...

    async def open_portal(self, session: Session) -> str:
        """Let a sign-on into a portal: the cookie's value."""
        ...

    async def find_portal(self, token: str) -> PortalSession | None:
        """The portal session of a cookie, if its sign-on has not ended; its silence ends."""
        ...

    async def end(self, token: str) -> None:
        """End a sign-on and every portal it opened."""
        ...


class LocalSessions:
    """Sign-ons in memory; the oldest silence is first, so ending what is due costs nothing per session kept."""

    def __init__(
        self,
        idle_seconds: Callable[[], float],
        reach: Callable[[Person], Reach],
        *,
        on_silence: Callable[[Session], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._idle_seconds = idle_seconds
        self._reach = reach
        self._on_silence = on_silence
        self._clock = clock
        self._by_silence: OrderedDict[str, Session] = OrderedDict()
        self._portals: dict[str, PortalSession] = {}
        self._present: Counter[str] = Counter()

    def __len__(self) -> int:
        self.end_silent()
        return len(self._by_silence)

    def present(self, persona: str) -> int:
        """How many there are of a persona."""
        self.end_silent()
        return self._present[persona]

    async def open(self, person: Person) -> Session:
        """A new sign-on."""
        session = Session(new_sign_on(), person, self._clock())
        self._by_silence[session.token] = session
        self._present[person.persona] += 1
        return session

    async def find(self, token: str) -> Session | None:
        """The sign-on of a token, if it has not ended; its silence ends."""
        self.end_silent()
        session = self._by_silence.get(token)
        if session is not None:
            self._touch(session)
        return session

    async def open_portal(self, session: Session) -> str:
        """Let a sign-on into a portal: the cookie's value."""
        token = secrets.token_urlsafe(24)
        self._portals[token] = PortalSession(session, new_csrf(), self._reach(session.person))
        session.portals.append(token)
        return token

    async def find_portal(self, token: str) -> PortalSession | None:
        """The portal session of a cookie, if its sign-on has not ended; its silence ends."""
        self.end_silent()
        portal = self._portals.get(token)
        if portal is not None:
            self._touch(portal.session)
        return portal

    async def end(self, token: str) -> None:
        """End a sign-on and every portal it opened."""
        self._forget(token)

    def end_silent(self) -> None:
        """End every sign-on whose silence has lasted long enough."""
        due = self._clock() - self._idle_seconds()
        while self._by_silence:
            oldest = next(iter(self._by_silence.values()))
            if oldest.touched > due:
                return
            self._forget(oldest.token)
            self._on_silence(oldest)

    def _forget(self, token: str) -> None:
        session = self._by_silence.pop(token, None)
        if session is None:
            return
        self._present[session.person.persona] -= 1
        for portal in session.portals:
            self._portals.pop(portal, None)

    def _touch(self, session: Session) -> None:
        session.touched = self._clock()
        self._by_silence.move_to_end(session.token)


def new_sign_on() -> str:
    """A ticket-granting ticket that nobody guesses."""
    return f"TGT-{secrets.token_urlsafe(24)}"


def new_csrf() -> str:
    """A token that a page's forms carry."""
    return secrets.token_urlsafe(18)

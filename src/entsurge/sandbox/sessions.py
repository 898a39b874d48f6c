"""Who is signed on: sessions, and when each of them ends."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

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
    """What a school's portal knows of the person before it; `audiences` are whose entries they see."""

    session: Session
    csrf: str
    audiences: tuple[str, ...]

    @property
    def person(self) -> Person:
        """Who it is."""
        return self.session.person

    def may_read(self, audience: str, author: str) -> bool:
        """Whether an entry is for them or from them."""
        return audience in self.audiences or author == self.person.login


class Sessions:
    """All sign-ons; the oldest silence is first, so ending what is due costs nothing per session kept."""

    def __init__(self, idle_seconds: Callable[[], float], clock: Callable[[], float] = time.monotonic) -> None:
        self._idle_seconds = idle_seconds
        self._clock = clock
        self._by_silence: OrderedDict[str, Session] = OrderedDict()
        self._portals: dict[str, PortalSession] = {}

    def __len__(self) -> int:
        """How many have not ended."""
        self._end_silent()
        return len(self._by_silence)

    def open(self, person: Person) -> Session:
        """A new sign-on."""
        session = Session(f"TGT-{secrets.token_urlsafe(24)}", person, self._clock())
        self._by_silence[session.token] = session
        return session

    def find(self, token: str) -> Session | None:
        """The sign-on of a token, if it has not ended; its silence ends."""
        self._end_silent()
        session = self._by_silence.get(token)
        if session is not None:
            self._touch(session)
        return session

    def open_portal(self, session: Session, audiences: tuple[str, ...]) -> str:
        """Let a sign-on into its school's portal: the cookie's value."""
        token = secrets.token_urlsafe(24)
        self._portals[token] = PortalSession(session, secrets.token_urlsafe(18), audiences)
        session.portals.append(token)
        return token

    def find_portal(self, token: str) -> PortalSession | None:
        """The portal session of a cookie, if its sign-on has not ended; its silence ends."""
        self._end_silent()
        portal = self._portals.get(token)
        if portal is not None:
            self._touch(portal.session)
        return portal

    def end(self, token: str) -> None:
        """End a sign-on and every portal it opened."""
        session = self._by_silence.pop(token, None)
        for portal in session.portals if session else ():
            self._portals.pop(portal, None)

    def _touch(self, session: Session) -> None:
        session.touched = self._clock()
        self._by_silence.move_to_end(session.token)

    def _end_silent(self) -> None:
        due = self._clock() - self._idle_seconds()
        while self._by_silence:
            oldest = next(iter(self._by_silence.values()))
            if oldest.touched > due:
                return
            self.end(oldest.token)

"""Conservation measures: switches that an operator sets, for good or on a lease that ends by itself."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from entsurge.sandbox.settings import Settings

PUPILS_AND_TEACHERS, TIME_SLOTS = "pupils-and-teachers-first", "parents-time-slots"
SHORT_SESSIONS = "short-sessions"

RESERVES: Mapping[str, frozenset[str]] = {
    PUPILS_AND_TEACHERS: frozenset({"parent", "staff"}),
    TIME_SLOTS: frozenset({"parent"}),
}
CLOSES_PAGE: Mapping[str, str] = {"news-closed": "news", "messaging-off": "messages"}
STATIC_PAGE: Mapping[str, str] = {"static-home": "home"}
MEASURES = (*RESERVES, *CLOSES_PAGE, *STATIC_PAGE, SHORT_SESSIONS)

_SHORT_IDLE_SECONDS = 20 * 60
_PARENTS_UNTIL, _PARENTS_FROM = 8.5, 17.0

RESERVED_TEXT: Mapping[str, str] = {
    PUPILS_AND_TEACHERS: "L'ENT est actuellement réservé aux élèves et aux enseignants.",
    TIME_SLOTS: "L'ENT est actuellement réservé aux élèves et aux enseignants : "
    "il est ouvert aux parents de 17 h à 8 h 30.",
}
CLOSED_TEXT: Mapping[str, str] = {
    "news": "La page des actualités est fermée.",
    "messages": "La messagerie est suspendue.",
}


class Measures:
    """Which measures are on, and what each says of a person, a page and a session."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._began = clock()
        self._until: dict[str, float] = {}

    def put(self, name: str, *, on: bool = True, lease_seconds: float | None = None) -> None:
        """Turn a measure on, until its lease ends if it has one, or off."""
        if on:
            self._until[name] = math.inf if lease_seconds is None else self._clock() + lease_seconds
        else:
            self._until.pop(name, None)

    def on(self, name: str) -> bool:
        """Whether a measure is on at this instant."""
        return name in self._until and self._clock() < self._until[name]

    def state(self, name: str) -> dict[str, object]:
        """A measure as the administration lists it; no remaining time when it has no lease."""
        on = self.on(name)
        left = self._until[name] - self._clock() if on else None
        return {"name": name, "on": on, "remaining_seconds": None if left in (None, math.inf) else left}

    def refusal(self, persona: str) -> str | None:
        """What a persona is told that may not come in now; none when it may."""
        if persona in RESERVES[PUPILS_AND_TEACHERS] and self.on(PUPILS_AND_TEACHERS):
            return RESERVED_TEXT[PUPILS_AND_TEACHERS]
        hour = self.hour()
        if persona in RESERVES[TIME_SLOTS] and _PARENTS_UNTIL <= hour < _PARENTS_FROM and self.on(TIME_SLOTS):
            return RESERVED_TEXT[TIME_SLOTS]
        return None

    def closed(self, service: str) -> str | None:
        """What stands on the page of a service that is closed; none when it is open."""
        closing = any(self.on(name) for name, closes in CLOSES_PAGE.items() if closes == service)
        return CLOSED_TEXT[service] if closing else None

    def static(self, service: str) -> bool:
        """Whether a page is served without a worker and without background requests."""
        return any(self.on(name) for name, page in STATIC_PAGE.items() if page == service)

    def idle_seconds(self) -> float:
        """After how much silence a session ends."""
        seconds = self._settings.idle_seconds
        if self.on(SHORT_SESSIONS):
            seconds = min(seconds, _SHORT_IDLE_SECONDS)
        return seconds / self._settings.compression

    def hour(self) -> float:
        """The hour of the day, simulated or local, from 0 to 24."""
        if self._settings.simulated_hour is None:
            now = time.localtime()
            return now.tm_hour + now.tm_min / 60
        passed = (self._clock() - self._began) * self._settings.compression / 3_600
        return (self._settings.simulated_hour + passed) % 24

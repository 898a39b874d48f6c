"""Signed links: whoever opens a portal page gets, for each room that is theirs, an address that works for minutes."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from entsurge.population import Person

STAFF_ROOM = "personnels"
_FOR, _UNTIL, _SEAL = "pour", "jusqu-a", "sceau"


def rooms_of(service: str, person: Person) -> tuple[str, ...]:
    """The rooms that someone belongs to: their classes', and the school's staff room for chat and for staff."""
    match person.rights:
        case "teacher" if service == "chat":
            return (*person.classes, STAFF_ROOM)
        case "staff":
            return (STAFF_ROOM,)
        case _:
            return person.classes


class Links:
    """Makes and checks links; a seal is HMAC-SHA256 over service, school, room, person and end."""

    def __init__(self, secret: bytes, seconds: float, clock: Callable[[], float] = time.time) -> None:
        self._secret, self._seconds, self._clock = secret, seconds, clock

    def of(self, person: Person, service: str, path: str) -> dict[str, str]:
        """The links of someone's rooms in a service, by room, good from now on."""
        until = str(int(self._clock() + self._seconds))
        return {
            room: f"/etab/{person.uai}/direct/{path}/{room}?"
            + urlencode({_FOR: person.login, _UNTIL: until, _SEAL: self._seal(service, person, room, until)})
            for room in rooms_of(service, person)
        }

    def fault(self, person: Person, service: str, room: str, query: Mapping[str, str]) -> str:
        """Why a link does not let this person into this room: `forged`, `expired`, or nothing."""
        until = query.get(_UNTIL, "")
        expected = self._seal(service, person, room, until)
        same = hmac.compare_digest(query.get(_SEAL, "").encode(), expected.encode())
        if not same or query.get(_FOR) != person.login or room not in rooms_of(service, person):
            return "forged"
        return "" if self._clock() <= int(until) else "expired"

    def _seal(self, service: str, person: Person, room: str, until: str) -> str:
        text = f"{service}\n{person.uai}\n{room}\n{person.login}\n{until}"
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()

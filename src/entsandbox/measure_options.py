"""What a measure can be asked with: its options, their defaults, and what people are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entsandbox.services import NAMES, SIGN_ON
from entsurge.population import PERSONAS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

KEPT = ("lesson-book", "homework", "messages", "marks", "news")  # where what is written can be given out later
_PARENTS = [[0.0, 8.5], [17.0, 24.0]]
DEFAULTS: Mapping[str, dict[str, Any]] = {
    "parents-time-slots": {"slots": {"parent": _PARENTS}},
    "persona-time-slots": {"slots": {"parent": _PARENTS, "student": [[8.5, 17.0]]}},
    "reserved-places": {"shares": {"student": 0.5, "teacher": 0.3}},
    "priority-services": {"services": [SIGN_ON, "home", "lesson-book", "homework", "messages"]},
    "updates-suspended": {"services": [*KEPT], "from_hour": 20, "until_hour": 7},
    "attachments-capped": {"bytes": 1_000_000},
    "short-sessions": {"idle_minutes": 20},
    "waiting-room-overloaded": {"per_second": 1},
}
_RESERVED = "L'ENT est actuellement réservé aux élèves et aux enseignants"
_TEXTS = {
    "pupils-and-teachers-first": f"{_RESERVED}.",
    "parents-time-slots": f"{_RESERVED} : il est ouvert aux parents de 17 h à 8 h 30.",
    "persona-time-slots": "L'accès est actuellement réservé à d'autres utilisateurs : chacun a ses horaires.",
    "reserved-places": "Vous êtes très nombreux : les places qui restent sont réservées à d'autres utilisateurs.",
    "priority-services": "Cette page est fermée pendant l'affluence : les services prioritaires passent d'abord.",
    "news-closed": "La page des actualités est fermée.",
    "messaging-off": "La messagerie est suspendue.",
    "video-off": "La classe virtuelle est suspendue.",
    "messaging-read-only": "L'envoi de messages est suspendu : la messagerie est en lecture seule, l'envoi est fermé.",
    "updates-suspended": "Pause numérique : ce que vous écrivez est gardé, et remis à la fin de la pause.",
    "attachments-capped": "Les pièces jointes sont limitées pendant l'affluence : l'envoi de ce fichier est fermé.",
    "waiting-room-overloaded": "Vous êtes très nombreux : la salle d'attente elle-même est pleine.",
}


def text_for(measure: str) -> str:
    """What somebody is told on account of a measure."""
    return _TEXTS[measure]


def fault(measure: str, options: object, personas: Collection[str] = PERSONAS) -> str | None:
    """What is wrong with a measure's options, and what was expected; none when they are right.

    `personas` are those who live here.
    """
    if not isinstance(options, dict):
        return "options: expected an object"
    unknown = set(options) - set(DEFAULTS.get(measure, {}))
    if unknown:
        known = ", ".join(DEFAULTS.get(measure, {})) or "none"
        return f"options: unknown {', '.join(sorted(unknown))}; {measure} has {known}"
    for name, value in options.items():
        expected, holds = _CHECKS[name]
        if not holds(value):
            return f"options.{name}: expected {expected}"
        if measure == "updates-suspended" and name == "services" and (others := sorted(set(value) - set(KEPT))):
            return f"options.services: nothing is kept in {', '.join(others)}; expected some of {', '.join(KEPT)}"
        if name in _BY_PERSONA and (strangers := [who for who in value if who not in personas]):
            return f"options.{name}: no persona {', '.join(strangers)}; expected of {', '.join(personas)}"
    return None


def _number(value: object, least: float, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


def _slots(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(slots, list) and all(_slot(slot) for slot in slots) for slots in value.values()
    )


def _slot(slot: object) -> bool:
    return isinstance(slot, list) and len(slot) == 2 and all(_number(each, 0, 24) for each in slot)


def _shares(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    return all(_number(share, 0, 1) for share in value.values()) and sum(value.values()) <= 1 + 1e-9


def _services(value: object) -> bool:
    return isinstance(value, list) and all(service in NAMES for service in value)


_BY_PERSONA = ("slots", "shares")
_CHECKS: Mapping[str, tuple[str, Callable[[object], bool]]] = {
    "slots": ('hours by persona, such as {"parent": [[0, 8.5], [17, 24]]}', _slots),
    "shares": ('shares by persona that sum to 1 at most, such as {"student": 0.5}', _shares),
    "services": (f"some of {', '.join(NAMES)}", _services),
    "bytes": ("a number of bytes", lambda value: _number(value, 0, 1e12)),
    "per_second": ("a number above 0", lambda value: _number(value, 0.001, 1e9)),
    "from_hour": ("an hour from 0 to 24", lambda value: _number(value, 0, 24)),
    "until_hour": ("an hour from 0 to 24", lambda value: _number(value, 0, 24)),
    "idle_minutes": ("a number of minutes above 0", lambda value: _number(value, 0.001, 1e6)),
}

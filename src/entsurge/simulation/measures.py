"""Conservation measures on paper: what each says of a person, a page and a session, as the embedded ENT has them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Slots = tuple[tuple[float, float], ...]
_PARENTS: Slots = ((0.0, 8.5), (17.0, 24.0))
NOT_ADMITTED: Mapping[str, frozenset[str]] = {"pupils-and-teachers-first": frozenset({"parent", "staff"})}
SLOTS: Mapping[str, Mapping[str, Slots]] = {
    "parents-time-slots": {"parent": _PARENTS},
    "persona-time-slots": {"parent": _PARENTS, "student": ((8.5, 17.0),)},
}
CLOSES: Mapping[str, str] = {"news-closed": "news", "messaging-off": "messages", "video-off": "video-class"}
STATIC: Mapping[str, str] = {"static-home": "home", "news-static": "news"}
RESERVED: Mapping[str, Mapping[str, float]] = {"reserved-places": {"student": 0.5, "teacher": 0.3}}
HURRIED: Mapping[str, frozenset[str]] = {
    "priority-services": frozenset({"sign-on", "home", "lesson-book", "homework", "messages"})
}
IDLE_MINUTES: Mapping[str, float] = {"short-sessions": 20.0}
WITHOUT_WRITING: Mapping[str, frozenset[str]] = {"messaging-read-only": frozenset({"messages"})}
WITHOUT_LOAD = ("updates-suspended",)  # what is written is kept for later: every page is opened, and costs the same
NEWCOMERS_PER_SECOND: Mapping[str, float] = {"waiting-room-overloaded": 1.0}
"""A fault, switched as measures are: how many newcomers the waiting room still looks after."""
RENEWS_PASSWORDS = frozenset({"password-change"})
MEANT_TO_HELP = (
    *NOT_ADMITTED, *SLOTS, *CLOSES, *STATIC, *RESERVED, *HURRIED, *IDLE_MINUTES, *WITHOUT_WRITING, *WITHOUT_LOAD,
)  # fmt: skip
MEASURES = (*MEANT_TO_HELP, *NEWCOMERS_PER_SECOND, *RENEWS_PASSWORDS)


@dataclass(frozen=True)
class InForce:
    """Measures in force for the whole of a simulation; `rights` says as whom the ENT takes each persona."""

    names: frozenset[str]
    rights: Mapping[str, str]
    closed: frozenset[str] = field(init=False)
    static: frozenset[str] = field(init=False)
    read_only: frozenset[str] = field(init=False)
    hurried: frozenset[str] = field(init=False)
    reserved: Mapping[str, float] = field(init=False)

    def __post_init__(self) -> None:
        for name, one in (("closed", CLOSES), ("static", STATIC)):
            object.__setattr__(self, name, frozenset(one[each] for each in self.names & one.keys()))
        for name, several in (("read_only", WITHOUT_WRITING), ("hurried", HURRIED)):
            object.__setattr__(self, name, _union(several[each] for each in self.names & several.keys()))
        shares: dict[str, float] = {}
        for each in self.names & RESERVED.keys():
            shares |= RESERVED[each]
        object.__setattr__(self, "reserved", shares)

    def admits(self, persona: str, hour: float) -> bool:
        """Whether a persona may come in, and open pages, at this hour of the day (0 to 24)."""
        if any(self.rights.get(persona, persona) in NOT_ADMITTED[name] for name in self.names & NOT_ADMITTED.keys()):
            return False
        slots = [SLOTS[name][persona] for name in self.names & SLOTS.keys() if persona in SLOTS[name]]
        return all(any(begin <= hour < end for begin, end in of) for of in slots)

    @property
    def by_hour(self) -> bool:
        """Whether anybody is admitted at some hours and not at others."""
        return bool(self.names & SLOTS.keys())

    @property
    def renews_passwords(self) -> bool:
        """Whether everybody has to set a new password at their first sign-on."""
        return bool(self.names & RENEWS_PASSWORDS)

    def newcomers_per_second(self, usual: float) -> float:
        """How many newcomers are looked after in a second, let in or not; infinite: as many as come."""
        left = self.names & NEWCOMERS_PER_SECOND.keys()
        return min([usual, *(NEWCOMERS_PER_SECOND[name] for name in left)])

    def idle_minutes(self, usual: float) -> float:
        """After how much silence a session ends."""
        return min([usual, *(IDLE_MINUTES[name] for name in self.names & IDLE_MINUTES.keys())])


def _union(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*sets)

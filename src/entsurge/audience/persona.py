"""The home of personas: what one is called, how many a school has, what its work is, whether it is protected.

Four are shipped. A personas file adds others, each with a table of its own (docs/writing-profiles.md); whoever plans,
populates, drives, judges or tells reads the entries of its profile (`Mixes.personas`) or of its run (`of_manifest`).
Pure and of the standard library alone: the population hands entries on to the embedded ENT, which knows no profile.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from entsurge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KEY = r"^[a-z]{2,}(-[a-z]+)*$"
RESERVED = frozenset({"all", "and", "everyone", "none", "other"})
"""Words that stand for no single persona in reports, metrics and logs."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a persona comes for: pages of these services; with `publishes`, only one that publishes counts as done."""

    services: tuple[str, ...]
    publishes: bool = False


@dataclass(frozen=True, slots=True)
class Persona:
    """One persona.

    `fr` and `en` are plural nouns without an article (élèves, pupils). A school has `per_school` of them, or one for
    every `pupils_each` pupils; neither for parents, whom families bring. `rights` is the shipped persona as which an
    ENT takes them: what they may do there. `mark` stands in their synthetic logins. `scenario` is a file, or the name
    of a shipped one; empty for the one named as the key.
    """

    key: str
    fr: str
    en: str
    rights: str
    per_school: int | None = None
    pupils_each: int | None = None
    work: Work | None = None
    protected: bool = False
    mark: str = ""
    scenario: str = ""

    def name(self, language: str) -> str:
        """As a heading: `Élèves`, `Pupils`."""
        plain = self.fr if language == "fr" else self.en
        return plain[:1].upper() + plain[1:]

    def whom(self, language: str) -> str:
        """As sentences say it: `les élèves`, `pupils`."""
        return f"les {self.fr}" if language == "fr" else self.en

    def in_school(self, pupils: int) -> int:
        """How many a school of so many pupils has, where numbers and not families say so; at least one."""
        return self.per_school or max(1, round(pupils / (self.pupils_each or 1)))

    def as_json(self) -> dict[str, Any]:
        """The entry as a manifest and the sandbox's settings hold it: without its file, which `content` names."""
        return {name: value for name, value in asdict(self).items() if name != "scenario"}

    @classmethod
    def of(cls, found: Any) -> Persona:
        """The entry of such an object. Raises UsageError for what is none."""
        try:
            work = found.get("work")
            known = {each.name for each in fields(cls)} - {"work"}
            made = cls(**{name: value for name, value in found.items() if name in known},
                       work=Work(tuple(work["services"]), bool(work["publishes"])) if work else None)  # fmt: skip
        except (AttributeError, KeyError, TypeError) as error:
            raise UsageError(f"no persona: {str(found)[:80]}: {error}") from None
        if not isinstance(made.key, str) or not re.fullmatch(KEY, made.key) or made.rights not in PERSONAS:
            raise UsageError(f"no persona: {str(found)[:80]}")
        return made


_LESSONS = ("lesson-book", "homework")
SHIPPED: tuple[Persona, ...] = (
    Persona("student", "élèves", "pupils", "student", pupils_each=1, work=Work(_LESSONS), protected=True, mark="e"),
    Persona(
        "teacher", "enseignants", "teachers", "teacher",
        pupils_each=12, work=Work(_LESSONS, publishes=True), protected=True, mark="p",
    ),
    Persona("parent", "parents", "parents", "parent", mark="r"),
    Persona("staff", "personnels", "staff", "staff", pupils_each=60, mark="a"),
)  # fmt: skip
PERSONAS: tuple[str, ...] = tuple(each.key for each in SHIPPED)
"""The keys of the shipped personas, in the order in which they are shown."""


def by_key(personas: Iterable[Persona]) -> dict[str, Persona]:
    """Entries by their key, in their order."""
    return {each.key: each for each in personas}


def of_manifest(manifest: Mapping[str, Any]) -> dict[str, Persona]:
    """The personas of a run, by key; the shipped ones where the run names none. Entries that are none are left out."""
    found = []
    for each in manifest.get("personas") or ():
        try:
            found.append(Persona.of(each))
        except UsageError:
            continue
    return by_key(found or SHIPPED)


def entry(personas: Mapping[str, Persona], key: str) -> Persona:
    """One persona; one that the run does not know is called by its key."""
    return personas.get(key) or Persona(key, key, key, "staff")


def deferred(personas: Iterable[Persona], keys: Iterable[str]) -> list[str]:
    """Whom a measure puts off that names these: an added persona goes with those whose rights it has, if unprotected.

    What follows a shipped persona comes after what was named.
    """
    named = list(keys)
    more = [
        each.key
        for each in personas
        if each.key not in PERSONAS and each.key not in named and each.rights in named and not each.protected
    ]
    return named + more

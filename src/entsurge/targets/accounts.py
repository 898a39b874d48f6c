"""Accounts of the test, from CSV: by persona and school, each one's own, few faults or many said at once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from entsurge.audience.persona import KEY, PERSONAS, SHIPPED
from entsurge.errors import UsageError
from entsurge.plan.arrivals import Group
from entsurge.plan.rates import EVERY_DAY
from entsurge.said import said
from entsurge.secret import too_open
from entsurge.spreadsheet import Sheet, bare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    Presence = Callable[[str], Sequence[Fraction]]

COLUMNS = said(
    "columns: persona (profil), login (identifiant), password (mot de passe), school (établissement); "
    "academy if several"
)
NAMES = {
    "persona": ("persona", "profil", "profile", "role", "type", "categorie"),
    "login": ("login", "identifiant", "identifier", "utilisateur", "nom d utilisateur", "user", "username", "compte"),
    "password": ("password", "mot de passe", "motdepasse", "mot de passe initial", "mdp"),
    "school": ("school", "etablissement", "ecole", "structure"),
    "uai": ("uai", "code uai", "numero uai", "rne", "code rne", "code etablissement"),
    "academy": ("academy", "academie"),
}  # fmt: skip
MEANINGS = {name: column for column, names in NAMES.items() for name in names}
PERSONA_WORDS = {bare(word).removesuffix("s"): each.key for each in SHIPPED for word in (each.key, each.fr, each.en)}
PERSONA_WORDS |= {
    "professeur": "teacher",
    "parent d'eleve": "parent",
    "parents d'eleve": "parent",
    "responsable": "parent",
    "responsable legal": "parent",
}
MOST_FAULTS = 20
EVERYONE = "all"


@dataclass(frozen=True, slots=True)
class Person:
    """One account of the test; `school` and `uai` are the same."""

    persona: str
    login: str
    password: str = field(repr=False)
    school: str
    uai: str
    academy: str


class AccountBook:
    """The accounts of a target, as a plan asks for them: the nth of a persona in an academy."""

    def __init__(self, people: list[Person]) -> None:
        self.academy_names = sorted({each.academy for each in people})
        self._by: dict[tuple[str, int], list[Person]] = {}
        for each in people:
            self._by.setdefault((each.persona, self.academy_names.index(each.academy)), []).append(each)

    def count(self, persona: str) -> int:
        """How many accounts a persona has."""
        return sum(len(found) for (of, _), found in self._by.items() if of == persona)

    def counts(self) -> dict[str, int]:
        """Accounts by persona."""
        there = {persona for persona, _ in self._by}
        ordered = [*(each for each in PERSONAS if each in there), *sorted(there.difference(PERSONAS))]
        return {persona: self.count(persona) for persona in ordered}

    def count_in_academy(self, persona: str, academy: int) -> int:
        """How many accounts a persona has in one academy."""
        return len(self._by.get((persona, academy), ()))

    def person_in_academy(self, persona: str, academy: int, index: int) -> Person:
        """The account of this number; the same on every worker."""
        return self._by[persona, academy][index]

    def of_persona(self, persona: str) -> Person | None:
        """The first account of a persona, for a check by hand."""
        return next((found[0] for (of, _), found in sorted(self._by.items()) if of == persona), None)

    def groups(
        self, personas: Iterable[str] = PERSONAS, least: int = 0, *, present: Presence = lambda _: EVERY_DAY
    ) -> list[Group]:
        """The academies as tenant groups, each with its share of all accounts; counts under `least` are raised.

        `present` says which share of an academy's audience comes on each day of the week.
        """
        personas = list(personas)
        total = sum(map(self.count, personas))
        return [
            Group(
                name=name,
                share=Fraction(sum(self.count_in_academy(each, index) for each in personas), total or 1),
                accounts={each: max(least, self.count_in_academy(each, index)) for each in personas},
                present=tuple(present(name)),
            )
            for index, name in enumerate(self.academy_names)
        ]


def read(path: Path, *, password: str = "", academies: Mapping[str, str] | None = None) -> AccountBook:
    """The accounts in a CSV file, however a spreadsheet wrote it; `academies` gives the academy of a school.

    Raises UsageError with every fault. A file that holds passwords must be readable by its owner alone.
    """
    sheet = _sheet(path, has_password=bool(password))
    people, faults, seen = [], [], dict[str, int]()
    for row in sheet.rows():
        person, fault = (None, row.fault) if row.fault else _person(row.cells, password, academies or {})
        if person is not None and person.login in seen:
            fault = f"login {person.login!r} stands in line {seen[person.login]} already"
        if fault:
            faults.append(f"{path}: line {row.line}: {fault}")
        elif person is not None:
            seen[person.login] = row.line
            people.append(person)
    if faults:
        more = [f"{path}: and {len(faults) - MOST_FAULTS} more"] if len(faults) > MOST_FAULTS else []
        raise UsageError("\n".join(faults[:MOST_FAULTS] + more), hint=COLUMNS)
    if not people:
        raise UsageError(said("{path}: no account in it", path=path), hint=COLUMNS)
    return AccountBook(people)


def _sheet(path: Path, *, has_password: bool) -> Sheet:
    sheet = Sheet(path, MEANINGS)
    missing = [name for name in ("persona", "login") if name not in sheet.columns]
    if not has_password and "password" not in sheet.columns:
        missing.append("password")
    if not {"school", "uai"} & set(sheet.columns):
        missing.append("school")
    if missing:
        raise UsageError(
            said("{path}: no column {names}", path=path, names=", ".join(missing)),
            hint=COLUMNS,
        )
    if "password" in sheet.columns and (fault := too_open(path)):
        raise UsageError(fault)
    return sheet


def _person(row: dict[str, str], password: str, academies: Mapping[str, str]) -> tuple[Person | None, str]:
    secret = row.get("password", "")  # spaces at its ends are part of it
    secret = secret if secret.strip() else password
    row = {name: cell.strip() for name, cell in row.items()}
    login, school = row.get("login", ""), row.get("uai") or row.get("school", "")
    word = bare(row.get("persona", "").replace("’", "'"))
    persona = PERSONA_WORDS.get(word.removesuffix("s"), word)
    if not re.fullmatch(KEY, persona):
        expected = f"{', '.join(PERSONAS)}, or one of the profile's own"
        return None, f"persona: found {row.get('persona', '')!r}; expected {expected}"
    empty = [name for name, value in (("login", login), ("school", school), ("password", secret)) if not value]
    if empty:
        return None, f"{', '.join(empty)}: empty"
    academy = row.get("academy") or academies.get(school) or EVERYONE
    return Person(persona, login, secret, school, school, academy), ""

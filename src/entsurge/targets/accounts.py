"""Accounts of the test, from CSV: by persona and school, each one's own, few faults or many said at once."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from fractions import Fraction
from io import StringIO
from typing import TYPE_CHECKING

from entsurge.audience.persona import KEY, PERSONAS
from entsurge.errors import UsageError
from entsurge.plan.arrivals import Group
from entsurge.secret import too_open

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


COLUMNS = "persona, login, password, school; academy if there are several"
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

    def groups(self, personas: Iterable[str] = PERSONAS, least: int = 0) -> list[Group]:
        """The academies as tenant groups, each with its share of all accounts; counts under `least` are raised."""
        personas = list(personas)
        total = sum(map(self.count, personas))
        return [
            Group(
                name=name,
                share=Fraction(sum(self.count_in_academy(each, index) for each in personas), total or 1),
                accounts={each: max(least, self.count_in_academy(each, index)) for each in personas},
            )
            for index, name in enumerate(self.academy_names)
        ]


def read(path: Path, *, password: str = "", academies: Mapping[str, str] | None = None) -> AccountBook:
    """The accounts in a CSV file (comma or semicolon); `academies` gives the academy of a school.

    Raises UsageError with every fault. A file that holds passwords must be readable by its owner alone.
    """
    rows = _rows(path, has_password=bool(password))
    people, faults, seen = [], [], dict[str, int]()
    for number, row in rows:
        person, fault = _person(row, password, academies or {})
        if person is not None and person.login in seen:
            fault = f"login {person.login!r} stands in line {seen[person.login]} already"
        if fault:
            faults.append(f"{path}: line {number}: {fault}")
        elif person is not None:
            seen[person.login] = number
            people.append(person)
    if faults:
        more = [f"{path}: and {len(faults) - MOST_FAULTS} more"] if len(faults) > MOST_FAULTS else []
        raise UsageError("\n".join(faults[:MOST_FAULTS] + more), hint=f"columns: {COLUMNS}")
    if not people:
        raise UsageError(f"{path}: no account in it", hint=f"columns: {COLUMNS}")
    return AccountBook(people)


def _rows(path: Path, *, has_password: bool) -> list[tuple[int, dict[str, str]]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not a text file in UTF-8; expected CSV") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    head = text.partition("\n")[0]
    reader = csv.DictReader(StringIO(text), delimiter=";" if head.count(";") > head.count(",") else ",")
    names = [(name or "").strip().lower() for name in reader.fieldnames or []]
    missing = [name for name in ("persona", "login") if name not in names]
    if not has_password and "password" not in names:
        missing.append("password")
    if not {"school", "uai"} & set(names):
        missing.append("school")
    if missing:
        raise UsageError(f"{path}: no column {', '.join(missing)}", hint=f"columns: {COLUMNS}")
    if "password" in names and (fault := too_open(path)):
        raise UsageError(fault)
    reader.fieldnames = names
    try:
        return [
            (reader.line_num, {key: (value or "").strip() for key, value in row.items() if isinstance(key, str)})
            for row in reader
        ]
    except csv.Error as error:
        raise UsageError(f"{path}: line {reader.line_num}: {error}") from None


def _person(row: dict[str, str], password: str, academies: Mapping[str, str]) -> tuple[Person | None, str]:
    persona, login = row.get("persona", ""), row.get("login", "")
    school, secret = row.get("uai") or row.get("school", ""), row.get("password") or password
    if not re.fullmatch(KEY, persona):
        return None, f"persona: found {persona!r}; expected {', '.join(PERSONAS)}, or one of the profile's own"
    empty = [name for name, value in (("login", login), ("school", school), ("password", secret)) if not value]
    if empty:
        return None, f"{', '.join(empty)}: empty"
    academy = row.get("academy") or academies.get(school) or EVERYONE
    return Person(persona, login, secret, school, school, academy), ""

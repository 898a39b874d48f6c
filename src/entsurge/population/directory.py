"""Reads people back, from AAF files or from accounts as CSV: who they are, and whether they agree with each other."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from entsurge.audience.persona import PERSONAS
from entsurge.errors import UsageError
from entsurge.population.accounts import COLUMNS
from entsurge.population.uai import check_uai

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

    from entsurge.population.aaf.entry import Entry

Row = dict[str, str]
PARENT_LINKS = frozenset({"1", "2", "10", "20"})


@dataclass
class Census:
    """People counted while they pass: per persona, schools, academies, and what does not agree."""

    people: Counter[str] = field(default_factory=Counter)
    schools: set[str] = field(default_factory=set)
    academies: set[str] = field(default_factory=set)
    warnings: Counter[str] = field(default_factory=Counter)
    _students: set[str] = field(default_factory=set)
    _named_children: set[str] = field(default_factory=set)
    _logins: set[str] = field(default_factory=set)

    def passing(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows again, each counted."""
        for row in rows:
            self._take(row)
            yield row

    def _take(self, row: Row) -> None:
        login, persona, uai = row["login"], row["persona"], row["uai"]
        self.people[persona] += 1
        if login in self._logins:
            self.warnings["logins that occur twice"] += 1
        self._logins.add(login)
        if uai and uai not in self.schools:
            self.schools.add(uai)
            self.warnings["school codes (UAI) whose letter does not agree"] += not check_uai(uai)
        if row["academy"]:
            self.academies.add(row["academy"])
        if persona == "student":
            self._students.add(login)
            self.warnings["students without a class"] += not row["classes"]
        if persona == "parent":
            children = row["children"].split()
            self._named_children.update(children)
            self.warnings["parents without a child"] += not children

    def faults(self) -> list[str]:
        """What does not agree, with counts; none when everything does. To be asked when all have passed."""
        missing = len(self._named_children - self._students)
        orphans = len(self._students - self._named_children)
        told = dict(self.warnings) | {
            "children whom a parent names and nobody is": missing, "students whom no parent names": orphans,
        }  # fmt: skip
        return [f"{count:,} {words}" for words, count in told.items() if count]


def from_csv(path: Path, known: Collection[str] = PERSONAS) -> Iterator[Row]:
    """The rows of a file as `entsurge population` writes them, of these personas, one at a time.

    Raises UsageError with line and fault.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise UsageError(f"{path}: columns missing: {', '.join(missing)}; expected {', '.join(COLUMNS)}")
            for row in reader:
                if None in row or None in row.values():
                    raise UsageError(f"{path}: line {reader.line_num}: another number of columns than the first line")
                if row["persona"] not in known:
                    expected = f"expected {', '.join(known)}"
                    raise UsageError(f"{path}: line {reader.line_num}: persona {row['persona']!r}; {expected}")
                yield {name: row[name] for name in COLUMNS}
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not a text file in UTF-8") from None
    except csv.Error as error:
        raise UsageError(f"{path}: no CSV table: {error}") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from None


def from_aaf(entries: Callable[[], Iterable[Entry]]) -> Iterator[Row]:
    """The people of AAF entries as rows. AAF has no logins: the join id stands in, the password is empty.

    The entries are asked for twice: schools and families first, people then. A parent's school is the children's.
    """
    schools: dict[str, Entry] = {}
    subjects: dict[str, str] = {}
    children: dict[str, list[str]] = {}
    school_of: dict[str, str] = {}
    for entry in entries():
        if entry.kind == "EtabEducNat":
            schools[entry.id] = entry
        elif entry.kind == "MatiereEducNat":
            subjects[entry.id] = entry.value("ENTLibelleMatiere")
        elif entry.kind == "Eleve":
            for link in entry.values("ENTElevePersRelEleve"):
                parent, kind = [*link.split("$"), ""][:2]
                if kind in PARENT_LINKS:
                    children.setdefault(parent, []).append(entry.id)
                    school_of[parent] = entry.value("ENTPersonStructRattach")
    for entry in entries():
        if entry.kind in ("Eleve", "PersRelEleve", "PersEducNat"):
            school = schools.get(entry.value("ENTPersonStructRattach") or school_of.get(entry.id, ""))
            yield _row(entry, school, subjects, children.get(entry.id, []))


def _row(entry: Entry, school: Entry | None, subjects: dict[str, str], children: list[str]) -> Row:
    taught = [value.split("$") for value in entry.values("ENTAuxEnsClassesMatieres")]
    classes = [value.partition("$")[2] for value in entry.values("ENTEleveClasses")]
    teaches = any("$ENS$" in role for role in entry.values("ENTPersonFonctions"))
    persona = {"Eleve": "student", "PersRelEleve": "parent"}.get(entry.kind, "teacher" if teaches else "staff")
    return {
        "persona": persona, "login": entry.id, "password": "", "given_name": entry.value("givenName"),
        "family_name": entry.value("sn"), "uai": school.value("ENTStructureUAI") if school else "",
        "school": school.value("ENTStructureNomCourant") if school else "",
        "academy": school.value("ENTServAcAcademie") if school else "",
        "classes": " ".join(classes or [each[1] for each in taught if len(each) > 1]),
        "subject": next((subjects.get(each[2], each[2]) for each in taught if len(each) > 2), ""),
        "children": " ".join(children),
    }  # fmt: skip

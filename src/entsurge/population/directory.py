"""Reads people back, from AAF files or from accounts as CSV: who they are, and whether they agree with each other."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from entsurge.audience.persona import PERSONAS
from entsurge.errors import UsageError
from entsurge.population.accounts import COLUMNS
from entsurge.population.left_out import LeftOut
from entsurge.population.uai import check_uai
from entsurge.spreadsheet import Sheet, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

    from entsurge.population.aaf.entry import Entry

Row = dict[str, str]
PARENT_LINKS = frozenset({"1", "2", "10", "20"})
OLDER_PARENTS = ("ENTEleveParents", "ENTEleveAutoriteParentale")


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
    sheet = Sheet(path, {plain(name): name for name in COLUMNS})
    missing = [name for name in COLUMNS if name not in sheet.columns]
    if missing:
        raise UsageError(f"{path}: columns missing: {', '.join(missing)}; expected {', '.join(COLUMNS)}")
    for row in sheet.sound_rows():
        if row.cells["persona"] not in known:
            expected = f"expected {', '.join(known)}"
            raise UsageError(f"{path}: line {row.line}: persona {row.cells['persona']!r}; {expected}")
        yield {name: row.cells[name] for name in COLUMNS}


def from_aaf(entries: Callable[[], Iterable[Entry]], left_out: LeftOut | None = None) -> Iterator[Row]:
    """The people of AAF entries as rows. AAF has no logins: the join id stands in, the password is empty.

    The entries are asked for twice: schools and families first, people then. A parent's school is the children's.
    `left_out` hears of links to people who are no parents, and of people whose school is in no file.
    """
    told = left_out or LeftOut()
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
            for parent in _parents(entry, told):
                children.setdefault(parent, []).append(entry.id)
                school_of[parent] = _school(entry)
    for entry in entries():
        if entry.kind in ("Eleve", "PersRelEleve", "PersEducNat"):
            school = schools.get(_school(entry) or school_of.get(entry.id, ""))
            if school is None and (entry.kind != "PersRelEleve" or entry.id in children):
                told.add(f"{entry.kind} whose school is in no file", entry.id)
            yield _row(entry, school, subjects, children.get(entry.id, []))


def _school(entry: Entry) -> str:
    """The join id of somebody's school: as it is said, else that of a class or function, else as older exports have it.

    A pupil's `ENTEleveStructRattachId` is a school's id in some of them, and the pupil's own in others.
    """
    within = ("ENTEleveClasses", "ENTEleveGroupes", "ENTPersonFonctions", "ENTAuxEnsClassesMatieres")
    said = [entry.value("ENTPersonStructRattach"), *(entry.value(name).partition("$")[0] for name in within)]
    return next((each for each in (*said, entry.value("ENTEleveStructRattachId")) if each), "")


def _parents(entry: Entry, told: LeftOut) -> list[str]:
    """The join ids of a pupil's parents, by the links or, where there are none, by the attributes that came before."""
    links = [[*link.split("$"), ""][:2] for link in entry.values("ENTElevePersRelEleve") if link]
    for person, kind in links:
        if kind not in PARENT_LINKS:
            told.add("links of Eleve to people who are no parents, left out", f"{person} of {entry.id}, type {kind}")
    found = [person for person, kind in links if kind in PARENT_LINKS]
    older = (each for name in OLDER_PARENTS for each in entry.values(name)) if not links else ()
    return list(dict.fromkeys(each for each in (*found, *older) if each))


def _row(entry: Entry, school: Entry | None, subjects: dict[str, str], children: list[str]) -> Row:
    taught = [value.split("$") for value in entry.values("ENTAuxEnsClassesMatieres")]
    classes = [value.partition("$")[2] for value in entry.values("ENTEleveClasses") if value]
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

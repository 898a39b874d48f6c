"""Continuity of teaching: who came for their work and got it, and which schools got nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Work:
    """Of one persona's visits that planned a page of their work: how many were served one.

    `unmeasured` says why that cannot be known (`read-only`, `no-page`), and is empty where it can.
    """

    came: int
    done: int | None
    per_100: float | None
    unmeasured: str


@dataclass(frozen=True, kw_only=True)
class OthersWork(Work):
    """The same of a persona beside pupils and teachers; `publishes`: only a page that publishes counts as done."""

    persona: str
    publishes: bool


@dataclass(frozen=True)
class CutOff:
    """Schools where nobody who came got a page for over five simulated minutes: how many of those that came, which."""

    count: int
    of: int
    names: list[str]


@dataclass(frozen=True)
class Academy:
    """The same by academy."""

    academy: str
    students_came: int
    students_per_100: float | None
    teachers_came: int
    teachers_per_100: float | None
    schools: int
    schools_cut_off: int


@dataclass(frozen=True)
class Continuity:
    """Of the visits due in the judged window."""

    students: Work
    teachers: Work
    others: list[OthersWork]
    schools_cut_off: CutOff
    by_academy: list[Academy]

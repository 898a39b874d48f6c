"""Audience exports to an observed week: the DNMA's (a row a school and week) and hour × day × profile tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from entsurge.audience.shape import DAYS
from entsurge.calibration import cells
from entsurge.calibration.observed import ALL, HOURS, Observed
from entsurge.calibration.shown import counted, printable
from entsurge.errors import UsageError
from entsurge.spreadsheet import Sheet, first_names, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Kind = Literal["access-log", "dnma", "hours"]
DNMA = {"eleve": "student", "enseignant": "teacher", "parent": "parent", "admin_vie_scol_tech": "staff"}
COLUMNS = {
    "day": ("jour", "jour_semaine", "jour_de_la_semaine", "day", "weekday", "date"),
    "hour": ("heure", "tranche", "tranche_horaire", "hour"),
    "profile": ("profil", "profile", "persona", "categorie", "population", "type"),
    "count": ("connexions", "visites", "visits", "connections", "nombre", "nb", "count", "total"),
}
LONGEST_MEAN_SECONDS = 2 * 3600


def kind_of(path: Path) -> Kind:
    """What a file seems to be, by its first line."""
    names = set(map(_column, first_names(path)))
    if any(name.startswith("visites_") for name in names):
        return "dnma"
    return "hours" if all(names & set(COLUMNS[each]) for each in ("hour", "count")) else "access-log"


def _column(name: str) -> str:
    """A column's name as the DNMA writes it: plain words, joined by underscores."""
    return plain(name).replace(" ", "_")


def _table(path: Path) -> pd.DataFrame:
    """The table as text, its columns named as the DNMA does, by the line in which a row begins.

    Raises UsageError for what is no table, for a row that does not fit, and for a table without rows.
    """
    sheet = Sheet(path, lenient=True)
    lines, rows = [], []
    same: dict[str, str] = {}  # cells repeat themselves: each text is held once
    for row in sheet.sound_rows():
        lines.append(row.line)
        rows.append([same.setdefault(cell, cell) for cell in row.cells.values()])
    if not rows:
        raise UsageError(f"{path}: a header and no row", hint="export it again, with its rows")
    return pd.DataFrame(rows, columns=list(map(_column, sheet.columns)), index=lines, dtype="str")


def dnma(path: Path, *, where: Mapping[str, str] | None = None, week: str | None = None) -> Observed:
    """A week of the DNMA's audience by school (columns debutsemaine, uai, visites_…, duree_…).

    `where` keeps the rows whose columns hold these values; `week` is the Monday wanted, else the busiest week.
    Raises UsageError with every fault.
    """
    table = _table(path)
    personas = {persona: name for name, persona in DNMA.items() if f"visites_{name}" in table}
    missing = [name for name in ("debutsemaine",) if name not in table] + ([] if personas else ["visites_eleve …"])
    if missing:
        raise UsageError(f"{path}: {', '.join(missing)}: missing; columns: {', '.join(table.columns[:20])}")
    table = _kept(table, where or {}, path)
    faults = list(_repeated(table))
    if "uai" in table:
        table = table[~table.duplicated()]
    visits = pd.DataFrame({persona: cells.numbers(table[f"visites_{name}"]) for persona, name in personas.items()})
    weeks = table["debutsemaine"].map(cells.dates(table["debutsemaine"]))
    chosen, number = _week_of(path, weeks, visits, week)
    rows = weeks == chosen
    minutes, reading = _minutes(table[rows], visits[rows], personas)
    mean = {persona: float(visits.loc[rows, persona].sum()) for persona in personas}
    return Observed(
        title=printable(path.name),
        source=f"DNMA export, week of {chosen}, {counted(int(rows.sum()), 'school')}" + _said(where),
        visits={persona: [count / HOURS] * HOURS for persona, count in mean.items()},
        minutes_per_visit=minutes,
        hourly=False,
        notes=[
            f"{counted(number, 'week')} in the export; " + ("chosen" if week else "the busiest one") + f": {chosen}",
            *reading,
            "an export by week knows neither pages nor hours: those of the baseline stand in",
        ],
        unexplained=[*faults, *_undated(weeks), *_unread(table, visits, personas)],
    )


def _kept(table: pd.DataFrame, where: Mapping[str, str], path: Path) -> pd.DataFrame:
    for name, value in where.items():
        if _column(name) not in table:
            raise UsageError(f"{path}: --where {name}: no such column; columns: {', '.join(table.columns[:20])}")
        table = table[table[_column(name)].map(plain) == plain(value)]
        if not len(table):
            raise UsageError(f"{path}: --where {name}={value}: no row")
    return table


def _repeated(table: pd.DataFrame) -> Iterator[str]:
    """Rows that name a school and week again: the same ones count once, others are added up."""
    if "uai" not in table:
        return
    same = table.duplicated()
    if same.any():
        yield f"{counted(int(same.sum()), 'row')} given twice, the first in line {table.index[same][0]}: counted once"
    once = table[~same]
    other = once.duplicated(subset=[name for name in once if not str(name).startswith(("visites_", "duree_"))])
    if other.any():
        yield (
            f"{counted(int(other.sum()), 'row')} for a school and week again, with other figures, the first in line "
            f"{once.index[other][0]}: added up"
        )


def _week_of(path: Path, weeks: pd.Series[Any], visits: pd.DataFrame, wanted: str | None) -> tuple[str, int]:
    """The week wanted, else the busiest, and how many there are. Raises UsageError without a visit in it."""
    if wanted is not None and cells.iso(wanted) is None:
        raise UsageError(f"--week {wanted}: no date such as 2026-01-12")
    totals = visits.sum(axis=1).groupby(weeks).sum()
    if not len(totals):
        raise UsageError(f"{path}: line {weeks.index[0]}: debutsemaine: no date such as 2026-01-12 or 12/01/2026")
    chosen = cells.iso(wanted) if wanted else str(totals.idxmax())
    if not totals.get(chosen):
        first, last = totals.index.min(), totals.index.max()
        raise UsageError(f"{path}: no visits in the week of {chosen}; weeks from {first} to {last}")
    return str(chosen), len(totals)


def _undated(weeks: pd.Series[Any]) -> Iterator[str]:
    bad = weeks.isna()
    if bad.any():
        yield f"{counted(int(bad.sum()), 'row')} without a date, the first in line {weeks.index[bad][0]}"


def _said(where: Mapping[str, str] | None) -> str:
    return "".join(f", {name} = {value}" for name, value in (where or {}).items())


def _minutes(table: pd.DataFrame, visits: pd.DataFrame, personas: Mapping[str, str]) -> tuple[float | None, list[str]]:
    """Minutes per visit; durations that no single visit lasts are taken for a week's total."""
    present = {persona: f"duree_{name}" for persona, name in personas.items() if f"duree_{name}" in table}
    if not present:
        return None, ["no durations in the export"]
    seconds = pd.DataFrame({persona: cells.seconds(table[name]) for persona, name in present.items()})
    counts = visits[list(present)].where(seconds.notna())
    if not counts.to_numpy(na_value=0).sum():
        return None, ["durations in the export, none that can be read"]
    totals = float(np.nanquantile(seconds.to_numpy(), 0.9)) > LONGEST_MEAN_SECONDS
    whole = float(seconds.sum().sum()) if totals else float((seconds * counts).sum().sum())
    said = "durations taken for totals of the week" if totals else "durations taken for means per visit"
    return whole / float(counts.sum().sum()) / 60, [said]


def _unread(table: pd.DataFrame, visits: pd.DataFrame, personas: Mapping[str, str]) -> Iterator[str]:
    for persona, name in personas.items():
        bad = visits[persona].isna() & (table[f"visites_{name}"].str.strip() != "")
        if bad.any():
            where = f"the first in line {table.index[bad][0]}"
            yield f"{counted(int(bad.sum()), 'value')} of visites_{name} without a number, {where}"


def hours(path: Path) -> Observed:
    """A table of connections by hour, day and perhaps profile. Raises UsageError for what is none."""
    table = _table(path)
    names = {each: next((name for name in known if name in table), None) for each, known in COLUMNS.items()}
    missing = [each for each in ("day", "hour", "count") if names[each] is None]
    if missing:
        expected = "; ".join(f"{each}: one of {', '.join(COLUMNS[each])}" for each in missing)
        raise UsageError(f"{path}: columns missing: {expected}; found: {', '.join(table.columns[:20])}")
    profiles = table[names["profile"]] if names["profile"] else pd.Series("", index=table.index)
    dated = [cells.day(text) for text in table[names["day"]]]
    read = pd.DataFrame(
        {"day": [day for day, _ in dated], "date": [date for _, date in dated],
         "hour": [cells.hour(text) for text in table[names["hour"]]],
         "persona": [cells.persona(text) for text in profiles], "count": cells.numbers(table[names["count"]])}
    )  # fmt: skip
    good = read.dropna(subset=["day", "hour", "count"])
    again = good[table.duplicated()[good.index] & (good["count"] > 1)]  # lists of single connections repeat themselves
    once = good.drop(again.index)
    if not len(once) or not once["count"].sum():
        raise UsageError(f"{path}: no row with a day, an hour from 0 to 23 and a number of connections")
    days = once.groupby("day")["date"].nunique().clip(lower=1)
    unknown = profiles[(read["persona"] == ALL) & (profiles != "")]
    return Observed(
        title=printable(path.name),
        source="export of connections by hour and day",
        visits={str(name): _week(of, days) for name, of in once.groupby("persona")},
        notes=[f"{counted(int(days.sum()), 'day')} in the export; connections are taken for visits",
               "an export of connections knows no pages: those of the baseline stand in"],
        unexplained=list(_left_aside(read.index.difference(good.index), again.index, unknown)),
    )  # fmt: skip


def _left_aside(bad: pd.Index[Any], again: pd.Index[Any], profiles: pd.Series[Any]) -> Iterator[str]:
    if len(bad):
        yield f"{counted(len(bad), 'row')} without a day, an hour or a number, the first in line {bad[0]}"
    if len(again):
        yield f"{counted(len(again), 'row')} given twice, the first in line {again[0]}: counted once"
    if len(profiles):
        yield f"profiles that are none of the four: {printable(', '.join(sorted(set(profiles))[:10]))}"


def _week(of: pd.DataFrame, days: pd.Series[Any]) -> list[float]:
    """168 means per week: the connections of an hour ÷ the number of such days in the export."""
    counted = of.groupby(["day", "hour"])["count"].sum()
    return [
        float(counted.get((day, hour), 0.0)) / float(days.get(day, 1)) for day in range(len(DAYS)) for hour in range(24)
    ]

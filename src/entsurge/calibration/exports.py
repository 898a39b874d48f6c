"""Audience exports to an observed week: the DNMA's (a row a school and week) and hour × day × profile tables."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from entsurge.audience.persona import PERSONAS
from entsurge.audience.shape import DAYS
from entsurge.calibration.observed import ALL, HOURS, Observed
from entsurge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Kind = Literal["access-log", "dnma", "hours"]
DNMA = {"eleve": "student", "enseignant": "teacher", "parent": "parent", "admin_vie_scol_tech": "staff"}
COLUMNS = {
    "day": ("jour", "jour_semaine", "jour_de_la_semaine", "day", "weekday", "date"),
    "hour": ("heure", "tranche", "tranche_horaire", "hour"),
    "profile": ("profil", "profile", "persona", "categorie", "population", "type"),
    "count": ("connexions", "visites", "visits", "connections", "nombre", "nb", "count", "total"),
}
JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
DAY_NAMES = {name: number for names in (DAYS, JOURS) for number, name in enumerate(names)}
PROFILES = (
    (r"eleve|student|pupil", "student"), (r"enseign|prof|teacher", "teacher"),
    (r"parent|respons|relative|famille", "parent"), (r"person|admin|vie|staff|direction|agent", "staff"),
)  # fmt: skip
LONGEST_MEAN_SECONDS = 2 * 3600


def kind_of(path: Path) -> Kind:
    """What a file seems to be, by its first line."""
    try:
        with path.open("rb") as stream:
            head = stream.readline(65_536)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from None
    names = {plain(_text(name)) for name in re.split(rb"[;,\t]", head.removeprefix(b"\xef\xbb\xbf"))}
    if any(name.startswith("visites_") for name in names):
        return "dnma"
    return "hours" if all(names & set(COLUMNS[each]) for each in ("hour", "count")) else "access-log"


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def plain(text: object) -> str:
    """Lower case, without accents, quotes and surrounding space; words joined by an underscore."""
    letters = unicodedata.normalize("NFKD", str(text).strip().strip('"').lower())
    return re.sub(r"[^a-z0-9]+", "_", "".join(each for each in letters if not unicodedata.combining(each))).strip("_")


def _table(path: Path) -> pd.DataFrame:
    """The table as text, its column names plain. Raises UsageError for what is no table."""
    raw = path.read_bytes()
    if b"\x00" in raw[:65_536]:
        raise UsageError(f"{path}: binary; expected a CSV table")
    head = raw.split(b"\n", 1)[0]
    separator = max(";,\t", key=lambda sign: head.count(sign.encode()))
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            table = pd.read_csv(path, sep=separator, dtype=str, encoding=encoding, keep_default_na=False)
        except UnicodeDecodeError:
            continue
        except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
            raise UsageError(f"{path}: no CSV table: {error}") from None
        return table.rename(columns=plain)
    raise UsageError(f"{path}: neither UTF-8 nor Windows-1252")


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
    visits = pd.DataFrame({persona: _numbers(table[f"visites_{name}"]) for persona, name in personas.items()})
    weeks = table["debutsemaine"].str[:10]
    totals = visits.sum(axis=1).groupby(weeks).sum()
    chosen = week or str(totals.idxmax())
    rows = weeks == chosen
    if not rows.any() or not totals[chosen]:
        raise UsageError(f"{path}: no visits in the week of {chosen}; weeks from {weeks.min()} to {weeks.max()}")
    minutes, reading = _minutes(table[rows], visits[rows], personas)
    mean = {persona: float(visits.loc[rows, persona].sum()) for persona in personas}
    return Observed(
        title=path.name,
        source=f"DNMA export, week of {chosen}, {int(rows.sum()):,} schools" + _said(where),
        visits={persona: [count / HOURS] * HOURS for persona, count in mean.items()},
        minutes_per_visit=minutes,
        hourly=False,
        notes=[
            f"{len(totals)} weeks in the export; " + ("chosen" if week else "the busiest one") + f": {chosen}",
            *reading,
            "an export by week knows neither pages nor hours: those of the baseline stand in",
        ],
        unexplained=_unread(table, visits, personas),
    )


def _kept(table: pd.DataFrame, where: Mapping[str, str], path: Path) -> pd.DataFrame:
    for name, value in where.items():
        if plain(name) not in table:
            raise UsageError(f"{path}: --where {name}: no such column; columns: {', '.join(table.columns[:20])}")
        table = table[table[plain(name)].map(plain) == plain(value)]
        if not len(table):
            raise UsageError(f"{path}: --where {name}={value}: no row")
    return table


def _said(where: Mapping[str, str] | None) -> str:
    return "".join(f", {name} = {value}" for name, value in (where or {}).items())


def _numbers(column: pd.Series[Any]) -> pd.Series[Any]:
    """Counts as numbers: spaces between thousands and decimal commas are read, anything else is missing."""
    cleaned = column.str.replace(r"[\s\u00a0\u202f]", "", regex=True).str.replace(",", ".")
    numbers = pd.to_numeric(cleaned, errors="coerce")
    return numbers.where(numbers >= 0)


def _seconds(column: pd.Series[Any]) -> pd.Series[Any]:
    """HH:MM:SS as seconds; missing where it is none."""
    parts = column.str.extract(r"^(\d+):([0-5]?\d):([0-5]?\d)$").astype(float)
    return parts[0] * 3600 + parts[1] * 60 + parts[2]


def _minutes(table: pd.DataFrame, visits: pd.DataFrame, personas: Mapping[str, str]) -> tuple[float | None, list[str]]:
    """Minutes per visit; durations that no single visit lasts are taken for a week's total."""
    present = {persona: f"duree_{name}" for persona, name in personas.items() if f"duree_{name}" in table}
    if not present:
        return None, ["no durations in the export"]
    seconds = pd.DataFrame({persona: _seconds(table[name]) for persona, name in present.items()})
    counts = visits[list(present)].where(seconds.notna())
    if not counts.to_numpy(na_value=0).sum():
        return None, ["durations in the export, none that can be read"]
    totals = float(np.nanquantile(seconds.to_numpy(), 0.9)) > LONGEST_MEAN_SECONDS
    whole = float(seconds.sum().sum()) if totals else float((seconds * counts).sum().sum())
    said = "durations taken for totals of the week" if totals else "durations taken for means per visit"
    return whole / float(counts.sum().sum()) / 60, [said]


def _unread(table: pd.DataFrame, visits: pd.DataFrame, personas: Mapping[str, str]) -> list[str]:
    found = []
    for persona, name in personas.items():
        unread = int((visits[persona].isna() & (table[f"visites_{name}"].str.strip() != "")).sum())
        if unread:
            found.append(f"{unread:,} values of visites_{name} are no numbers")
    return found


def hours(path: Path) -> Observed:
    """A table of connections by hour, day and perhaps profile. Raises UsageError for what is none."""
    table = _table(path)
    names = {each: next((name for name in known if name in table), None) for each, known in COLUMNS.items()}
    missing = [each for each in ("day", "hour", "count") if names[each] is None]
    if missing:
        expected = "; ".join(f"{each}: one of {', '.join(COLUMNS[each])}" for each in missing)
        raise UsageError(f"{path}: columns missing: {expected}; found: {', '.join(table.columns[:20])}")
    profile = table[names["profile"]].map(_persona) if names["profile"] else pd.Series(ALL, index=table.index)
    dates = table[names["day"]].map(_day)
    read = pd.DataFrame(
        {"day": dates.str[0], "date": dates.str[1], "hour": table[names["hour"]].map(_hour),
         "persona": profile, "count": _numbers(table[names["count"]])}
    )  # fmt: skip
    good = read.dropna(subset=["day", "hour", "count"])
    if not len(good) or not good["count"].sum():
        raise UsageError(f"{path}: no row with a day, an hour from 0 to 23 and a number of connections")
    days = good.groupby("day")["date"].nunique().clip(lower=1)
    visits = {str(name): _week(of, days) for name, of in good.groupby("persona")}
    bad = len(read) - len(good)
    unknown = sorted(set(table.loc[profile == ALL, names["profile"]])) if names["profile"] else []
    return Observed(
        title=path.name,
        source="export of connections by hour and day",
        visits=visits,
        notes=[f"{int(days.sum())} days in the export; connections are taken for visits",
               "an export of connections knows no pages: those of the baseline stand in"],
        unexplained=([f"{bad:,} rows without a day, an hour or a number"] if bad else [])
        + ([f"profiles that are none of the four: {', '.join(map(str, unknown[:10]))}"] if unknown else []),
    )  # fmt: skip


def _week(of: pd.DataFrame, days: pd.Series[Any]) -> list[float]:
    """168 means per week: the connections of an hour ÷ the number of such days in the export."""
    counted = of.groupby(["day", "hour"])["count"].sum()
    return [
        float(counted.get((day, hour), 0.0)) / float(days.get(day, 1)) for day in range(len(DAYS)) for hour in range(24)
    ]


def _persona(text: str) -> str:
    found = plain(text)
    if found in PERSONAS:
        return found
    return next((persona for pattern, persona in PROFILES if re.search(pattern, found)), ALL)


def _day(text: str) -> tuple[float | None, str]:
    """The day of the week (0 Monday) of a name, a number from 1 to 7 or a date; and the date, if it is one."""
    name = plain(text)
    if name in DAY_NAMES:
        return DAY_NAMES[name], name
    if re.fullmatch(r"[1-7]", name):
        return int(name) - 1, name
    for pattern, form in ((r"\d{4}-\d{2}-\d{2}", "%Y-%m-%d"), (r"\d{2}/\d{2}/\d{4}", "%d/%m/%Y")):
        if found := re.match(pattern, text.strip()):
            date = pd.to_datetime(found[0], format=form, errors="coerce")
            return (None, "") if pd.isna(date) else (int(date.day_of_week), found[0])
    return None, ""


def _hour(text: str) -> float | None:
    """The hour that begins a slot: 8, 08h, 08:00, 8h-9h."""
    found = re.match(r"\s*(\d{1,2})\s*(?:[hH:]|-|–|$)", text)
    return int(found[1]) if found and int(found[1]) < 24 else None

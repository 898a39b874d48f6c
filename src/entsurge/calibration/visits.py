"""Page views to visits: a visit ends after thirty minutes of silence, as audience measurement has it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pandas as pd

from entsurge.audience.persona import PERSONAS
from entsurge.audience.shape import SERVICES
from entsurge.calibration.access_log import asking
from entsurge.calibration.observed import ALL, HOURS, Observed
from entsurge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from entsurge.calibration.access_log import AccessLog, Counts

STEP = 300  # seconds; every time zone's offset is a multiple of it
QUANTILES = ("p10", "p25", "p50", "p75", "p90")
LESSON_HOURS = range(8, 17)
FEW_VISITS = 100
WHY = {
    "binary": "binary, or not in UTF-8",
    "json": "no JSON, or without a time and a path where the rules look",
    "format": "neither combined nor JSON",
    "date": "a date that cannot be read",
    "request": "no request line",
}
NO_PAGES = {
    "asset": "assets", "background": "background requests", "sign-on": "sign-on", "bot": "bots",
    "form": "forms sent (other methods than GET)", "redirect": "redirects", "refused": "refused (4xx)",
    "failed": "failed (5xx)",
}  # fmt: skip


@asking()
def observe(log: AccessLog, files: Sequence[Path]) -> Observed:
    """The mean week of a log that has been read. Raises UsageError when it holds no page view."""
    counts = log.counts
    ours = log.database.execute("SELECT count(*) FROM hits").fetchall()[0][0]
    nameless = counts.kinds["page"] - ours
    if not ours or counts.first_second is None or counts.last_second is None:
        raise UsageError(
            f"{', '.join(map(str, files))}: no page view found in {counts.lines:,} lines\n"
            + "\n".join(unexplained(counts, nameless)),
            hint="name your own paths in a file of rules: entsurge calibrate --rules ./ours.toml",
        )
    _make_visits(log)
    hours = covered_hours(counts.first_second, counts.last_second, log.rules.timezone)
    starts, weeks = _starts(log), sum(hours) / HOURS
    gaps = {persona: of for persona in (*PERSONAS, ALL) if (of := _gaps(log, persona))}
    found = Observed(
        title=", ".join(path.name for path in files),
        source=f"access logs from {_day(counts.first_second, log)} to {_day(counts.last_second, log)}",
        visits=_per_week(starts, hours),
        bell_percent=_bell(starts),
        gap_seconds={persona: of["mean"] for persona, of in gaps.items()},
        gap_quantiles={persona: {name: of[name] for name in of if name != "mean"} for persona, of in gaps.items()},
        unexplained=unexplained(counts, nameless),
    )
    _mix(log, found, weeks, starts)
    _note(log, found, hours, starts)
    return found


def _make_visits(log: AccessLog) -> None:
    """The tables `views` (a page view, its visit's start, the time since the one before) and `who` (a visitor)."""
    silence = log.rules.silence_minutes * 60
    log.database.execute(
        """
        CREATE OR REPLACE TEMP TABLE views AS
        SELECT visitor, second, service, gap, first_value(second) OVER (PARTITION BY visitor, visit) AS start
        FROM (SELECT *, sum((gap IS NULL)::INT) OVER (PARTITION BY visitor ORDER BY second
                            ROWS UNBOUNDED PRECEDING) AS visit
              FROM (SELECT visitor, second, service, CASE WHEN since <= ? THEN since END AS gap
                    FROM (SELECT *, second - lag(second) OVER (PARTITION BY visitor ORDER BY second) AS since
                          FROM hits)))
        """,
        [silence],
    )
    log.database.execute("""
        CREATE OR REPLACE TEMP TABLE who AS
        SELECT visitor, coalesce(mode(nullif(persona, 0)), 0) AS persona,
               count(DISTINCT nullif(persona, 0)) > 1 AS told_twice FROM hits GROUP BY visitor
    """)


def _starts(log: AccessLog) -> pd.DataFrame:
    """Visits by persona and five minutes of local time: columns persona, day (0 Monday), hour, minute, date, count."""
    rows = log.database.execute(
        """
        SELECT persona, start // $step * $step AS second, count(*) AS count
        FROM views JOIN who USING (visitor) WHERE gap IS NULL GROUP BY ALL
        """,
        {"step": STEP},
    ).df()
    local = pd.to_datetime(rows["second"], unit="s", utc=True).dt.tz_convert(log.rules.timezone)
    names = dict(enumerate((ALL, *PERSONAS)))
    return rows.assign(
        persona=rows["persona"].map(names), day=local.dt.day_of_week, hour=local.dt.hour, minute=local.dt.minute,
        date=local.dt.date,
    )  # fmt: skip


def covered_hours(first: int, last: int, timezone: str) -> list[float]:
    """How many hours of each hour of the week lie between two instants, in local time; days of 23 and 25 hours too."""
    steps = pd.Series(range(first // STEP, last // STEP + 1)) * STEP
    local = pd.to_datetime(steps, unit="s", utc=True).dt.tz_convert(timezone)
    counted = (local.dt.day_of_week * 24 + local.dt.hour).value_counts()
    return [float(counted.get(hour, 0)) * STEP / 3600 for hour in range(HOURS)]


def _per_week(starts: pd.DataFrame, hours: list[float]) -> dict[str, list[float]]:
    """Visits of each hour of the week, per week: what was counted ÷ how often that hour was observed."""
    result: dict[str, list[float]] = {}
    for persona, of in starts.groupby("persona"):
        counted = of.groupby(of["day"] * 24 + of["hour"])["count"].sum()
        result[str(persona)] = [
            float(counted.get(hour, 0)) / hours[hour] if hours[hour] else 0.0 for hour in range(HOURS)
        ]
    return result


def _bell(starts: pd.DataFrame) -> float | None:
    """The share of arrivals in the first ten minutes of lesson hours on weekdays, in percent."""
    lessons = starts[(starts["day"] < 5) & starts["hour"].isin(LESSON_HOURS)]
    total = int(lessons["count"].sum())
    early = int(lessons.loc[lessons["minute"] < 10, "count"].sum())
    return 100 * early / total if total >= FEW_VISITS else None


def _gaps(log: AccessLog, persona: str) -> dict[str, float]:
    """Mean and quantiles of the time from a page to the next within a visit, in seconds; empty without any."""
    number = (ALL, *PERSONAS).index(persona)
    mean, quantiles = log.database.execute(
        """
        SELECT avg(gap), quantile_cont(gap, [0.1, 0.25, 0.5, 0.75, 0.9])
        FROM views JOIN who USING (visitor) WHERE gap IS NOT NULL AND persona = ?
        """,
        [number],
    ).fetchall()[0]
    return {"mean": mean, **dict(zip(QUANTILES, quantiles, strict=True))} if mean is not None else {}


def _mix(log: AccessLog, found: Observed, weeks: float, starts: pd.DataFrame) -> None:
    """Page views and their services per persona, scaled to the same mean week as the visits."""
    names: dict[int, str] = dict(enumerate((ALL, *PERSONAS)))
    counted = starts.groupby("persona")["count"].sum()
    rows: list[tuple[int, int, int]] = log.database.execute(
        "SELECT persona, service, count(*) FROM views JOIN who USING (visitor) GROUP BY ALL"
    ).fetchall()
    for number, service, count in rows:
        persona = names[number]
        per_visit = count / float(counted[persona]) if persona in counted else count / weeks
        mean = per_visit * sum(found.visits.get(persona, ()))
        found.pages[persona] = found.pages.get(persona, 0.0) + mean
        found.mix.setdefault(persona, {})[SERVICES[service]] = mean


def _note(log: AccessLog, found: Observed, hours: list[float], starts: pd.DataFrame) -> None:
    """What a reader must know of these figures."""
    observed = sum(hours) / 24
    found.notes.append(f"{observed:.1f} days observed, {int(starts['count'].sum()):,} visits: means per week are given")
    unseen = sum(hour == 0 for hour in hours)
    if unseen:
        found.notes.append(f"{unseen} of the week's 168 hours were never observed; their weight is 0")
    short = sum(0 < hour < 1 for hour in hours)
    if short:
        found.notes.append(
            f"{short} hours of the week were observed in part only: their visits are scaled up to an hour"
        )
    first, last = (_day(second, log) for second in (log.counts.first_second, log.counts.last_second))
    silent = len(pd.date_range(first, last)) - starts["date"].nunique()
    if silent:
        found.notes.append(f"{silent} days between the first and the last line saw no visit at all")
    twice = log.database.execute("SELECT count(*) FILTER (told_twice) FROM who").fetchall()[0][0]
    if twice:
        found.notes.append(f"{twice:,} visitors were told to be of several personas; the most frequent was taken")
    night = sum(found.curve(ALL)[hour] for hour in range(HOURS) if hour % 24 < 6)
    found.notes.append(f"{night / found.visits_per_week:.1%} of visits came from 00 to 06 h; a profile gives them 1 %")


def unexplained(counts: Counts, nameless: int = 0) -> list[str]:
    """Every kind of line that is no page view, with count and share; unparsed ones with file, reason, first line.

    `nameless` page views have no user, where the rules count users alone.
    """
    told = [
        f"{counts.kinds[kind]:,} lines ({counts.kinds[kind] / counts.lines:.1%}): {words}"
        for kind, words in NO_PAGES.items()
        if counts.kinds[kind]
    ]
    if nameless:
        told.append(f"{nameless:,} page views name no user, and the rules count users alone")
    if unknown := counts.kinds["unknown"]:
        shapes = ", ".join(f"{shape} ({number:,})" for shape, number in counts.unknown_shapes.most_common(8))
        share = unknown / counts.lines
        told.append(f"{unknown:,} lines ({share:.1%}) are pages that no rule knows, not counted: {shapes}")
    for (file, reason), number in counts.unparsed.most_common(20):
        first = counts.first_line[file, reason]
        told.append(f"{number:,} lines of {file} could not be parsed, the first is line {first}: {WHY[reason]}")
    return told


def _day(second: int | None, log: AccessLog) -> Any:
    return datetime.fromtimestamp(second or 0, ZoneInfo(log.rules.timezone)).date()

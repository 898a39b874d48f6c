"""Page views to visits: a visit ends after thirty minutes of silence, as audience measurement has it."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pandas as pd

from entsurge.audience.persona import PERSONAS
from entsurge.audience.shape import SERVICES
from entsurge.calibration import coverage
from entsurge.calibration.access_log import asking
from entsurge.calibration.observed import ALL, HOURS, Observed
from entsurge.calibration.plausibility import FORWARDED, doubts
from entsurge.calibration.shown import counted, printable
from entsurge.calibration.unexplained import hint, read_as, unexplained
from entsurge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from entsurge.calibration.access_log import AccessLog
    from entsurge.calibration.coverage import Stretch

QUANTILES = ("p10", "p25", "p50", "p75", "p90")
LESSON_HOURS = range(8, 17)
FEW_VISITS = 100
MOST_STRETCHES = 3


@asking()
def observe(log: AccessLog, files: Sequence[Path]) -> Observed:
    """The mean week of a log that has been read.

    Raises UsageError when it holds no page view, or nothing that tells visitors apart.
    """
    counts = log.counts
    ours = log.database.execute("SELECT count(*) FROM hits").fetchall()[0][0]
    nameless, users = counts.kinds["page"] - ours, log.rules.visitor == "user"
    if not ours and nameless and not users:
        raise UsageError(
            f"{nameless:,} page views came without an address, and no user is named: visitors cannot be told apart",
            hint=FORWARDED,
        )
    if not ours:
        raise UsageError(
            f"{', '.join(map(str, files))}: no page view found in {counts.lines:,} lines\n"
            + "\n".join(unexplained(counts, nameless, users=users)),
            hint=hint(counts),
        )
    _make_visits(log)
    logged = coverage.stretches(counts.days)
    hours, starts = coverage.covered(logged, log.rules.timezone), _starts(log)
    judged = coverage.judged(hours)
    visits = _per_week(starts, judged) or _per_week(starts, coverage.weighed(hours))
    gaps = {persona: of for persona in (*PERSONAS, ALL) if (of := _gaps(log, persona))}
    found = Observed(
        title=printable(", ".join(path.name for path in files)),
        source=f"access logs {_stretches(logged, log)}",
        visits=visits,
        bell_percent=_bell(starts),
        gap_seconds={persona: of["mean"] for persona, of in gaps.items()},
        gap_quantiles={persona: {name: of[name] for name in of if name != "mean"} for persona, of in gaps.items()},
        unexplained=unexplained(counts, nameless, users=users),
    )
    found.doubts += doubts(log, found, set(judged["hour"]))
    _mix(log, found, starts)
    _note(log, found, judged, logged, starts)
    return found


def _make_visits(log: AccessLog) -> None:
    """The tables `views` (a page view, its visit's start, the time since the one before) and `who` (a visitor).

    `moved` tells of a page view whether it came from another address than the one before it in its visit. Pages of the
    same second follow each other as they stand in the files; of personas told equally often the first of PERSONAS
    counts.
    """
    silence = log.rules.silence_minutes * 60
    log.database.execute(
        """
        CREATE OR REPLACE TEMP TABLE views AS
        SELECT visitor, second, service, gap, moved AND gap IS NOT NULL AS moved,
               min(second) OVER (PARTITION BY visitor, visit) AS start
        FROM (SELECT *, sum((gap IS NULL)::INT) OVER (PARTITION BY visitor ORDER BY second, position
                            ROWS UNBOUNDED PRECEDING) AS visit
              FROM (SELECT visitor, second, position, service, CASE WHEN since <= ? THEN since END AS gap, moved
                    FROM (SELECT visitor, second, position, service, second - lag(second) OVER whose AS since,
                                 address <> lag(address) OVER whose AS moved
                          FROM hits WINDOW whose AS (PARTITION BY visitor ORDER BY second, position))))
        """,
        [silence],
    )
    log.database.execute("""
        CREATE OR REPLACE TEMP TABLE who AS
        SELECT visitor, coalesce(arg_max(persona, [pages, -persona]) FILTER (persona > 0), 0) AS persona,
               count(*) FILTER (persona > 0) > 1 AS told_twice
        FROM (SELECT visitor, persona::BIGINT AS persona, count(*) AS pages FROM hits GROUP BY ALL) GROUP BY visitor
    """)


def _starts(log: AccessLog) -> pd.DataFrame:
    """Visits by persona and five minutes of local time: columns persona, day (0 Monday), hour, minute, date, count.

    `began` is the second of UTC at which the local hour began.
    """
    rows = log.database.execute(
        """
        SELECT persona, start // $step * $step AS second, count(*) AS count
        FROM views JOIN who USING (visitor) WHERE gap IS NULL GROUP BY ALL ORDER BY ALL
        """,
        {"step": coverage.STEP},
    ).df()
    local = pd.to_datetime(rows["second"], unit="s", utc=True).dt.tz_convert(log.rules.timezone)
    names = dict(enumerate((ALL, *PERSONAS)))
    return rows.assign(
        persona=rows["persona"].map(names), day=local.dt.day_of_week, hour=local.dt.hour, minute=local.dt.minute,
        date=local.dt.date, began=rows["second"] - local.dt.minute * 60,
    )  # fmt: skip


def _per_week(starts: pd.DataFrame, hours: pd.DataFrame) -> dict[str, list[float]]:
    """Visits of each hour of the week, per week: what was counted in the hours judged ÷ how many there are."""
    counted = starts.join(hours.rename(columns={"hour": "of_week"}), on="began", how="inner")
    mean = (counted["count"] / counted["weight"]).groupby([counted["persona"], counted["of_week"]]).sum()
    result = {
        str(persona): [float(mean.get((persona, hour), 0.0)) for hour in range(HOURS)]
        for persona in starts["persona"].unique()
    }
    return {persona: of for persona, of in result.items() if sum(of)}


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


def _mix(log: AccessLog, found: Observed, starts: pd.DataFrame) -> None:
    """Page views and their services per persona, scaled to the same mean week as the visits."""
    names: dict[int, str] = dict(enumerate((ALL, *PERSONAS)))
    counted = starts.groupby("persona")["count"].sum()
    rows: list[tuple[int, int, int]] = log.database.execute(
        "SELECT persona, service, count(*) FROM views JOIN who USING (visitor) GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    for number, service, count in rows:
        persona = names[number]
        if persona in found.visits:
            mean = count / float(counted[persona]) * sum(found.visits[persona])
            found.pages[persona] = found.pages.get(persona, 0.0) + mean
            found.mix.setdefault(persona, {})[SERVICES[service]] = mean


def _note(
    log: AccessLog, found: Observed, hours: pd.DataFrame, logged: list[Stretch], starts: pd.DataFrame
) -> None:  # fmt: skip
    """What a reader must know of these figures."""
    observed = sum(last - first for first, last in logged) / 86_400
    found.notes += read_as(log.counts)
    found.notes.append(
        f"{observed:.1f} days observed, {counted(int(starts['count'].sum()), 'visit')}: means per week are given"
    )
    unseen = HOURS - hours["hour"].nunique()
    if unseen:
        found.notes.append(f"{unseen} of the week's 168 hours were never observed; their weight is 0")
    partly = hours.loc[hours["share"] < 1, "hour"].nunique()
    if partly:
        found.notes.append(f"observed in part only, visits given as counted: {counted(partly, 'hour')} of the week")
    silent = sum(len(pd.date_range(_day(first, log), _day(last, log))) for first, last in logged)
    silent -= starts["date"].nunique()
    if silent > 0:
        found.notes.append(f"between the first and the last line, without any visit: {counted(silent, 'day')}")
    if len(logged) > 1:
        found.notes.append(
            f"{counted(len(logged) - 1, 'gap')} of more than {coverage.SILENT_DAYS} days without a line: not observed"
        )
    twice = log.database.execute("SELECT count(*) FILTER (told_twice) FROM who").fetchall()[0][0]
    if twice:
        found.notes.append(f"told to be of several personas, the most frequent taken: {counted(twice, 'visitor')}")
    night = sum(found.curve(ALL)[hour] for hour in range(HOURS) if hour % 24 < 6)
    found.notes.append(f"{night / found.visits_per_week:.1%} of visits came from 00 to 06 h; a profile gives them 1 %")


def _stretches(logged: list[Stretch], log: AccessLog) -> str:
    """The days that were logged, in words."""
    shown = [f"from {_day(first, log)} to {_day(last, log)}" for first, last in logged[:MOST_STRETCHES]]
    return ", ".join(shown) + (f" and {len(logged) - MOST_STRETCHES} more" if len(logged) > MOST_STRETCHES else "")


def _day(second: int, log: AccessLog) -> date:
    return datetime.fromtimestamp(second, ZoneInfo(log.rules.timezone)).date()

"""Error budgets: how fast a campaign of runs spends what an availability leaves, and how much of a month's is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.analysis import proportion
from entsurge.analysis.objectives import readable
from entsurge.analysis.validity import broken, lights
from entsurge.audience.objective import Must
from entsurge.audience.strict import minutes
from entsurge.errors import UsageError
from entsurge.findings.budget import ErrorBudget, Spent
from entsurge.findings.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entsurge.record.reading.run import Run

CUT_SHORT = Statement("not-to-its-end")


def promised(runs: Sequence[Run]) -> float:
    """The one availability that the runs' own objectives promise for all services. Raises UsageError."""
    found = {
        must.bound
        for run in runs
        for each, must in readable(run)
        if must.measure == "availability" and each["service"] == "*"
    }
    if len(found) != 1:
        said = ", ".join(f"{100 * each:g} %" for each in sorted(found)) or "none"
        raise UsageError(
            f"the runs' objectives promise no one availability ({said})",
            hint="say which: --availability 99.5, or a contract's: --objectives ./contract.toml",
        )
    return found.pop()


def budget(runs: Sequence[Run], availability: float, hours_a_month: float | None = None) -> ErrorBudget:
    """The campaign's budget: burn rate = share of pages not served ÷ (1 − availability), first attempts, warm-up apart.

    A month's budget are the minutes of guaranteed hours in which everything may fail; a window spends as many of its
    own (the day's) as the share of its pages that was not served. Raises ValueError unless availability leaves a share.
    """
    if not 0 < availability < 1:
        raise ValueError("an availability above 0 and under 100 %: 100 leaves no budget")
    leaves = 1 - availability
    fewest = Must("availability", ">=", availability).fewest
    spent = [_spent(run, leaves, fewest, told=hours_a_month is not None) for run in runs]
    counted = [each for each in spent if not each.left_out]
    asked = sum(each.asked for each in counted)
    burn = sum(each.not_served for each in counted) / asked / leaves if asked >= fewest else None
    month = None if hours_a_month is None else 60 * hours_a_month * leaves
    return ErrorBudget(
        availability=availability, fewest=fewest, runs=spent, burn=burn, month_minutes=month,
        spent_minutes=None if month is None else sum(each.minutes or 0.0 for each in counted),
        lasts_hours=hours_a_month / burn if hours_a_month and burn else None,
    )  # fmt: skip


def _spent(run: Run, leaves: float, fewest: int, *, told: bool) -> Spent:
    of = run.tally.count(kind="page", phase=str(run.window["name"]), persona="*", service="*")
    asked = of["ok"] + of["shed"] + of["failed"]
    lost = asked - of["ok"]
    enough = asked >= fewest
    window = run.manifest["window"]
    day_minutes = minutes(str(window["to"])) - minutes(str(window["from"]))
    reasons = tuple(light.said for light in broken(lights(run)))
    if (run.finish or {}).get("end") != "completed":
        reasons = (CUT_SHORT, *reasons)
    return Spent(
        name=run.name, asked=asked, not_served=lost,
        burn=lost / asked / leaves if enough else None,
        low=proportion.lower(lost, asked) / leaves if enough else None,
        high=proportion.upper(lost, asked) / leaves if enough else None,
        minutes=day_minutes * lost / asked if told and enough else None,
        left_out=reasons,
    )  # fmt: skip

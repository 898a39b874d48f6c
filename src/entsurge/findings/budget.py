"""An error budget over a campaign of runs, as JSON has it."""

from __future__ import annotations

from dataclasses import dataclass

from entsurge.findings.statement import Statement


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What one run spent.

    `asked` pages of the window got an answer, `not_served` of them were refused or failed. `burn` is their share ÷ the
    share that the objective leaves, `low` and `high` its one-sided 95 % limits; None, as they, under the fewest pages.
    `minutes` of the budget of a month went with the window; None where no guaranteed hours are known.
    """

    name: str
    asked: int
    not_served: int
    burn: float | None
    low: float | None
    high: float | None
    minutes: float | None
    left_out: tuple[Statement, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ErrorBudget:
    """A campaign held against one availability (a share from 0 to 1).

    `fewest`: under so many pages no run's burn rate is told. `burn` is that of all runs' pages together, of the runs
    that are not left out. `month_minutes` is the budget of a month of guaranteed hours, `spent_minutes` what the runs'
    windows took of it, `lasts_hours` how many guaranteed hours it lasts at this burn rate; None where none is known.
    """

    format: int = 1
    availability: float
    fewest: int
    runs: list[Spent]
    burn: float | None
    month_minutes: float | None = None
    spent_minutes: float | None = None
    lasts_hours: float | None = None

"""`entsurge.compare`: candidates against baselines, as data frames."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from entsurge.analysis.comparison_report import comparison_report
from entsurge.analysis.notebook.run import Run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from entsurge.findings.comparison import Compared, ComparisonReport

    Runs = str | Path | Run | Iterable[str | Path | Run]

_COLUMNS = ("baseline_seconds", "candidate_seconds", "ratio", "low", "high", "p_adjusted", "state")


@dataclass(frozen=True)
class Comparison:
    """What `compare` found; `findings` is all of it, as `entsurge compare --json` says it."""

    findings: ComparisonReport

    @property
    def worse(self) -> bool:
        """Whether the candidates are worse than the baselines, beyond chance."""
        return self.findings.worse

    @property
    def scopes(self) -> pd.DataFrame:
        """Everybody, each persona, each persona on each service (`*` stands for all), by persona and service.

        `ratio` is candidate ÷ baseline of the percentile, from `low` to `high` at 95 %, which are empty of few runs;
        `state` is `regression`, `improvement` or `same`.
        """
        return _frame(self.findings.scopes, ("persona", "service"))

    @property
    def pages(self) -> pd.DataFrame:
        """The same of every page, by persona, service and page."""
        return _frame(self.findings.pages, ("persona", "service", "page"))

    @property
    def runs(self) -> pd.DataFrame:
        """The runs in order of time: name, whether a candidate, pages, shares `failed` and `refused`."""
        names = ("name", "started_utc", "candidate", "pages", "failed", "refused")
        return pd.DataFrame(
            [[getattr(each, name) for name in names] for each in self.findings.runs], columns=list(names)
        )


def compare(
    baselines: Runs, candidates: Runs = (), *, q: float = 95.0, least_effect: float = 0.10, same_plan: bool = True
) -> Comparison:
    """Compare 2 to 30 runs, the run being the unit: paths, folders of runs, or `Run`s; one, or several.

    `q` is the percentile of corrected latency; `least_effect` the share by which something must be slower to count.
    Without candidates the latest of the baselines is held against the others. Raises UsageError for too few or too
    many runs, and, unless `same_plan` is False, for runs of different plans.
    """
    old, new = _paths(baselines), _paths(candidates)
    return Comparison(comparison_report(old, new, quantile=q, least_effect=least_effect, enforce=same_plan))


def _paths(of: Runs) -> list[Path]:
    several = [of] if isinstance(of, str | Path | Run) else list(of)
    return [each.recorded.path if isinstance(each, Run) else Path(each) for each in several]


def _frame(found: list[Compared], by: tuple[str, ...]) -> pd.DataFrame:
    columns = [*by, *_COLUMNS]
    rows = [[getattr(each, name) for name in columns] for each in found]
    return pd.DataFrame(rows, columns=columns).set_index(list(by))

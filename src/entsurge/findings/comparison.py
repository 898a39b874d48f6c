"""What groups of runs say of each other: comparison.json, and the comparison within a gate's result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from entsurge.audience.persona import Persona
from entsurge.findings.perturbation import Resilience
from entsurge.findings.statement import Statement

EVERYTHING = "*"
Colour = Literal["green", "amber", "red"]
Judgement = Literal["regression", "improvement", "same"]


def about(persona: str, service: str, page: str) -> str:
    """A page or scope in a few words of English: `everybody`, `parent`, `parent marks`, `parent marks read-marks`."""
    return " ".join(part for part in (persona, service, page) if part != EVERYTHING) or "everybody"


@dataclass(frozen=True)
class Shift:
    """A difference of location with its interval; the interval is None where so few values have none."""

    estimate: float
    low: float | None
    high: float | None

    @property
    def above_zero(self) -> bool:
        """Whether the whole interval lies above 0."""
        return self.low is not None and self.low > 0


@dataclass(frozen=True)
class Compared:
    """A page, or a scope (`page` is `*`): candidate ÷ baseline of the quantile, its interval, the adjusted p value.

    `smallest` is the smallest ratio that these runs show at 80 % power, None where none can be shown or where it was
    not asked for; `would_do` how many baselines and candidates would show the least effect, None where ten candidates
    would not; `blind`: nothing was found, and a change as large as the least effect could have been missed.
    """

    persona: str
    service: str
    page: str
    baseline_seconds: float
    candidate_seconds: float
    ratio: float
    low: float | None
    high: float | None
    p_adjusted: float
    state: Judgement
    smallest: float | None = None
    would_do: tuple[int, int] | None = None
    blind: bool = False


@dataclass(frozen=True)
class LeftOut:
    """A page, or a scope (`page` is `*`), that has no quantile in every run.

    `reason` is `rare` (asked for fewer than twenty times in some run) or `not-served` (asked for often enough in all of
    them, served too rarely in some). `fewest` and `most` are the views served in a run, `run` the one with fewest,
    `asked` the fewest that were asked for in a run.
    """

    persona: str
    service: str
    page: str
    reason: Literal["rare", "not-served"]
    fewest: int
    most: int
    asked: int
    run: str


@dataclass(frozen=True)
class PageErrors:
    """A page or scope that fails more often, beyond chance: shares of the pages asked, and the difference."""

    persona: str
    service: str
    page: str
    baseline_share: float
    candidate_share: float
    shift: Shift


@dataclass(frozen=True)
class LevelChange:
    """From `run` on, a page, a scope (`page` `*`) or a share of all pages keeps another level than before.

    A share's `persona` and `service` are `*`, its `page` is `failed` or `shed`.
    `before` and `after` are medians in seconds, or shares from 0 to 1; `effect` their ratio, or their difference.
    """

    persona: str
    service: str
    page: str
    run: str
    position: int
    before: float
    after: float
    effect: float

    @property
    def of_share(self) -> bool:
        """Whether it is a share of all pages, and no time."""
        return self.persona == EVERYTHING and self.page != EVERYTHING


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What two groups of runs say of each other. `can_show`: whether so many runs can show anything beyond chance.

    `scopes` are everybody, the personas, and each persona on each service; `pages` the pages; `unseen` says what
    could have been missed (None of nothing). `errors_worse`: more pages fail or are refused, beyond
    chance; `worse`: the candidate must not pass. `state` is `red` where it is worse, `amber` where it is not shown to
    be and a change of the least effect could have been missed, else `green`.
    """

    quantile: float
    least_effect: float
    baselines: list[str]
    candidates: list[str]
    can_show: bool
    errors: Shift
    refused: Shift
    failing: list[PageErrors]
    scopes: list[Compared]
    pages: list[Compared]
    left_out_scopes: list[LeftOut]
    left_out_pages: list[LeftOut]
    unseen: Statement | None
    differences: list[Statement]
    notes: list[Statement]
    errors_worse: bool
    worse: bool
    state: Colour

    @property
    def regressions(self) -> list[Compared]:
        """The scopes, then the pages, that have become slower by more than the least effect, beyond chance."""
        return [each for each in (*self.scopes, *self.pages) if each.state == "regression"]


@dataclass(frozen=True)
class ComparedRun:
    """One of the runs; shares are of all its pages, `in_doubt` says what is wrong with its measurement.

    `resilience`: of each fault that was in force. `simulated`: the deployment on paper, if it was on one.
    """

    name: str
    started_utc: str
    candidate: bool
    failed: float
    refused: float
    pages: int
    plan_digest: str
    in_doubt: list[Statement]
    resilience: dict[str, Resilience] = field(default_factory=dict)
    simulated: str = ""


@dataclass(frozen=True)
class History:
    """Changes of level over the runs in order of time; none is looked for in fewer runs than `fewest`."""

    fewest: int
    changes: list[LevelChange]


@dataclass(frozen=True, kw_only=True)
class ComparisonReport(Comparison):
    """A comparison with its runs and their history."""

    format: int = 2
    generated_utc: str
    personas: list[Persona]
    runs: list[ComparedRun]
    history: History

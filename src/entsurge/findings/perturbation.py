"""Faults and measures: as they happened, what each did and to whom, and how long until it was over."""

from __future__ import annotations

from dataclasses import dataclass, field

from entsurge.findings.statement import Title


@dataclass(frozen=True)
class Breach:
    """While a perturbation was in force its steady state did not hold: from when to when, run seconds, and which probe.

    `end_s` is None where it did not hold again before the perturbation ended.
    """

    start_s: float
    end_s: float | None
    probe: str


@dataclass(frozen=True, kw_only=True)
class Perturbation:
    """A fault or measure as it happened, run seconds; `applied` is false for one that never came into force.

    `detail` says why. `ending`: ended, undone, left to its lease, undo failed; empty while nobody has said. `left`:
    what was said of an undo that failed or of a lease. `late_s`: seconds after its planned end. `deviated`: the probe
    of the steady state that no longer held after it. `when`: as it was asked for on the command line. `breaches`:
    when the steady state did not hold while it was in force. `touched`: how many requests, packets, sessions
    (`touched_what`) it hit; None where nobody counts them, or could
    (`touched_what` says why).
    """

    id: str
    kind: str
    title: Title
    defers: list[str]
    start_s: float
    end_s: float
    planned_end_s: float
    whole_run: bool = False
    applied: bool = False
    detail: str = ""
    ending: str = ""
    left: str = ""
    deviated: str = ""
    late_s: float = 0.0
    when: str = ""
    lease_seconds: float = 0.0
    breaches: list[Breach] = field(default_factory=list)
    touched: int | None = None
    touched_what: str = ""


@dataclass(frozen=True)
class Estimate:
    """A value and its 95 % interval; no bounds when the stretch is too short, nothing when there is no value."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class PagesOf:
    """Pages of a stretch: asked, shares served and refused, the typical time (geometric mean of those served)."""

    asked: int
    served_percent: float | None
    shed_percent: float | None
    typical_s: float | None


@dataclass(frozen=True)
class Disturbance:
    """Seconds after the begin until it is felt (None: never), after the end until it is not (None: not in the run).

    `felt` is None where the calm before was too short to tell.
    """

    degrade_s: float | None
    recover_s: float | None
    felt: bool | None


@dataclass(frozen=True)
class Difference:
    """Pages held against others: points of share served, and how many times longer the served ones took."""

    other: PagesOf
    served: Estimate
    slower: Estimate


@dataclass(frozen=True)
class EffectCell:
    """What a perturbation did to a persona on a service (`*`: all).

    `before`: held against the stretch before it; `control`: against the visits of the same seconds that were spared.
    """

    persona: str
    service: str
    pages: PagesOf
    before: Difference | None
    control: Difference | None
    disturbance: Disturbance


@dataclass(frozen=True)
class EffectInversion:
    """A service where a protected persona lost more than an unprotected one, in points of share served."""

    service: str
    protected: str
    other: str
    protected_points: float
    other_points: float


@dataclass(frozen=True)
class Worth:
    """Of a measure: pages a minute that protected people were served more, and that others were refused more.

    `slower`: how many times longer the protected people's pages took; `rank`: 1 is the best of its
    run, None where the intervals do not tell it from every other measure.
    """

    bought_pages_per_minute: Estimate
    slower: Estimate
    cost_pages_per_minute: Estimate
    rank: int | None = None


@dataclass(frozen=True)
class Resilience:
    """Of a fault: pages served of 100 planned for protected people, in the baseline and while it was in force.

    `kept_percent`: the second as percent of the first. `disturbance`: the first felt of any of them, the last over.
    """

    before_percent: float | None
    during_percent: float | None
    kept_percent: Estimate
    disturbance: Disturbance


@dataclass(frozen=True)
class Effect:
    """What one perturbation did; `compared`: whether there was a stretch to hold it against.

    `during_s` and `before_s` are the two stretches, run seconds; `before_s` is None where it is another run.
    """

    perturbation: Perturbation
    compared: bool
    cells: list[EffectCell]
    inversions: list[EffectInversion]
    worth: Worth | None
    during_s: tuple[int, int] | None = None
    before_s: tuple[int, int] | None = None
    resilience: Resilience | None = None


@dataclass(frozen=True)
class Recovery:
    """One perturbation, seen over the pages of a run; `recover_s` is None while it is not over."""

    id: str
    start_s: float
    end_s: float
    degrade_s: float | None
    recover_s: float | None
    disturbed: bool

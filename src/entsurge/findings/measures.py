"""Which measure buys what: measures.json."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from entsurge.audience.persona import Persona
from entsurge.findings.statement import Statement, Title

Conclusion = Literal["told-apart", "nothing-told-apart", "too-few-blocks"]
"""Whether a measure differs from none beyond chance; of the latter two the command exits 4."""
Adding = Literal["adds", "less", "more", "unknown"]
"""Two measures together against their sum: as much, within a fifth of it; less; more; not told."""


@dataclass(frozen=True)
class Change:
    """A difference from none, of the whole region in the window, with its 95 % interval; `sample`: as it was measured.

    Median of paired differences by block; no bounds where there are too few blocks, nothing without any.
    """

    value: float | None
    low: float | None
    high: float | None
    sample: float | None


@dataclass(frozen=True)
class Percent:
    """Of a persona's planned pages, how many percent are served less than without; below 0, more."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class PersonaChange:
    """What one persona gains (above 0) or loses: pages served in time, people served a page at least; and percent lost.

    `planned_pages`: in the window, of the sample.
    """

    persona: str
    protected: bool
    planned_pages: int
    pages: Change
    people: Change
    lost: Percent


@dataclass(frozen=True, kw_only=True)
class ArmEffect:
    """What a measure, or two together, did against none in the same blocks.

    `bought`: what protected personas gain; `cost`: what all others lose; both in pages, and in people. `p_adjusted`
    for all that was tried; `told_apart`: it is at most 5 % and the interval of `bought` excludes 0. `within`: the whole
    interval of what each persona loses is under the limit. `rank`: among measures alone, where intervals settle it.
    """

    id: str
    measures: list[str]
    title: Title
    blocks: int
    bought: Change
    bought_people: Change
    cost: Change
    cost_people: Change
    personas: list[PersonaChange]
    p_adjusted: float
    told_apart: bool
    within: bool
    rank: int | None = None


@dataclass(frozen=True, kw_only=True)
class Together:
    """A pair beside the sum of its two measures alone, in the same blocks: pages that protected personas gain."""

    id: str
    title: Title
    blocks: int
    whole: Change
    sum: Change
    difference: Change
    p_adjusted: float
    adding: Adding


@dataclass(frozen=True)
class LeftOut:
    """A measure that was not tried, and why."""

    id: str
    title: Title
    why: Statement


@dataclass(frozen=True)
class ArmRun:
    """One run; `arm` is empty for none. `broken` says why it is not to be believed, None where it is."""

    stage: str
    block: int
    arm: str
    path: str
    broken: Statement | None


@dataclass(frozen=True, kw_only=True)
class MeasuresReport:
    """What was tried, what each bought and cost, what is best within the limit, what adds up.

    `factor`: how many people one of the sample stands for. `best`: arms within the limit that bought something, none of
    which is told from the best of them; the greatest first. `stop`: what ended the trial before its last block, if
    anything did. `unsettled`: runs before which the target was not yet as fast as at the begin.
    """

    format: int = 2
    name: str
    title: Title
    target: str
    profile: str
    scale: str
    compression: float
    factor: float
    window: dict[str, str]
    seed: int
    plan_digest: str
    personas: list[Persona]
    conclusion: Conclusion
    blocks_asked: int
    blocks: int
    fewest_blocks: int
    limit_percent: float
    planned_pages: int
    none_pages: float | None
    arms: list[ArmEffect]
    together: list[Together]
    best: list[str]
    left_out: list[LeftOut]
    runs: list[ArmRun]
    stop: str
    unsettled: int

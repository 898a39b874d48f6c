"""Stretches of a run compared, with intervals that know that the pages of one moment are alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from entsurge.findings.perturbation import Estimate, PagesOf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from entsurge.record.reading.by_second import BySecond

BLOCK_SECONDS, SHORT_BLOCK_SECONDS, LONG_SECONDS = 5, 2, 30
FEWEST_BLOCKS = 3
DRAWS, SEED = 1000, 9
TAIL = 2.5


@dataclass(frozen=True)
class Part:
    """Some pages of a stretch, by second."""

    asked: NDArray[np.float64]
    ok: NDArray[np.float64]
    shed: NDArray[np.float64]
    logs: NDArray[np.float64]

    def summary(self) -> PagesOf:
        """What they come to."""
        asked, ok = float(self.asked.sum()), float(self.ok.sum())
        return PagesOf(
            int(asked),
            100 * ok / asked if asked else None,
            100 * float(self.shed.sum()) / asked if asked else None,
            float(np.exp(self.logs.sum() / ok)) if ok else None,
        )

    def per_minute(self) -> float:
        """Pages asked per minute."""
        return 60 * float(self.asked.sum()) / max(1, len(self.asked))

    def plus(self, others: Sequence[Part]) -> Part:
        """These pages and others of the same stretch."""
        parts = (self, *others)
        return Part(*(sum(getattr(each, name) for each in parts) for name in ("asked", "ok", "shed", "logs")))

    def blocks(self, outcome: str) -> NDArray[np.float64]:
        """Sums by block of seconds: asked, of this outcome, ok, logs."""
        size = SHORT_BLOCK_SECONDS if len(self.asked) < LONG_SECONDS else BLOCK_SECONDS
        starts = np.arange(0, len(self.asked), size)
        return np.stack(
            [np.add.reduceat(each, starts) for each in (self.asked, getattr(self, outcome), self.ok, self.logs)]
        )


@dataclass(frozen=True)
class Stretch:
    """Seconds from `begin` (included) to `end` (not included) of a run's pages."""

    pages: BySecond
    begin: int
    end: int

    @property
    def seconds(self) -> int:
        """How long it is."""
        return max(0, self.end - self.begin)

    def part(self, *, persona: str = "*", service: str = "*", cohort: str = "*") -> Part:
        """Some of its pages."""
        chosen, here = self.pages.where(persona=persona, service=service, cohort=cohort), slice(self.begin, self.end)
        return Part(
            self.pages.asked(chosen)[here], self.pages.of("ok", chosen)[here], self.pages.of("shed", chosen)[here],
            self.pages.log_seconds(chosen)[here],
        )  # fmt: skip


def compare(before: Part, after: Part, *, outcome: str = "ok", paired: bool = False) -> tuple[Estimate, Estimate]:
    """By how many points the share of an outcome differs, and how many times longer the served pages took.

    `paired`: both are of the same seconds, so the same blocks are drawn of both.
    """
    first, second = before.blocks(outcome), after.blocks(outcome)
    points, ratio = _figures(first.sum(1), second.sum(1))
    if min(first.shape[1], second.shape[1]) < FEWEST_BLOCKS:
        return Estimate(_known(points), None, None), Estimate(_known(ratio), None, None)
    draw = np.random.default_rng(SEED)
    drawn_first = _drawn(draw, first)
    if paired:
        draw = np.random.default_rng(SEED)
    several_points, several_ratios = _figures(drawn_first, _drawn(draw, second))
    return _estimate(points, several_points), _estimate(ratio, several_ratios)


def share_kept(before: Part, after: Part) -> Estimate:
    """The share served after as percent of the share served before, with its interval."""
    first, second = before.blocks("ok"), after.blocks("ok")
    value = _kept(first.sum(1), second.sum(1))
    if min(first.shape[1], second.shape[1]) < FEWEST_BLOCKS:
        return Estimate(_known(value), None, None)
    draw = np.random.default_rng(SEED)
    return _estimate(value, _kept(_drawn(draw, first), _drawn(draw, second)))


def _kept(first: Any, second: Any) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        return 100 * (second[1] / second[0]) / (first[1] / first[0])


def _drawn(draw: np.random.Generator, blocks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums over blocks drawn with replacement: figure × draw."""
    count = blocks.shape[1]
    times = draw.multinomial(count, np.full(count, 1 / count), size=DRAWS)
    summed: NDArray[np.float64] = blocks @ times.T
    return summed


def _figures(first: Any, second: Any) -> tuple[Any, Any]:
    """Points of share, and ratio of typical times, from asked, outcome, ok, logs."""
    with np.errstate(divide="ignore", invalid="ignore"):
        points = 100 * (second[1] / second[0] - first[1] / first[0])
        ratio = np.exp(second[3] / second[2] - first[3] / first[2])
    return points, ratio


def _estimate(value: Any, several: NDArray[np.float64]) -> Estimate:
    good = several[np.isfinite(several)]
    if len(good) < DRAWS / 2:
        return Estimate(_known(value), None, None)
    low, high = np.percentile(good, [TAIL, 100 - TAIL])
    return Estimate(_known(value), float(low), float(high))


def _known(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None

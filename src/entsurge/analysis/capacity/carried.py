"""How a rate at the platform that was loaded becomes one of production: the sum, and what it takes for granted.

A run at scale 1/172 and compression 45 sends what 1/172 of the people would, 45 times as fast. What it says of all of
them, in the day's own time, is × 172 ÷ 45: true if production takes 172 ÷ 45 times what that platform takes. No run
can show that; whoever signs a capacity signs it too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from entsurge.analysis.capacity.steady import steady
from entsurge.findings.capacity import Interval
from entsurge.findings.search import StepFindings

if TYPE_CHECKING:
    from fractions import Fraction

    from entsurge.analysis.capacity.step import Step
    from entsurge.findings.capacity import Fit, Resource


def multiplied(ends: Interval, factor: float) -> Interval:
    """The value and both ends of an interval so many times."""
    return Interval(ends.value * factor, ends.low * factor, ends.high * factor)


@dataclass(frozen=True)
class Carried:
    """`share`: of production, what the platform that was loaded is taken to be; `compression`: how much faster."""

    share: Fraction
    compression: Fraction

    @property
    def factor(self) -> Fraction:
        """How many times what the platform takes production is taken to take."""
        return 1 / (self.share * self.compression)

    @property
    def nothing(self) -> bool:
        """Whether the runs were at scale 1 and in the day's own time, so that nothing is carried over."""
        return self.share == 1 and self.compression == 1

    def full(self, rate: float) -> float:
        """A rate per second at the platform, at scale 1 and in the day's own time."""
        return rate * float(self.factor)

    def step(self, step: Step) -> StepFindings:
        """The step with its rates at scale 1; times, margins and multiples have no scale."""
        served = self.full(step.served_pages)
        return StepFindings(
            name=step.name,
            path=step.path,
            rate=step.rate,
            offered_pages=self.full(step.offered_pages),
            offered_visits=self.full(step.offered_visits),
            served_pages=served,
            page_seconds=step.page_seconds,
            inside=served * step.page_seconds,
            margin=step.margin,
            held=step.held,
            binding=step.binding,
            steadiness=step.steadiness,
            steady=steady(step.steadiness),
            little=step.little,
            used=step.used,
            worst=step.worst,
            hold_seconds=step.hold_seconds,
            warm_up_seconds=step.warm_up_seconds,
            not_served=step.not_served,
            unjudged=step.unjudged,
            in_force=step.in_force,
            comebacks=step.comebacks,
        )

    def law(self, law: Fit) -> Fit:
        """The law of so many such platforms side by side: X and N of its peak at scale 1; α, β, γ are of one."""
        factor = float(self.factor)

        def full(value: float | None) -> float | None:
            return None if value is None else value * factor

        interval = law.peak_served_interval
        return replace(
            law,
            platforms=factor,
            peak_load=full(law.peak_load),
            peak_served=full(law.peak_served),
            peak_served_interval=interval and (interval[0] * factor, interval[1] * factor),
            residuals=tuple(each * factor for each in law.residuals),
        )

    def resource(self, resource: Resource) -> Resource:
        """The resource with its rates at scale 1."""
        return replace(
            resource,
            served_pages=self.full(resource.served_pages),
            saturates_at=self.full(resource.saturates_at),
        )

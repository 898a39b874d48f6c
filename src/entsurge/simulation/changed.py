"""A deployment with other numbers, and a profile in which somebody comes some hours later."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from entsurge.audience.shape import Curve

if TYPE_CHECKING:
    from collections.abc import Iterable

    from entsurge.audience.profile import Profile
    from entsurge.simulation.deployment import Deployment
    from entsurge.simulation.grid import Cell


def with_cell(deployment: Deployment, cell: Cell) -> Deployment:
    """The deployment with a cell's nodes and workers; its pool grows and shrinks with the workers of a node."""
    nodes = deployment.nodes
    pool = nodes.pool
    if pool is not None and cell.workers != nodes.workers:
        pool = max(1, round(pool * cell.workers / nodes.workers))
    changed = nodes.model_copy(update={"count": cell.nodes, "workers": cell.workers, "pool": pool})
    return deployment.model_copy(update={"nodes": changed})


def later(profile: Profile, personas: Iterable[str], hours: int) -> Profile:
    """The profile in which the days of these personas begin so many hours later; who came last comes at 6 h.

    As many come in the week as before, by the same days.
    """
    if not hours:
        return profile
    moved = {persona: _later(profile.curve(persona), hours) for persona in personas}
    return replace(profile, shape=profile.shape.model_copy(update=moved))


def _later(curve: Curve, hours: int) -> Curve:
    weights = curve.hours
    return Curve(days=curve.days, hours=[*weights[-hours:], *weights[:-hours]], pause=curve.pause)

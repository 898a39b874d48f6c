"""A plan whose streams and sums are drawn once, however many deployments it is simulated on."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from entsurge.plan.arrivals import Arrivals
from entsurge.plan.batches import totals
from entsurge.plan.people import groups, population

if TYPE_CHECKING:
    from entsurge.audience.profile import Profile
    from entsurge.plan.batches import Totals


class Drawn:
    """The people, the arrivals and the totals of a profile."""

    def __init__(self, profile: Profile) -> None:
        self.people = population(profile)
        self.arrivals = Arrivals(profile, groups(profile))

    @cached_property
    def totals(self) -> Totals:
        """Digest and counts of the whole plan."""
        return totals(self.arrivals)

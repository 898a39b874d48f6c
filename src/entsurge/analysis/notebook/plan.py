"""`entsurge.Plan`: what a run of a profile would offer, as data frames. Sends nothing."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from entsurge.audience import profile as profiles
from entsurge.plan import summary
from entsurge.plan.arrivals import Arrivals
from entsurge.plan.people import groups

if TYPE_CHECKING:
    from typing import Self

    from entsurge.audience.profile import Profile


class Plan:
    """The plan of a profile: `Plan.of("lockdown-2020")`, or of a file of your own, with a `/` or an ending."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile

    @classmethod
    def of(cls, profile: str, **changes: Any) -> Self:
        """The plan of a profile, changed as the command line's options do: `scale="1/200"`, `compression=45`, `day=2`.

        Raises UsageError that lists every fault with file and key.
        """
        return cls(profiles.load(profile, overrides=changes))

    def __repr__(self) -> str:
        window = self.window
        return f"<Plan {self.profile.name}: {window['day']} {window['from']}–{window['to']}, scale {window['scale']}>"

    @cached_property
    def _summary(self) -> summary.Summary:
        return summary.summarise(self.profile)

    @property
    def window(self) -> dict[str, Any]:
        """What a run offers, in run time, as `entsurge plan --json` says it: `run_seconds`, `visits` and so on."""
        return dict(self._summary.window)

    @cached_property
    def hours(self) -> pd.DataFrame:
        """The 168 hours of the week at full scale: day, hour, persona (`*` is all of them), and hourly means.

        `visits_per_second`, `pages_per_second`, `requests_per_second`, and `concurrency`, the visitors at once.
        """
        rows = [
            (each.day, each.hour, who, *(getattr(load, name) for name in summary.LOAD_FIELDS))
            for each in self._summary.hours
            for who, load in [("*", each.total), *each.personas.items()]
        ]
        return pd.DataFrame(rows, columns=["day", "hour", "persona", *summary.LOAD_FIELDS])

    @cached_property
    def visits(self) -> pd.DataFrame:
        """Every visit of the run, warm-up included: visit, persona, academy, phase, due_s (s of run time), pages."""
        rows = [
            (each.name, each.persona, each.group, each.phase, each.due_us / 1e6, len(each.pages))
            for each in Arrivals(self.profile, groups(self.profile))
        ]
        return pd.DataFrame(rows, columns=["visit", "persona", "academy", "phase", "due_s", "pages"])

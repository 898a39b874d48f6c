"""Whether a plan is large enough to judge its objectives by, known before anybody is loaded."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from entsurge.audience.objective import parse_objective
from entsurge.audience.profile_file import numbered
from entsurge.audience.shape import SERVICES
from entsurge.plan.summary import window_load
from entsurge.said import Named, Said, each_of, named, said

if TYPE_CHECKING:
    from collections.abc import Collection

    from entsurge.audience.profile import Profile


@dataclass(frozen=True, slots=True)
class Thin:
    """Required objectives that the plan has too few pages for: with none of them slow or failed it takes `fewest`."""

    persona: str
    service: str
    must: str
    pages: float
    fewest: int
    minutes: int
    scale: Fraction

    @property
    def sentence(self) -> str:
        """What it takes: a longer window, or a larger scale."""
        who: Named | Said = named("persona", self.persona)
        if self.service != "*":
            who = said("{persona} {service}", persona=who, service=named("service", self.service))
        must = each_of("must", self.must.split(", "))
        of: dict[str, object] = {"who": who, "must": must, "pages": self.pages, "fewest": self.fewest}
        if self.pages < 1:
            return said("{who}, {must}: about {pages:.0f} pages planned, at least {fewest} needed", **of)
        factor = Fraction(self.fewest) / Fraction(self.pages)
        larger = self.scale * factor
        of |= {"longer": math.ceil(self.minutes * factor), "minutes": self.minutes}
        if larger > 1:
            return said(
                "{who}, {must}: about {pages:.0f} pages planned, at least {fewest} needed: a window of {longer} min "
                "instead of {minutes}", **of,
            )  # fmt: skip
        of |= {"larger": "1" if larger == 1 else f"1/{int(1 / larger)}", "scale": self.scale}
        return said(
            "{who}, {must}: about {pages:.0f} pages planned, at least {fewest} needed: a window of {longer} min "
            "instead of {minutes}, or --scale {larger} instead of {scale}", **of,
        )  # fmt: skip


def too_thin(profile: Profile, deferred: Collection[str] = ()) -> list[Thin]:
    """The required objectives of the window for which fewer pages are expected than prove anything, in order.

    Nothing is said of the personas that a measure puts off: their objectives are not judged.
    """
    load, replay = window_load(profile), profile.file.replay
    found: dict[tuple[str, str, int], Thin] = {}
    for each in numbered(profile.file.objective):
        must = parse_objective(str(each["must"]))
        if not each["required"] or each["phase"] != replay.phase or must.measure == "recovery" or must.relative:
            continue
        for persona in profile.personas if each["persona"] == "*" else (each["persona"],):
            if persona in deferred:
                continue
            whole = each["service"] not in SERVICES
            share = 1.0 if whole else float(profile.mixes.mix(persona).page_share(each["service"]))
            rate = load["personas"][persona]
            per_second = rate["visits_per_second"] if each["service"] == "sign-on" else rate["pages_per_second"] * share
            if each["service"] == "*" and must.measure != "served":
                per_second += rate["visits_per_second"]  # sign-on is a page of these
            pages = per_second * load["run_seconds"]
            if pages < must.fewest:
                minutes = profile.end_minute - profile.begin_minute
                key = persona, each["service"], must.fewest
                said = f"{found[key].must}, {each['must']}" if key in found else each["must"]
                found[key] = Thin(persona, each["service"], said, pages, must.fewest, minutes, replay.scale)
    return list(found.values())

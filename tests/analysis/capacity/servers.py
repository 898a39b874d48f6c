"""Run directories of a server whose capacity is known: it obeys the Universal Scalability Law to the letter."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from tests.analysis.records import pages, record, visit

from entsurge.audience import profile as profiles
from entsurge.audience.shape import PERSONAS
from entsurge.engine import manifest as manifests
from entsurge.engine.spec import RunSpec
from entsurge.plan.arrivals import Arrivals
from entsurge.plan.people import groups, population

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from entsurge.audience.profile import Profile

URL = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Server:
    """X(N) = γN / (1 + α(N − 1) + βN(N − 1)) pages per second with N being served; past its peak it thrashes."""

    gamma: float
    alpha: float
    beta: float

    @staticmethod
    def that_takes(pages_per_second: float, within_seconds: float) -> Server:
        """One whose pages take exactly so long at exactly this rate, with its peak a quarter above it."""
        inside = pages_per_second * within_seconds
        plain = Server(1, 0.68 / inside, 0.14 / inside**2)
        return Server(pages_per_second * plain.share(inside) / inside, plain.alpha, plain.beta)

    def share(self, inside: float) -> float:
        """The law's denominator."""
        return 1 + self.alpha * (inside - 1) + self.beta * inside * (inside - 1)

    def served(self, offered: float) -> tuple[float, float]:
        """Pages per second served, and the seconds that each takes, at so many offered."""
        peak = math.sqrt((1 - self.alpha) / self.beta)
        if offered >= self.gamma * peak / self.share(peak):
            thrashing = 2 * peak
            rate = self.gamma * thrashing / self.share(thrashing)
            return rate, thrashing / rate
        low, high = 0.0, peak
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if self.gamma * middle / self.share(middle) < offered else (low, middle)
        return offered, low / offered


def manifest_of(profile: Profile, *, url: str = URL, driver: str = "portal") -> dict[str, Any]:
    """The manifest of a run of this profile as the engine writes it, nothing sent."""
    prepared: Any = SimpleNamespace(
        profile=profile, people=population(profile), arrivals=Arrivals(profile, groups(profile)), experiments=[],
        scenario_paths={}, target=None, planned=[], perturbation_phases=[],
        access=SimpleNamespace(writable=None, app_driver="", driver=SimpleNamespace(actions={})),
        driver=SimpleNamespace(actions={}),
    )  # fmt: skip
    spec = RunSpec(profile=profile.name, url=url, out="", driver=driver)
    return manifests.manifest(spec, prepared, "0", None)


def step(folder: Path, name: str, server: Server, rate: float, draw: int, **changed: Any) -> Path:
    """A run directory of the profile at so many times its own scale, held and answered by the server.

    `changed` replaces keys of the manifest.
    """
    plain = profiles.load(name)
    scale = (plain.file.replay.scale * Fraction(rate)).limit_denominator(10**6)
    minutes = plain.end_minute - plain.begin_minute
    profile = profiles.load(
        name,
        overrides={"scale": str(scale), "arrivals": "poisson", "draw": draw, "steady_minutes": minutes,
                   "warm_up_minutes": 12},
    )  # fmt: skip
    told = manifest_of(profile)
    window = told["phases"][1]
    length = window["end_s"] - window["start_s"]
    planned = {persona: of["page_views"] for persona, of in told["planned"].items()}
    offered = sum(planned.values()) / length
    served, seconds = server.served(offered)
    rows = [
        line
        for persona in PERSONAS
        for second in range(int(length))
        for line in pages(
            seconds=seconds, persona=persona, service="homework", second=int(window["start_s"]) + second,
            count=round(planned[persona] * served / offered / length), phase=window["name"],
        )
    ]  # fmt: skip
    visits = _visits(profile, window["name"], served / offered)
    return record(folder, rows, visits, **(told | changed))


def _visits(profile: Profile, phase: str, share: float) -> Iterator[dict[str, Any]]:
    """Every visit of the window, served as much as the server did."""
    for each in Arrivals(profile, groups(profile)).window():
        planned = len(each.pages)
        ok = round(planned * share)
        yield visit(
            name=f"{each.persona}/{each.due_us}", persona=each.persona, phase=phase, due_us=each.due_us,
            start_us=each.due_us, planned=planned, ok=ok, failed=planned - ok,
        )  # fmt: skip

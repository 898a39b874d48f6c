"""What was observed, whatever it was read from: visits, pages and reading times by persona and hour of the week."""

from __future__ import annotations

from dataclasses import dataclass, field

from entsurge.audience.persona import PERSONAS
from entsurge.audience.shape import DAYS

HOURS = 168
ALL = "*"  # visitors of whom nothing tells the persona


@dataclass
class Observed:
    """An ordinary week as it was observed.

    `visits[persona][hour of the week]` is a mean per week; personas are the four and `*` for those nothing tells.
    `pages[persona]` and `mix[persona][service]` are means per week too, `gap_seconds[persona]` the mean time from a
    page to the next and `gap_quantiles` its distribution. What the source does not tell is empty.
    `bell_percent` is the share of an hour's arrivals in its first ten minutes, in lesson hours of weekdays.
    `doubts` say why these cannot be visits of people; they may name a visitor and are never written to a file.
    """

    title: str
    source: str
    visits: dict[str, list[float]]
    pages: dict[str, float] = field(default_factory=dict)
    mix: dict[str, dict[str, float]] = field(default_factory=dict)
    gap_seconds: dict[str, float] = field(default_factory=dict)
    gap_quantiles: dict[str, dict[str, float]] = field(default_factory=dict)
    minutes_per_visit: float | None = None
    bell_percent: float | None = None
    hourly: bool = True
    notes: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    @property
    def visits_per_week(self) -> float:
        """Everybody's visits in a week."""
        return sum(map(sum, self.visits.values()))

    @property
    def pages_per_week(self) -> float | None:
        """Everybody's page views in a week; None where the source does not tell."""
        return sum(self.pages.values()) if self.pages else None

    @property
    def known(self) -> list[str]:
        """The personas that something told."""
        return [persona for persona in PERSONAS if sum(self.visits.get(persona, ())) > 0]

    def curve(self, persona: str) -> list[float]:
        """The 168 hourly means of a persona; those of everybody where nothing tells the persona."""
        if persona in self.known:
            return self.visits[persona]
        return [sum(of[hour] for of in self.visits.values()) for hour in range(HOURS)]

    @property
    def busiest(self) -> tuple[str, int, float]:
        """Day, hour and visits of the busiest hour of the week."""
        whole = [sum(of[hour] for of in self.visits.values()) for hour in range(HOURS)]
        top = max(range(HOURS), key=whole.__getitem__)
        return DAYS[top // 24], top % 24, whole[top]

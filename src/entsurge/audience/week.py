"""The four figures of a week, resolved: published ones as written, missing ones from the baseline week."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from entsurge.audience.figure import Figure, Percent, Positive, change_interval

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("visits", "page_views", "pages_per_visit", "minutes_per_visit")
# The published week of 16-22 March 2020: how +147 % page views divided into more visits, of more pages, for longer.
PUBLISHED_FACTORS = {
    "visits": Decimal("1.43"),
    "page_views": Decimal("2.47"),
    "minutes_per_visit": Decimal("2.20"),
}


class Figures(BaseModel):
    """What was published of one week: absolute figures, and changes in percent against the baseline week."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)
    visits: Positive | None = None
    page_views: Positive | None = None
    pages_per_visit: Positive | None = None
    minutes_per_visit: Positive | None = None
    visits_percent: Percent | None = None
    page_views_percent: Percent | None = None
    pages_per_visit_percent: Percent | None = None
    minutes_per_visit_percent: Percent | None = None

    def absolute(self, name: str) -> Figure | None:
        """The absolute figure of this name, if it was published."""
        found: Figure | None = getattr(self, name)
        return found

    def change(self, name: str) -> Figure | None:
        """The published change in percent, if any."""
        found: Figure | None = getattr(self, f"{name}_percent")
        return found

    @property
    def given(self) -> set[str]:
        """The keys that were written."""
        return {key for key in type(self).model_fields if getattr(self, key) is not None}


@dataclass(frozen=True, slots=True)
class Week:
    """A whole week's audience: visits, page views, and minutes per visit; exact."""

    visits: Fraction
    page_views: Fraction
    minutes_per_visit: Fraction

    @property
    def pages_per_visit(self) -> Fraction:
        """Page views divided by visits: the two that are authoritative."""
        return self.page_views / self.visits

    def figure(self, name: str) -> Fraction:
        """One of the four figures by its name."""
        value: Fraction = getattr(self, name)
        return value


def contradictions(figures: Figures, base: Figures | None) -> Iterator[str]:
    """The sums that fail, one sentence each; none when every figure can be true at once."""
    visits, pages, ratio = (figures.absolute(name) for name in NAMES[:3])
    if visits and pages and ratio and not (visits.interval * ratio.interval).meets(pages.interval):
        product = float(visits.value * ratio.value)
        yield (f"visits × pages_per_visit = {visits} × {ratio} = {product:,.0f}, which cannot be page_views = {pages}")
    changes = [figures.change(name) for name in NAMES[:3]]
    if all(changes):
        more_visits, more_pages, more_ratio = (change_interval(change) for change in changes if change)
        if not (more_visits * more_ratio).meets(more_pages):
            product = float((1 + changes[0].value / 100) * (1 + changes[2].value / 100))  # type: ignore[union-attr]
            yield (
                f"visits +{changes[0]} % × pages_per_visit +{changes[2]} % = ×{product:.3f}, "
                f"which cannot be page_views +{changes[1]} %"
            )
    for name in NAMES:
        yield from _against_baseline(name, figures, base)


def _against_baseline(name: str, figures: Figures, base: Figures | None) -> Iterator[str]:
    absolute, change = figures.absolute(name), figures.change(name)
    before = base.absolute(name) if base else None
    if absolute and change and before and not (before.interval * change_interval(change)).meets(absolute.interval):
        product = float(before.value * (1 + change.value / 100))
        yield f"{name} of the baseline × change = {before} × (1 + {change} %) = {product:,.2f}, not {name} = {absolute}"


def resolve(figures: Figures, base: Week | None) -> Week:
    """The week that the figures describe; what they leave out stays as in the baseline week.

    `page_views_percent` alone is split into visits, pages and minutes per visit in the published proportions.
    Raises ValueError when the figures do not determine a week.
    """
    if figures.given == {"page_views_percent"} and base:
        return split(figures.page_views_percent, base)
    visits = _one("visits", figures, base)
    pages = _one("page_views", figures, base, optional=True)
    if pages is None or not ({"page_views", "page_views_percent"} & figures.given):
        pages = visits * _one("pages_per_visit", figures, base)
    return Week(visits, pages, _one("minutes_per_visit", figures, base))


def _one(name: str, figures: Figures, base: Week | None, *, optional: bool = False) -> Fraction:
    absolute, change = figures.absolute(name), figures.change(name)
    if absolute:
        return absolute.value
    if change and base:
        return base.figure(name) * (1 + change.value / 100)
    if base:
        return base.figure(name)
    if optional:
        return None  # type: ignore[return-value]
    raise ValueError(f"{name} is missing, and there is no baseline to take it from")


def split(page_views_percent: Figure | None, base: Week) -> Week:
    """A change of page views alone, split logarithmically as the published week divided (+150 % → visits ×1.437)."""
    if page_views_percent is None:
        return base
    with localcontext() as context:
        context.prec = 40
        factor = 1 + page_views_percent.written / 100
        power = factor.ln() / PUBLISHED_FACTORS["page_views"].ln()
        factors = {name: Fraction((number.ln() * power).exp()) for name, number in PUBLISHED_FACTORS.items()}
    return Week(
        visits=base.visits * factors["visits"],
        page_views=base.page_views * Fraction(factor),
        minutes_per_visit=base.minutes_per_visit * factors["minutes_per_visit"],
    )

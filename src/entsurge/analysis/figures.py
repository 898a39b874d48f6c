"""The four figures: published, planned, opened, served; each with its change against the baseline run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from entsurge.findings.audience import Figure, FigureRow, Figures

if TYPE_CHECKING:
    from entsurge.record.reading.run import Run
    from entsurge.record.reading.shapes import FourFigures

NAMES = ("visits", "page_views", "minutes_per_visit", "pages_per_visit")
UNKNOWN = Figure(None, None)
Four = dict[str, float | None]


@dataclass(frozen=True)
class _Values:
    """A run's own figures, by name; `waiting`: minutes of a visit that were waiting."""

    week: Four
    window: Four
    opened: Four
    served: Four
    waiting: float | None


def figures(run: Run, baseline: Run | None) -> Figures:
    """The four-figure table; changes in percent, None for the baseline run itself."""
    own, base = _values(run), _values(baseline) if baseline else None
    rows = {name: _row(run, name, own, base) for name in NAMES}
    minutes = own.opened["minutes_per_visit"]
    rows["minutes_per_visit"] = replace(
        rows["minutes_per_visit"],
        waiting=own.waiting,
        reading=None if minutes is None else minutes - (own.waiting or 0.0),
    )
    return Figures(**rows)


def _row(run: Run, name: str, own: _Values, base: _Values | None) -> FigureRow:
    published = (run.manifest["figures"].get("published") or {}).get(name)

    def held(column: str) -> Figure:
        value = getattr(own, column)[name]
        return Figure(value, _change(value, getattr(base, column)[name] if base else None))

    return FigureRow(
        Figure(published["value"], published["change_percent"]) if published else UNKNOWN,
        held("week"), held("window"), held("opened"), held("served"),
    )  # fmt: skip


def _change(value: float | None, base: float | None) -> float | None:
    return None if value is None or not base else 100 * (value / base - 1)


def _values(run: Run) -> _Values:
    came = run.window_stays
    started = came.only(~came.where(sign_on="lost"))
    minute_us = 60e6 / run.manifest["compression"]
    count = len(started)
    opened = int(sum(started[name].sum() for name in ("ok", "shed", "failed", "lost")))
    served_visits, served_pages = int((started["ok"] > 0).sum()), int(started["ok"].sum())
    minutes = float((started["end_us"] - started["start_us"]).mean()) / minute_us if count else None
    told = run.manifest["figures"]
    return _Values(
        _known(told["week"]),
        _known(told["window"]),
        _four(count, opened, minutes, opened / count if count else None),
        _four(served_visits, served_pages, None, served_pages / count if count else None),
        float(started["waiting_us"].mean()) / minute_us if count else None,
    )


def _known(told: FourFigures) -> Four:
    return _four(told["visits"], told["page_views"], told["minutes_per_visit"], told["pages_per_visit"])


def _four(visits: float, pages: float, minutes: float | None, ratio: float | None) -> Four:
    return dict(zip(NAMES, (visits, pages, minutes, ratio), strict=True))

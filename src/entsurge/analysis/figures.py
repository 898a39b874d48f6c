"""The four figures: published, planned, opened, served; each with its change against the baseline run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from entsurge.record.reading.run import Run

NAMES = ("visits", "page_views", "minutes_per_visit", "pages_per_visit")


def figures(run: Run, baseline: Run | None) -> dict[str, Any]:
    """The four-figure table; changes in percent, None for the baseline run itself."""
    own, base = _values(run), _values(baseline) if baseline else None
    published = run.manifest["figures"].get("published") or {}
    table = {}
    for name in NAMES:
        row: dict[str, Any] = {"published": published.get(name) or {"value": None, "change_percent": None}}
        for column in ("week", "window", "opened", "served"):
            row[column] = own[column][name]
            row[f"{column}_change"] = _change(own[column][name], base[column][name] if base else None)
        row |= {"reading": None, "waiting": None}
        table[name] = row
    minutes = own["opened"]["minutes_per_visit"]
    table["minutes_per_visit"]["waiting"] = own["waiting"]
    table["minutes_per_visit"]["reading"] = None if minutes is None else minutes - (own["waiting"] or 0.0)
    return table


def _change(value: float | None, base: float | None) -> float | None:
    return None if value is None or not base else 100 * (value / base - 1)


def _values(run: Run) -> dict[str, Any]:
    came = run.window_stays
    started = came.only(~came.where(sign_on="lost"))
    minute_us = 60e6 / run.manifest["compression"]
    count = len(started)
    opened = int(sum(started[name].sum() for name in ("ok", "shed", "failed", "lost")))
    served_visits, served_pages = int((started["ok"] > 0).sum()), int(started["ok"].sum())
    minutes = float((started["end_us"] - started["start_us"]).mean()) / minute_us if count else None
    return {
        "week": run.manifest["figures"]["week"],
        "window": run.manifest["figures"]["window"],
        "opened": _four(count, opened, minutes, opened / count if count else None),
        "served": _four(served_visits, served_pages, None, served_pages / count if count else None),
        "waiting": float(started["waiting_us"].mean()) / minute_us if count else None,
    }


def _four(visits: int, pages: int, minutes: float | None, ratio: float | None) -> dict[str, float | None]:
    return dict(zip(NAMES, (visits, pages, minutes, ratio), strict=True))

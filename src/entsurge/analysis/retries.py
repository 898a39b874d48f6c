"""Who came back after a failure, how often, and what they got: counted apart from visits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.analysis import frames
from entsurge.findings.audience import CameBack, Retries

if TYPE_CHECKING:
    import pandas as pd

    from entsurge.record.reading.run import Run

OUTCOMES = ("ok", "shed", "failed", "lost")


def retries(run: Run) -> Retries:
    """Attempts after the first of the visits due in the window: how many, by whom, with what success; by persona too.

    `people` are visitors who came back at least once, `in_the_end` those of them whose last attempt was completed.
    """
    stays = run.window_stays
    asked = sum(int(stays[name].sum()) for name in OUTCOMES)
    came = int((~stays.where(sign_on="lost")).sum())
    found = _of_window(run) if run.has_retries else None  # the visits one by one cost memory
    again = int(found[list(OUTCOMES)].to_numpy().sum()) if found is not None and len(found) else 0
    by_persona = (
        {str(name): _counted(of) for name, of in found.groupby("persona")} if found is not None and len(found) else {}
    )
    return Retries(
        **vars(_counted(found)),
        more_sign_ons=100 * (0 if found is None else len(found)) / came if came else None,
        more_pages=100 * again / asked if asked else None,
        by_persona=by_persona,
        generator=(run.finish or {}).get("retries") or {},
    )


def _of_window(run: Run) -> pd.DataFrame:
    """Retries of the visits that were due in the window, whenever they took place."""
    again = frames.retries(run)
    first = again["name"].str.partition("#")[0]
    found: pd.DataFrame = again[first.isin(set(frames.window_visits(run)["name"]))].assign(visit=first)
    return found


def _counted(rows: pd.DataFrame | None) -> CameBack:
    if rows is None or not len(rows):
        return CameBack(attempts=0, people=0, in_the_end=0, most=0, pages=dict.fromkeys(OUTCOMES, 0))
    last = rows.sort_values("attempt").groupby("visit").tail(1)
    return CameBack(
        attempts=len(rows),
        people=len(last),
        in_the_end=int((last["end"] == "completed").sum()),
        most=int(rows["attempt"].max()),
        pages={name: int(rows[name].sum()) for name in OUTCOMES},
    )

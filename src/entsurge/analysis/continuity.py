"""Continuity of teaching: of 100 pupils who came, how many read their work; of 100 teachers, how many published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from entsurge.analysis.run import Run

CUT_OFF_MINUTES = 5.0


def continuity(run: Run) -> dict[str, Any]:
    """Students, teachers, schools cut off, and the same by academy; over the visits due in the window."""
    visits = run.window_visits
    students, teachers = _served(visits, "student", "read"), _served(visits, "teacher", "published")
    cut = cut_off(run)
    return {
        "students": students,
        "teachers": teachers,
        "schools_cut_off": {
            "count": len(cut),
            "of": int(visits["school"][visits["school"] != ""].nunique()),
            "names": cut,
        },
        "by_academy": [_academy(run, name) for name in sorted(visits["group"].unique())],
    }


def _served(visits: pd.DataFrame, persona: str, done: str) -> dict[str, Any]:
    """Those whose visit planned a page of their work, and those who were served one."""
    came = visits[(visits["persona"] == persona) & visits["work_planned"].astype(bool)]
    served = int(came["work_served"].sum())
    return {"came": len(came), done: served, "per_100": 100 * served / len(came) if len(came) else None}


def _academy(run: Run, academy: str) -> dict[str, Any]:
    visits = run.window_visits
    visits = visits[visits["group"] == academy]
    schools = set(visits["school"])
    return {
        "academy": academy,
        "students_per_100": _served(visits, "student", "read")["per_100"],
        "teachers_per_100": _served(visits, "teacher", "published")["per_100"],
        "schools_cut_off": sum(name in schools for name in cut_off(run)),
    }


def cut_off(run: Run) -> list[str]:
    """Schools where, for over five simulated minutes, everybody who came (and was not deferred) got no page at all."""
    limit_us = CUT_OFF_MINUTES * 60e6 / run.manifest["compression"]
    visits = run.window_visits
    visits = visits[~visits["persona"].isin(run.deferred) & (visits["school"] != "")]
    return sorted(str(school) for school, of in visits.groupby("school") if _silence_us(of) > limit_us)


def _silence_us(visits: pd.DataFrame) -> float:
    """The longest span of visits in a row, by due time, without a single page served; in µs of run time."""
    visits = visits.sort_values("due_us")
    longest: float = 0.0
    since: int | None = None
    for due_us, end_us, ok in zip(*(visits[name].tolist() for name in ("due_us", "end_us", "ok")), strict=True):
        if ok:
            since = None
            continue
        since = due_us if since is None else since
        longest = max(longest, float(end_us - since))
    return longest

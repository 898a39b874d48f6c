"""Continuity of teaching: of 100 pupils who came, how many read their work; of 100 teachers, how many published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from entsurge.audience.persona import of_manifest
from entsurge.findings.teaching import Academy, Continuity, CutOff, OthersWork, Work

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from entsurge.record.reading.run import Run
    from entsurge.record.reading.stays import Stays

CUT_OFF_MINUTES = 5.0


def continuity(run: Run) -> Continuity:
    """Students, teachers, others with a work of their own, schools cut off, by academy; of visits due in the window."""
    why, all_stays = run.manifest.get("unmeasured", {}), run.window_stays
    came = told_of(run)
    cut = cut_off(run)
    return Continuity(
        work_of(came, "student", why),
        work_of(came, "teacher", why),
        [
            OthersWork(persona=key, publishes=persona.work.publishes, **vars(work_of(came, key, why)))
            for key, persona in of_manifest(run.manifest).items()
            if persona.work and key not in ("student", "teacher")
        ],
        CutOff(len(cut), sum(1 for school in came.count_by("school") if school), cut),
        [_academy(all_stays, came, name, set(cut), why) for name in sorted(all_stays.count_by("group"))],
    )


def told_of(run: Run) -> Stays:
    """The visits due in the window, without those by a device on which their persona's work cannot be told."""
    stays = run.window_stays
    for persona, devices in run.manifest.get("unmeasured_by_device", {}).items():
        stays = stays.only(~(stays.where(persona=persona) & stays.among("device", set(devices))))
    return stays


def work_of(visits: Stays, persona: str, unmeasured: Mapping[str, str]) -> Work:
    """Those whose visit planned a page of their work, and those who were served one; or why that cannot be known.

    `unmeasured` is empty, `read-only` (the target may not be written to) or `no-page` (the product has none to publish
    on): nobody could publish, and nothing is said of how many did.
    """
    came = visits.only(visits.where(persona=persona) & visits["work_planned"].astype(bool))
    why, served = unmeasured.get(persona, ""), int(came["work_served"].sum())
    per_100 = 100 * served / len(came) if len(came) and not why else None
    return Work(came=len(came), done=None if why else served, per_100=per_100, unmeasured=why)


def _academy(visits: Stays, told: Stays, academy: str, cut: set[str], unmeasured: Mapping[str, str]) -> Academy:
    """One academy's; `told` are the visits whose work can be told."""
    visits, told = (each.only(each.where(group=academy)) for each in (visits, told))
    schools = {school for school in visits.count_by("school") if school}
    students, teachers = (work_of(told, who, unmeasured) for who in ("student", "teacher"))
    return Academy(
        academy, students.came, students.per_100, teachers.came, teachers.per_100, len(schools), len(schools & cut)
    )


def cut_off(run: Run) -> list[str]:
    """Schools where, for over five simulated minutes, everybody who came (and was not deferred) got no page at all."""
    limit_us = CUT_OFF_MINUTES * 60e6 / run.manifest["compression"]
    visits = run.window_stays
    visits = visits.only(~visits.among("persona", run.deferred) & ~visits.where(school=""))
    longest = silences_us(visits["school"], visits["due_us"], visits["end_us"], visits["ok"])
    return sorted(visits.words["school"][school] for school, silence in longest.items() if silence > limit_us)


def silences_us(schools: NDArray[Any], due_us: NDArray[Any], end_us: NDArray[Any], ok: NDArray[Any]) -> dict[int, int]:
    """Per school the longest span of visits in a row, by due time, without a single page served; in µs of run time.

    A span lasts from the first such visit's due time to the latest end among them; schools without one are left out.
    """
    order = np.lexsort((due_us, schools))
    schools, due_us, end_us, silent = schools[order], due_us[order], end_us[order], ok[order] == 0
    if not silent.any():
        return {}
    follows = np.zeros(len(silent), bool)  # goes on with the span of the visit before it
    follows[1:] = silent[1:] & silent[:-1] & (schools[1:] == schools[:-1])
    begins = np.flatnonzero(silent & ~follows)
    span = np.cumsum(silent & ~follows) - 1
    latest = np.full(len(begins), np.iinfo(np.int64).min)
    np.maximum.at(latest, span[silent], end_us[silent])
    longest: dict[int, int] = {}
    for school, length in zip(schools[begins].tolist(), (latest - due_us[begins]).tolist(), strict=True):
        longest[school] = max(longest.get(school, 0), length)
    return longest

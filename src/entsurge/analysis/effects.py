"""What each perturbation did: to whom, how much, how fast it came and went; for measures, what they bought and cost.

Each perturbation is compared with the stretch before it, since the last change of any other; one that is in force from
before the first arrival, with the judged window of a run of the same plan without it. With a control cohort, also with
the visits of the same seconds that faults left alone. Intervals are 95 % of a bootstrap over blocks of seconds, since
pages of one second are not independent. docs/method.md, "Perturbations".
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from entsurge.analysis.blocks import Part, Stretch, compare
from entsurge.analysis.perturbations import planned
from entsurge.analysis.ranks import settled_ranks
from entsurge.analysis.resilience import resilience
from entsurge.analysis.spells import FEWEST_CALM_SECONDS, UNTOLD, disturbance, upper_edge
from entsurge.audience.persona import of_manifest
from entsurge.findings.perturbation import (
    Difference,
    Disturbance,
    Effect,
    EffectCell,
    EffectInversion,
    Estimate,
    Perturbation,
    Worth,
)
from entsurge.record.reading.by_second import BySecond, by_second
from entsurge.record.reading.documents import read_manifest
from entsurge.record.reading.run import judged_window
from entsurge.record.reading.series import Series

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from entsurge.record.reading.run import Run

FEWEST_PAGES = 20
INVERSION_POINTS = 5.0


def effects(run: Run, without: Path | None) -> list[Effect]:
    """Every perturbation of a run, in order, with its effect on each persona × service, and the measures' ranks.

    `without` is a run of the same plan with nothing in force. Measures that are in force together from before the first
    arrival cannot be told apart: they are one.
    """
    all_of = _joined(planned(run))
    if not all_of:
        return []
    pages = by_second(run.series)
    other = _whole_window(without) if without is not None and any(one.whole_run for one in all_of) else None
    kept = resilience(run)
    found = [_effect(run, one, all_of, pages, other) for one in all_of]
    return _ranked([replace(each, resilience=kept.get(each.perturbation.id)) for each in found])


def _ranked(found: list[Effect]) -> list[Effect]:
    """With the measures' ranks, 1 bought most: of those alone whose intervals lie apart from every other measure's."""
    bought = [each.worth.bought_pages_per_minute for each in found if each.worth]
    above = [[_above(one, other) for other in bought] for one in bought]
    ranks = iter(settled_ranks(above))
    return [replace(each, worth=replace(each.worth, rank=next(ranks))) if each.worth else each for each in found]


def _above(one: Estimate, other: Estimate) -> bool:
    return one.low is not None and other.high is not None and one.low > other.high


def _joined(found: list[Perturbation]) -> list[Perturbation]:
    """With the measures of the whole run as one."""
    whole = [one for one in found if one.whole_run and one.applied and one.kind == "measure"]
    if len(whole) < 2:
        return found
    title = {lang: " + ".join(one.title[lang] for one in whole) for lang in whole[0].title}
    defers = list(dict.fromkeys(who for one in whole for who in one.defers))
    one = replace(whole[0], id=" + ".join(each.id for each in whole), title=title, defers=defers)
    return [one, *(each for each in found if each not in whole)]


def _whole_window(path: Path) -> Stretch:
    """The judged window of another run."""
    pages, window = by_second(Series.of(path, [])), judged_window(read_manifest(path))
    return Stretch(pages, int(window["start_s"]), min(pages.seconds, int(window["end_s"])))


def _effect(
    run: Run, one: Perturbation, all_of: Sequence[Perturbation], pages: BySecond, other: Stretch | None
) -> Effect:
    before, during = stretches(run, one, all_of, pages, other)
    if not one.applied or during.seconds < 1:
        return Effect(one, before is not None, [], [], None)
    cohort = "exposed" if any(of[2] == "exposed" for of in pages.cells) and one.kind == "fault" else "*"
    all_cells = [_cell(run, one, before, during, persona, service, cohort) for persona, service in _places(run, pages)]
    cells = [each for each in all_cells if each is not None]
    return Effect(
        one,
        before is not None,
        cells,
        _inversions(run, cells),
        _worth(run, one, before, during) if before is not None and one.kind == "measure" else None,
        (during.begin, during.end),
        None if before is None or other is before else (before.begin, before.end),
    )


def stretches(
    run: Run, one: Perturbation, all_of: Sequence[Perturbation], pages: BySecond, other: Stretch | None
) -> tuple[Stretch | None, Stretch]:
    """The stretch before a perturbation and the one of its own, both without any other change in them."""
    window = run.window
    changes = {window["start_s"], window["end_s"]}
    for each in all_of:
        if each is not one and each.applied:
            changes |= {each.start_s, each.end_s}
    begin = max(one.start_s, window["start_s"])
    end = min([one.end_s, window["end_s"], *(t for t in changes if t > begin)])
    during = Stretch(pages, int(np.ceil(begin)), min(pages.seconds, int(end)))
    if one.whole_run:
        return other, during
    earlier = max((t for t in changes if t < one.start_s), default=window["start_s"])
    before = Stretch(pages, int(np.ceil(earlier)), min(pages.seconds, int(one.start_s)))
    return (before if before.seconds >= 1 else None), during


def _places(run: Run, pages: BySecond) -> list[tuple[str, str]]:
    """Everybody, then each persona: on everything together (`*`), then on each service."""
    order = {name: number for number, name in enumerate(("*", *of_manifest(run.manifest)))}
    found = {(persona, service) for of in pages.cells for persona in ("*", of[0]) for service in ("*", of[1])}
    return sorted(found, key=lambda of: (order.get(of[0], len(order)), of[1]))


def _cell(
    run: Run, one: Perturbation, before: Stretch | None, during: Stretch, persona: str, service: str, cohort: str
) -> EffectCell | None:
    mine = during.part(persona=persona, service=service, cohort=cohort)
    if mine.asked.sum() < FEWEST_PAGES:
        return None
    then = None if before is None else before.part(persona=persona, service=service)
    spared = during.part(persona=persona, service=service, cohort="control") if cohort == "exposed" else None
    return EffectCell(
        persona, service, mine.summary(), _difference(then, mine), _difference(spared, mine, paired=True),
        _disturbance(run, one, during.pages, persona, service, cohort),
    )  # fmt: skip


def _difference(other: Part | None, mine: Part, *, paired: bool = False) -> Difference | None:
    """Pages held against others; None where there are too few of these."""
    if other is None or other.asked.sum() < FEWEST_PAGES:
        return None
    return Difference(other.summary(), *compare(other, mine, paired=paired))


def _disturbance(run: Run, one: Perturbation, pages: BySecond, persona: str, service: str, cohort: str) -> Disturbance:
    """A second is outside when its typical time leaves the calm's band upwards, or most of its pages are not served."""
    chosen = pages.where(persona=persona, service=service, cohort=cohort)
    ok, asked, logs = pages.of("ok", chosen), pages.asked(chosen), pages.log_seconds(chosen)
    with np.errstate(divide="ignore", invalid="ignore"):
        typical = np.exp(logs / ok)
    begin, last = int(np.ceil(run.window["start_s"])), min(pages.seconds, int(run.window["end_s"]))
    calm = typical[begin : max(begin, int(one.start_s))]
    calm = calm[np.isfinite(calm)]
    if len(calm) < FEWEST_CALM_SECONDS:
        return UNTOLD
    edge = upper_edge(calm)
    outside = [
        (second, bool(typical[second] > edge) if ok[second] > asked[second] / 2 else True)
        for second in range(int(one.start_s), last)
        if asked[second]
    ]
    found = disturbance(outside, one.start_s, one.end_s)
    if not found.felt and asked[int(one.start_s) : int(np.ceil(one.end_s))].sum() < one.end_s - one.start_s:
        return UNTOLD  # less than a page a second: a stretch of bad seconds could not show
    return found


def _inversions(run: Run, cells: Sequence[EffectCell]) -> list[EffectInversion]:
    """Services where a protected persona lost more than an unprotected one, beyond both intervals."""
    protected = set(run.manifest.get("protected", ()))
    found = []
    for mine in cells:
        for theirs in cells:
            same = mine.service == theirs.service
            if same and mine.persona in protected and theirs.persona not in {"*", *protected}:
                found += _inversion(mine, theirs)
    return found


def _inversion(mine: EffectCell, theirs: EffectCell) -> list[EffectInversion]:
    if mine.before is None or theirs.before is None:
        return []
    one, other = mine.before.served, theirs.before.served
    if one.value is None or one.high is None or other.value is None or other.low is None:
        return []
    if one.high >= other.low or other.value - one.value < INVERSION_POINTS:
        return []
    return [EffectInversion(mine.service, mine.persona, theirs.persona, one.value, other.value)]


def _worth(run: Run, one: Perturbation, before: Stretch, during: Stretch) -> Worth | None:
    """Pages a minute that protected people were served more, and that others were refused more, by the measure."""
    protected = set(run.manifest.get("protected", ())) - set(one.defers)
    personas = tuple(of_manifest(run.manifest))
    mine = [during.part(persona=each) for each in personas if each in protected]
    then = [before.part(persona=each) for each in personas if each in protected]
    theirs = [during.part(persona=each) for each in personas if each not in protected]
    earlier = [before.part(persona=each) for each in personas if each not in protected]
    if not mine or sum(each.asked.sum() for each in (*mine, *theirs)) < FEWEST_PAGES:
        return None
    gained, slower = compare(_together(then), _together(mine))
    refused, _ = compare(_together(earlier), _together(theirs), outcome="shed")
    return Worth(_rate(gained, _together(mine).per_minute()), slower, _rate(refused, _together(theirs).per_minute()))


def _together(parts: Sequence[Part]) -> Part:
    return parts[0].plus(parts[1:])


def _rate(points: Estimate, pages_per_minute: float) -> Estimate:
    def of(value: float | None) -> float | None:
        return None if value is None else value / 100 * pages_per_minute

    return Estimate(of(points.value), of(points.low), of(points.high))

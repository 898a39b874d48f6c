"""Continuity of teaching as tiles: a figure of each run, how many people of the region that is, the sample beside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from entsurge.render.answer import Region
from entsurge.render.catalogue import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from entsurge.findings.report import RunFindings
    from entsurge.findings.teaching import OthersWork, Work
    from entsurge.render.numbers import Numbers

WELL, POORLY = 95, 80  # of 100


@dataclass(frozen=True)
class Tile:
    """One thing that a committee asks: figures with their tones, in the runs' order; of whom; the sample."""

    title: str
    figures: list[tuple[str, str]]
    people: str
    sample: str


def tiles(runs: Sequence[RunFindings], words: Mapping[str, Any], numbers: Numbers) -> list[Tile]:
    """Pupils, teachers, added personas, schools cut off."""
    named = words["continuity"]
    found = [
        _of_work(named["students"], [(run, run.continuity.students) for run in runs], words, numbers),
        _of_work(named["teachers"], [(run, run.continuity.teachers) for run in runs], words, numbers),
    ]
    for title, works in others(runs, words):
        found.append(_of_work(title, list(zip(runs, works, strict=True)), words, numbers))
    return [*found, _schools(runs, words, numbers)]


def others(runs: Iterable[RunFindings], words: Mapping[str, Any]) -> list[tuple[str, list[OthersWork | None]]]:
    """Of each added persona with a work of its own: what is counted, and each run's count; None where it was not."""
    found = [{each.persona: each for each in run.continuity.others} for run in runs]
    first = {key: each for of in reversed(found) for key, each in of.items()}
    named = words["continuity"]
    return [
        (named["others_published" if each.publishes else "others"].format(who=words["plural"].get(key, key)),
         [of.get(key) for of in found])
        for key, each in first.items()
    ]  # fmt: skip


def tone(value: float | None, run: RunFindings) -> str:
    """How a figure of 100 is painted; green in a run that held alone."""
    if value is None:
        return "soft"
    if value < POORLY:
        return "bad"
    return "warn" if value < WELL else "ok" if run.verdict == "PASS" else "plain"


def _of_work(
    title: str, works: Sequence[tuple[RunFindings, Work | None]], words: Mapping[str, Any], numbers: Numbers
) -> Tile:
    said = [_told(run, work, words, numbers, short=len(works) > 1) for run, work in works]
    values = [None if work is None else work.per_100 for _, work in works]
    say, samples, last = catalogue("answer", words["language"]), [sample for _, sample in said], works[-1][0]
    whole = Region(last.scale, say, numbers).factor == 1
    people = _joined([people for people, _ in said])
    return Tile(
        title,
        [(numbers.number(value), tone(value, run)) for value, (run, _) in zip(values, works, strict=True)],
        say["without" if whole else "without_about"].format(counts=people) if any(samples) else people,
        say["tile_sample" if not whole else "tile_whole"].format(counts=_joined(samples), scale=last.scale)
        if any(samples) else "",
    )  # fmt: skip


def _told(
    run: RunFindings, work: Work | None, words: Mapping[str, Any], numbers: Numbers, *, short: bool
) -> tuple[str, str]:
    """How many of the region went without, and of the sample who did not: `137 of 141`, `short`: `137/141`."""
    named = words["continuity"]
    if work is None or work.unmeasured or work.done is None:
        return (named["unmeasured"][work.unmeasured] if work and work.unmeasured else "–"), ""
    region = Region(run.scale, catalogue("answer", words["language"]), numbers)
    read, came = numbers.number(work.done), numbers.number(work.came)
    sample = f"{read}/{came}" if short else named["students_note"].format(read=read, came=came)
    return numbers.number(region.whole(work.came - work.done)), sample


def _joined(told: Sequence[str]) -> str:
    """What is said of each run, once where it is the same of all."""
    return told[0] if len(set(told)) == 1 else " → ".join(told)


def _schools(runs: Sequence[RunFindings], words: Mapping[str, Any], numbers: Numbers) -> Tile:
    named, cut = words["continuity"], [run.continuity.schools_cut_off for run in runs]
    figures = [
        (numbers.number(each.count), "bad" if each.count else tone(100.0, run))
        for each, run in zip(cut, runs, strict=True)
    ]
    told = [named["schools_note"].format(of=numbers.number(each.of)) for each in cut]
    return Tile(named["schools"], figures, _joined(told), "")

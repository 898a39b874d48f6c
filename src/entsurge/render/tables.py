"""The tables beneath the charts, and perturbations in words: cells ready to be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entsurge.render.series import binned, clock, step_seconds, stepped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsurge.findings.report import RunFindings
    from entsurge.render.numbers import Numbers


def timeline(run: RunFindings, numbers: Numbers) -> list[list[str]]:
    """The timeline chart's data: second, time of day, pages, latency, visits, visitors."""
    when = clock(run, numbers.lang)
    return [
        [
            str(row.second),
            when.time(row.second),
            *(numbers.number(each, 1) for each in (row.offered_pages, row.ok, row.shed, row.failed, row.lost)),
            *(numbers.seconds(each) for each in (row.p50_s, row.p95_s, row.p99_s, row.sign_on_p95_s)),
            *(numbers.number(each, 1) for each in (row.offered_visits, row.started_visits)),
            numbers.number(row.visitors),
        ]
        for row in binned(run.timeline)
    ]


def target(run: RunFindings, numbers: Numbers) -> list[list[str]]:
    """What the target said of itself: time of day, then each of its series; empty where it said nothing."""
    if not run.target_series:
        return []
    step, last, when = step_seconds(run.timeline), len(run.timeline.second), clock(run, numbers.lang)
    columns = [stepped(series.points, last, step) for series in run.target_series]
    return [
        [when.time(place * step), *(numbers.plain(column[place]) for column in columns)]
        for place in range(len(columns[0]))
        if any(column[place] is not None for column in columns)
    ]


def during(run: RunFindings, words: Mapping[str, Any]) -> list[str]:
    """Every perturbation with its times of the simulated day, as a sentence."""
    names, when = words["timeline"], clock(run, words["language"])
    return [
        names["during"].format(
            kind=names.get(each.kind, each.kind).capitalize(),
            title=each.title[words["language"]],
            start=when.time(each.start_s),
            end=when.time(each.end_s),
        )
        for each in run.perturbations
    ]


def recoveries(run: RunFindings, words: Mapping[str, Any], numbers: Numbers) -> list[dict[str, str]]:
    """A row for each perturbation: what, when, and how long until degraded and until recovered."""
    names, when = words["recovery"], clock(run, words["language"])
    judged = {each.id: each for each in run.recovery}
    rows = []
    for each in run.perturbations:
        found = judged.get(each.id)
        degrade = recover = names["unjudged"]
        if found and not found.disturbed:
            degrade, recover = names["none"], "–"
        elif found:
            degrade = numbers.seconds(found.degrade_s)
            recover = names["still"] if found.recover_s is None else numbers.seconds(found.recover_s)
            recover = names["during"] if found.recover_s == 0 else recover
        rows.append({
            "title": each.title[words["language"]], "kind": words["timeline"].get(each.kind, each.kind),
            "from": when.time(each.start_s), "to": when.time(each.end_s), "degrade": degrade, "recover": recover,
        })  # fmt: skip
    return rows

"""Joins redirects to the pages that they belong to: a driver follows them by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.client.failure import ProtocolBroken
from entsurge.client.url import joined
from entsurge.recorded.step import same

if TYPE_CHECKING:
    from collections.abc import Iterable

    from entsurge.recorded.step import Step

REDIRECTS = frozenset({301, 302, 303, 307, 308})


def without_redirects(steps: Iterable[Step]) -> list[Step]:
    """The steps in their order, each at the end of its redirects: the first request keeps the last answer.

    A redirect that says nowhere where it leads (no `Location`, no `redirectURL`) leads to the next page that is asked
    for. One whose end is not in the recording keeps its own status.
    """
    waiting: dict[str, Step] = {}
    lost: Step | None = None  # a redirect that does not say where it leads
    kept: list[Step] = []
    for step in steps:
        first = _led_here(step, waiting)
        if first is None and lost is not None and step.method in ("GET", lost.method) and not step.is_asset:
            first = lost
        lost = None if first is lost or not step.is_asset else lost
        if first is None:
            first = step
            kept.append(step)
        else:
            _arrive(first, step)
        if step.status not in REDIRECTS:
            continue
        where = step.answer_headers.get("location", "")
        if where:
            waiting[same(_resolved(step.url, where))] = first
        else:
            lost = first
    return kept


def _led_here(step: Step, waiting: dict[str, Step]) -> Step | None:
    """The step whose redirect this one follows."""
    key = same(step.url)
    first = waiting.get(key)
    if first is None or (step.method not in ("GET", first.method)):
        return None
    return waiting.pop(key)


def _arrive(first: Step, step: Step) -> None:
    """Take in where a redirect has led to."""
    first.status, first.kind, first.body = step.status, step.kind, step.body
    first.cookies |= step.cookies
    first.answer_headers, first.landed = step.answer_headers, step.landed
    first.hops += step.hops
    if first.resource in ("", "other"):
        first.resource = step.resource


def _resolved(base: str, where: str) -> str:
    try:
        return joined(base, where).partition("#")[0]
    except ProtocolBroken:
        return where

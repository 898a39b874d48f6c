"""Whether a deployment can serve even one visit; every reason why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.errors import UsageError
from entsurge.said import said
from entsurge.simulation.measures import InForce

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from entsurge.said import Said
    from entsurge.simulation.manifest import Subject

_STEPS_AN_HOUR = 4


class ServesNobody(UsageError):
    """A deployment that could not serve even one visit; `reasons` say why."""

    def __init__(self, path: Path, reasons: Sequence[Said]) -> None:
        told = "\n".join(f"{path}: {reason}" for reason in reasons)
        super().__init__(told, hint="docs/simulation.md lists the keys")
        self.reasons = reasons


def impossible(subject: Subject) -> list[Said]:
    """Why nobody could ever be served, with key and what was found; empty where somebody can."""
    return [*_too_slow(subject), *_nobody_admitted(subject)]


def _too_slow(subject: Subject) -> Iterator[Said]:
    """Where even an idle deployment takes longer on average than anybody waits."""
    deadline, deployment = subject.profile.file.replay.page_deadline_seconds, subject.deployment
    sign_on = deployment.sign_on
    if sign_on.seconds >= deadline:
        told = "sign_on.seconds: {seconds:g}: nobody can sign on, visitors give up after {deadline:g} s"
        yield said(told, seconds=sign_on.seconds, deadline=deadline)
    asked = {
        service
        for persona in subject.profile.personas
        for service, share in subject.profile.mixes.mix(persona).pages.items()
        if share.value
    }
    least = min((deployment.of_service(name).seconds or 0.0 for name in asked), default=0.0)
    if least >= deadline:
        told = "pages.seconds: {seconds:g}: no page is served, visitors give up after {deadline:g} s"
        yield said(told, seconds=least, deadline=deadline)


def _nobody_admitted(subject: Subject) -> Iterator[Said]:
    profile = subject.profile
    in_force = InForce(frozenset(subject.measures), {key: who.rights for key, who in profile.personas.items()})
    begin, end = profile.begin_minute / 60, profile.end_minute / 60
    steps = max(1, int((end - begin) * _STEPS_AN_HOUR))
    hours = [(begin + (end - begin) * step / steps) % 24 for step in range(steps)]
    if not any(in_force.admits(persona, hour) for persona in profile.personas for hour in hours):
        told = "measures: {names}: nobody is let in at any time of the window"
        yield said(told, names=", ".join(subject.measures))

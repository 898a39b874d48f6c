"""Before a run with perturbations: undo what dead runs left, check the experiments, put an edge in front if need be."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import click

from entsurge.chaos import settle
from entsurge.chaos.check import faults_of
from entsurge.chaos.game_day import load_all
from entsurge.errors import EntsurgeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from entsurge.chaos.experiment import Experiment
    from entsurge.chaos.state import Record

EDGE_PORT = "ENTSURGE_EDGE_PORT"


@contextlib.contextmanager
def perturbed(chaos: Sequence[str], target: str, *, production: bool = False, agreed: bool = False) -> Iterator[str]:
    """The address to load while the context lives: the target's, or that of an Envoy in front of it.

    Raises UsageError for an experiment that cannot be used, and for a fault on a target that is in production unless
    that was agreed to.
    """
    if not settle.recover(_say):
        raise EntsurgeError("what an earlier run left could not be undone", hint="entsurge chaos recover")
    experiments = load_all(chaos)
    wrong = [line for name in chaos for line in faults_of(name)]
    if wrong:
        raise UsageError("\n".join(wrong), hint="entsurge chaos check")
    if production and not agreed:
        _refuse(experiments)
    if os.environ.get(EDGE_PORT) or not any("edge" in one.extension.needs for one in experiments):
        yield target
        return
    from entsurge.chaos.edge import edge

    with edge(target) as front:
        os.environ[EDGE_PORT] = str(front.control_port)
        click.echo(f"entsurge: Envoy stands in front of {target} at {front.url}", err=True)
        try:
            yield front.url
        finally:
            del os.environ[EDGE_PORT]


def _refuse(experiments: list[Experiment]) -> None:
    faults = [one.id for one in experiments if one.extension.kind == "fault"]
    if faults:
        raise UsageError(
            f"{', '.join(faults)}: the target is marked as production: no fault is put there",
            hint="--yes-production, if whoever authorised the test has agreed to faults in writing",
        )


def _say(record: Record, word: str) -> None:
    click.echo(f"entsurge: {record.experiment} was left by run {record.run or '?'}: {word}", err=True)

"""Before a run with perturbations: undo what dead runs left, check the experiments, put an edge in front if need be."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, NamedTuple

import click

from entsurge.chaos import settle
from entsurge.chaos.check import faults_of
from entsurge.chaos.game_day import load_all
from entsurge.errors import EntsurgeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from entsurge.chaos.experiment import Experiment
    from entsurge.chaos.state import Record

EDGE_PORT, NETNS, OUTSIDE = "ENTSURGE_EDGE_PORT", "ENTSURGE_NETNS", "ENTSURGE_OUTSIDE_NETNS"


class Front(NamedTuple):
    """What visitors meet: an address, and the command that the engine is started by where they live elsewhere."""

    url: str
    prefix: tuple[str, ...] = ()


@contextlib.contextmanager
def perturbed(chaos: Sequence[str], target: str, *, production: bool = False, agreed: bool = False) -> Iterator[Front]:
    """What to load while the context lives: the target, or an Envoy in front of it, perhaps from a namespace.

    Raises UsageError for an experiment that cannot be used, and for a fault on a target that is in production unless
    that was agreed to.
    """
    _recover(target)
    experiments = load_all(chaos)
    wrong = [line for name in chaos for line in faults_of(name)]
    if wrong:
        raise UsageError("\n".join(wrong), hint="entsurge chaos check")
    if production and not agreed:
        _refuse(experiments)
    needs = {each for one in experiments for each in one.extension.needs}
    if os.environ.get(NETNS):
        needs.discard("namespace")
    if os.environ.get(EDGE_PORT):
        needs.discard("edge")
    if not needs & {"edge", "namespace"}:
        yield Front(target)
        return
    with _front(target, apart="namespace" in needs) as front:
        yield front


def _recover(target: str) -> None:
    """Undo what dead runs of this project, or on this target, left; say what others did. Raises EntsurgeError.

    Only what is still in force on this target is in the way.
    """
    found = settle.orphans()
    ours = [one for one in found if settle.is_of_this_project(one) or settle.in_the_way(one, target)]
    others = [one for one in found if one not in ours]
    left = settle.recover(_say, ours)
    if any(settle.in_the_way(record, target) for record in left):
        raise EntsurgeError("what an earlier run left is still broken: its undo failed", hint="entsurge chaos recover")
    for record in (*left, *others):
        click.echo(
            f"entsurge: {record.experiment}, left by run {record.run or '?'} of {record.project}, is still in force on "
            f"{record.target or '?'}; not in the way of this run: entsurge chaos recover",
            err=True,
        )


@contextlib.contextmanager
def _front(target: str, *, apart: bool) -> Iterator[Front]:
    """An Envoy in front of the target; with `apart`, visitors live in a network namespace of their own."""
    from entsurge.chaos.edge import edge
    from entsurge.chaos.namespace import namespace

    with contextlib.ExitStack() as stack:
        netns = stack.enter_context(namespace(target)) if apart else ""
        front = stack.enter_context(edge(target, netns=netns))
        names = {EDGE_PORT: str(front.control_port)}
        names |= {NETNS: netns, OUTSIDE: f"/proc/{os.getpid()}/ns/net"} if apart else {}
        os.environ.update(names)
        stack.callback(lambda: [os.environ.pop(name) for name in names])
        where = f" in the network namespace {netns}" if apart else ""
        click.echo(f"entsurge: Envoy stands in front of {target} at {front.url}{where}", err=True)
        yield Front(front.url, ("ip", "netns", "exec", netns) if apart else ())


def _refuse(experiments: list[Experiment]) -> None:
    faults = [one.id for one in experiments if one.extension.kind == "fault"]
    if faults:
        raise UsageError(
            f"{', '.join(faults)}: the target is marked as production: no fault is put there",
            hint="--yes-production, if whoever authorised the test has agreed to faults in writing",
        )


def _say(record: Record, word: str) -> None:
    click.echo(f"entsurge: {record.experiment} was left by run {record.run or '?'}: {word}", err=True)

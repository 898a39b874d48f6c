"""Before a run with perturbations: undo what dead runs left, check the experiments, put an edge in front if need be."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from entsurge.chaos import lacking, settle
from entsurge.chaos.check import faults_of, strangers
from entsurge.chaos.game_day import load_all
from entsurge.client.url import split
from entsurge.engine.target_access import access as policy
from entsurge.errors import EntsurgeError, UsageError
from entsurge.habits import remark
from entsurge.said import said
from entsurge.targets import file as targets
from entsurge.targets.addresses import addresses
from entsurge.terminal import echo

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from entsurge.chaos.experiment import Experiment
    from entsurge.chaos.state import Record
    from entsurge.commands.targets import Chosen

EDGE_PORT, NETNS, OUTSIDE = "ENTSURGE_EDGE_PORT", "ENTSURGE_NETNS", "ENTSURGE_OUTSIDE_NETNS"
NAMES, NOBODY_ASKS = "network-names", "visitors behind an edge ask no name server, so that it would touch nobody"
ELSEWHERE = "the edge stands on this machine's loopback, where workers elsewhere cannot reach it"


class Front(NamedTuple):
    """What visitors meet: where an edge stands for each origin of the target, and who vouches for it; no line, no edge.

    `prefix` is the command that the engine is started by where visitors live elsewhere.
    """

    edge: tuple[str, ...] = ()
    authority: str = ""
    prefix: tuple[str, ...] = ()


@contextlib.contextmanager
def perturbed(chaos: Sequence[str], target: Chosen, *, agreed: bool = False, workers_at: str = "") -> Iterator[Front]:
    """What stands in front of the target while the context lives: nothing, or an Envoy, perhaps in a namespace.

    `agreed`: faults may be put on a target in production; `workers_at`: where workers elsewhere reach the master.

    Raises UsageError for an experiment that cannot be used, names hosts that the target does not have, or would put a
    fault on a target in production unagreed; TargetUnreachable where an edge could not reach or verify the target.
    """
    _recover(target.url)
    experiments = load_all(chaos)
    wrong = [line for name in chaos for line in faults_of(name)]
    if wrong:
        raise UsageError("\n".join(wrong), hint="entsurge chaos check")
    if target.production and not agreed:
        _refuse(experiments)
    _check_hosts(experiments, target)
    needs = {each for one in experiments for each in one.extension.needs}
    if os.environ.get(NETNS):
        needs.discard("namespace")
    if os.environ.get(EDGE_PORT):
        needs.discard("edge")
    if not needs & {"edge", "namespace"}:
        yield Front()
        return
    idle = [one.id for one in experiments if any(each.get("fault") == NAMES for each in one.faults)]
    if "namespace" in needs and idle:
        raise UsageError(
            said("{names}: {nobody_asks}", names=", ".join(idle), nobody_asks=NOBODY_ASKS),
            hint=said("{netns} names a namespace of the ENT's own", netns=NETNS),
        )
    if workers_at and not targets.is_loopback(workers_at.rpartition(":")[0].strip("[]")):
        raise UsageError(
            said("--bind {workers_at}: {elsewhere}", workers_at=workers_at, elsewhere=ELSEWHERE),
            hint="offer the plan from here: --processes",
        )
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
        told = said(
            "entsurge: {experiment}, left by run {run} of {project}, is still in force on {target}; not in the way of "
            "this run: entsurge chaos recover",
            experiment=record.experiment, run=record.run or "?", project=record.project, target=record.target or "?",
        )  # fmt: skip
        echo(told, err=True)


@contextlib.contextmanager
def _front(target: Chosen, *, apart: bool) -> Iterator[Front]:
    """An Envoy in front of the target; with `apart`, visitors live in a network namespace of their own."""
    lacks = lacking.envoy()
    if lacks:
        raise UsageError(said("a fault needs an Envoy in front of the target: {names}", names="; ".join(lacks)))
    from entsurge.chaos.edge import standing
    from entsurge.chaos.edge_origins import upstreams
    from entsurge.chaos.namespace import namespace

    known = targets.load(Path(target.file)) if target.file else None
    access = policy(known)
    behind = upstreams(target.url, addresses(known) if known else (), access)
    with contextlib.ExitStack() as stack:
        netns = stack.enter_context(namespace(target.url)) if apart else ""
        front = stack.enter_context(standing(behind, access, netns=netns))
        names = {EDGE_PORT: str(front.control_port)}
        names |= {NETNS: netns, OUTSIDE: f"/proc/{os.getpid()}/ns/net"} if apart else {}
        os.environ.update(names)
        stack.callback(lambda: [os.environ.pop(name) for name in names])
        where = said(" in the network namespace {netns}", netns=netns) if apart else ""
        origins = ", ".join(each.url for each in behind)
        remark(said("entsurge: Envoy stands in front of {origins}{where}", origins=origins, where=where))
        yield Front(front.connect_to, front.authority, ("ip", "netns", "exec", netns) if apart else ())


def _check_hosts(experiments: list[Experiment], target: Chosen) -> None:
    """Raise UsageError for faults that name hosts which the target does not have."""
    known = targets.load(Path(target.file)) if target.file else None
    own = known.file.all_hosts if known else (split(target.url).origin.host,)
    wrong = [line for one in experiments for line in strangers(one, own)]
    if wrong:
        raise UsageError("\n".join(wrong), hint=said("the target's hosts are {names}", names=", ".join(own)))


def _refuse(experiments: list[Experiment]) -> None:
    faults = [one.id for one in experiments if one.extension.kind == "fault"]
    if faults:
        raise UsageError(
            said("{names}: the target is marked as production: no fault is put there", names=", ".join(faults)),
            hint="--yes-production, if whoever authorised the test has agreed to faults in writing",
        )


def _say(record: Record, word: str) -> None:
    told = "entsurge: {experiment} was left by run {run}: {word}"
    echo(said(told, experiment=record.experiment, run=record.run or "?", word=word), err=True)

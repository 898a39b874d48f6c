"""Ends what its holder no longer can: what controller, guardian, `chaos recover` and `chaos stop` do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from entsurge.chaos.faults.fault import make
from entsurge.chaos.state import Record, audit, in_force, project
from entsurge.client import url as urls
from entsurge.client.failure import ProtocolBroken
from entsurge.errors import EntsurgeError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PATIENCE_SECONDS = 1.0
LOOPBACK = "loopback"


def settle(record: Record, how: str) -> str:
    """End the holder if it lives, then undo what it left; what came of it, in a word.

    "ended": its holder ended it. "undone": from the undo on disk. "lease": it ends by itself. "failed: …": the undo
    could not be performed; the record stays on disk and `entsurge chaos recover` tries again. Raises nothing: whoever
    settles has others to settle.
    """
    record.holder.end(PATIENCE_SECONDS)
    try:
        with record.ending() as there:
            if not there:
                return "ended"
            started = time.monotonic()
            if record.before or record.lease == "guardian":
                make(record.kind, record.settings).undo(record.before)
                word = "undone"
            else:
                word = "lease"
            audit(record, word, how, seconds=round(time.monotonic() - started, 3))
            return word
    except Exception as error:
        audit(record, "undo failed", how, detail=str(error))
        return f"failed: {error}"


def way_back(record: Record) -> str:
    """What undoes this record, in words: for whoever must do it by hand. Empty where there are none."""
    try:
        return make(record.kind, record.settings).way_back(record.before)
    except (EntsurgeError, KeyError, TypeError, ValueError):
        return ""


def orphans() -> list[Record]:
    """Records whose controller is gone, or, without a controller, whose holder is."""
    return [record for record in in_force() if not (record.controller or record.holder).alive()]


def recover(say: Callable[[Record, str], None], records: Sequence[Record] | None = None) -> list[Record]:
    """Settle what dead runs left, all of it or these records; those that are still in force."""
    return _settle_all(orphans() if records is None else records, "recover", say)


def find(identity: str) -> Record | None:
    """The record of this id."""
    return next((record for record in in_force() if record.id == identity), None)


def forget(record: Record) -> bool:
    """Strike a record off without undoing it; whether it was there. The audit keeps who did, and what is not undone."""
    with record.ending() as there:
        if there:
            audit(record, "forgotten", "by hand", detail=way_back(record))
    return there


def stop(say: Callable[[Record, str], None], wanted: Callable[[Record], bool] = lambda _: True) -> list[Record]:
    """Settle everything that is in force and wanted, whoever holds it; what is still in force.

    The namespace of a living run stays: it is a place, no fault, and goes with its run.
    """
    places = [record for record in in_force() if record.kind == "namespace" and record.holder.alive()]
    return _settle_all([record for record in in_force() if record not in places and wanted(record)], "stop", say)


def _settle_all(records: Sequence[Record], how: str, say: Callable[[Record, str], None]) -> list[Record]:
    left = []
    for record in records:
        word = settle(record, how)
        left += [record] if word.startswith("failed") else []
        say(record, word)
    return left


def is_of_this_project(record: Record) -> bool:
    """Whether a run of this project left it, or nobody knows who did."""
    return record.project in ("", project())


def in_the_way(record: Record, target: str) -> bool:
    """Whether it is in force on this target, so that no run may begin there.

    A loopback address is another server in every project. What nobody said a target of is on each of its project's.
    """
    own = is_of_this_project(record)
    if not record.target:
        return own
    host, _ = here = _place(target)
    return _place(record.target) == here and (own or host != LOOPBACK)


def _place(url: str) -> tuple[str, int]:
    """Host and port; one word for all the names of this machine."""
    from entsurge.targets.file import is_loopback

    try:
        origin = urls.split(url).origin
    except ProtocolBroken:
        return url, 0
    return (LOOPBACK if is_loopback(origin.host) else origin.host), origin.port

"""Ends what its holder no longer can: what controller, guardian, `chaos recover` and `chaos stop` do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from entsurge.chaos.faults.fault import make
from entsurge.chaos.state import Record, audit, in_force
from entsurge.errors import EntsurgeError

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_SECONDS = 1.0


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


def recover(say: Callable[[Record, str], None]) -> bool:
    """Settle what dead runs left; whether all of it could be."""
    return _settle_all(orphans(), "recover", say)


def forget(identity: str) -> bool:
    """Strike a record off without undoing it; whether there was one. The audit keeps that it was so."""
    for record in in_force():
        if record.id == identity:
            with record.ending() as there:
                audit(record, "forgotten", "by hand")
                return there
    return False


def stop(say: Callable[[Record, str], None]) -> bool:
    """Settle everything that is in force, whoever holds it; whether all of it could be.

    The namespace of a living run stays: it is a place, no fault, and goes with its run.
    """
    places = [record for record in in_force() if record.kind == "namespace" and record.holder.alive()]
    return _settle_all([record for record in in_force() if record not in places], "stop", say)


def _settle_all(records: list[Record], how: str, say: Callable[[Record, str], None]) -> bool:
    well = True
    for record in records:
        word = settle(record, how)
        well &= not word.startswith("failed")
        say(record, word)
    return well

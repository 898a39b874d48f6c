"""How a perturbation ended, as the audit tells it: the one account that everybody who ends one writes into."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from entsurge.chaos.state import audited, in_force

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from entsurge.chaos.process import Process

ENDED, UNDONE, LEFT, FAILED = "ended", "undone", "left to its lease", "undo failed"
WORST_FIRST = (FAILED, LEFT, UNDONE, ENDED)
LAST_WORDS = frozenset({"guardian", "recover", "stop", "by hand"})  # after these nobody tries again by itself
LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Ending:
    """One of the four states above, why or through whom, and when; `over` is false while somebody may yet end it.

    `begun`: when it began to be put in force.
    """

    state: str
    detail: str
    when: datetime | None
    over: bool = True
    begun: datetime | None = None


def of_child(pid: int, controller: Process) -> Ending | None:
    """How what this `chaos run` put in force has ended; None when it put nothing in force."""
    return _worst(_rows(controller, lambda row: row.get("pid") == pid).values())


def of_controller(controller: Process, patience_seconds: float) -> dict[str, Ending]:
    """By experiment, how what this controller's children put in force has ended.

    Waits so long for the guardian to do its work; what is in force after that counts as not undone.
    """
    limit = time.monotonic() + patience_seconds
    while True:
        by_record = _rows(controller, lambda row: True)  # noqa: ARG005  whoever applied it
        names = sorted({str(rows[0].get("experiment")) for rows in by_record.values()})
        found = {name: _worst(rows for rows in by_record.values() if rows[0].get("experiment") == name)
                 for name in names}  # fmt: skip
        if time.monotonic() > limit or all(one is None or one.over for one in found.values()):
            return {name: one for name, one in found.items() if one is not None}
        time.sleep(LOOK_SECONDS)


def _rows(controller: Process, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, list[dict[str, Any]]]:
    """The audit's lines of every record that was applied under this controller by whom is wanted, by record."""
    me, found = [controller.pid, controller.started], dict[str, list[dict[str, Any]]]()
    for row in audited()[0]:
        if row.get("controller") != me:
            continue
        if row.get("state") == "applying" and wanted(row):
            found[str(row.get("id"))] = []
        if str(row.get("id")) in found:
            found[str(row.get("id"))].append(row)
    return found


def _worst(records: Iterable[list[dict[str, Any]]]) -> Ending | None:
    """Of several records of one experiment, the ending that is worst."""
    held = {record.id for record in in_force()}
    found = [
        replace(one, begun=_moment(rows[0]))
        for rows in records
        if (one := _ending(rows, held=str(rows[0].get("id")) in held)) is not None
    ]
    return min(found, key=lambda one: WORST_FIRST.index(one.state), default=None)


def _ending(rows: list[dict[str, Any]], *, held: bool) -> Ending | None:
    last = rows[-1]
    state, how, when = last.get("state"), str(last.get("how") or ""), _moment(last)
    if state == "refused":
        return None
    if state in ("ended", "undone"):
        return Ending(str(state), how, when)
    failed = [str(row.get("detail") or "") for row in rows if row.get("state") == "undo failed"]
    if state == "lease":
        return Ending(LEFT, failed[-1] if failed else f"its holder is gone ({how})", when)
    if state == "forgotten":
        return Ending(FAILED, "struck off by hand", when)
    if state == "undo failed":
        return Ending(FAILED, failed[-1], when, over=not held or how in LAST_WORDS)
    return Ending(FAILED, "nobody has undone it", None, over=not held)


def _moment(row: dict[str, Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(str(row.get("when_utc")))
    except ValueError:
        return None

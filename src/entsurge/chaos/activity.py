"""What Chaos Toolkit calls: `hold` keeps one of our faults in force for a window."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

from entsurge.chaos.call import NothingSent
from entsurge.chaos.evidence import Witness
from entsurge.chaos.faults.fault import Fault, make
from entsurge.chaos.process import Process
from entsurge.chaos.state import Record, audit
from entsurge.chaos.window import BY_HAND_SECONDS, CONTROLLER, ID, RUN, Window
from entsurge.errors import EntsurgeError

if TYPE_CHECKING:
    from collections.abc import Iterator

RENEWALS = 3  # in each lease
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def hold(
    fault: str,
    settings: dict[str, Any] | None = None,
    lease_seconds: float = 5.0,
    seconds: float = BY_HAND_SECONDS,
) -> dict[str, Any]:
    """Apply a fault, renew its lease while the window goes on, end it; what Chaos Toolkit writes into its journal.

    `seconds` is the longest that it is held; in a run the controller ends it when its window ends.
    """
    one = make(fault, settings or {})
    lacking = one.lacks()
    if lacking:
        raise EntsurgeError("; ".join(lacking))
    window = Window.here(lease_seconds, seconds)
    if not window.wait_for_go():
        return {"fault": fault, "ended_by": window.ended_by, "held_seconds": 0.0}
    record = Record(
        experiment=os.environ.get(ID, fault), kind=fault, settings=one.model_dump(mode="json"), lease=one.lease,
        lease_seconds=lease_seconds, before=one.prepare(), holder=Process.me(), controller=controller(),
        run=os.environ.get(RUN, ""),
    )  # fmt: skip
    record.write()
    audit(record, "applying", lease=one.lease)
    begun, witness = time.monotonic(), Witness(one, window.say)
    try:
        one.apply(lease_seconds)
        window.say("applied")
        audit(record, "applied")
        witness.begin()
        _renew(one, window, witness)
    except NothingSent as error:
        _strike_off(record, str(error))
        window.ended_by = "refused"
        window.say("refused", detail=str(error))
        raise
    except BaseException as error:
        window.ended_by = window.ended_by or _how(error)
        if window.ended_by == "refused":
            window.say("refused", detail=str(error))
        raise
    finally:
        _end(one, record, window, witness)
    held = time.monotonic() - begun
    return {"fault": fault, "ended_by": window.ended_by, "held_seconds": held, "touched": witness.count}


def _renew(one: Fault, window: Window, witness: Witness) -> None:
    """Renew until the window ends; a lease that could not be renewed in time is over."""
    renewed = time.monotonic()
    while window.goes_on(window.lease_seconds / RENEWALS):
        try:
            one.renew()
            renewed = time.monotonic()
        except (EntsurgeError, OSError) as error:
            window.say("not renewed", detail=str(error))
            if time.monotonic() - renewed > window.lease_seconds:
                window.ended_by = "lease"
        witness.look()


def _strike_off(record: Record, why: str) -> None:
    """What was never put in force leaves nothing to undo, and nothing that would stand in the next run's way."""
    with _deaf(), record.ending() as there:
        if there:
            audit(record, "refused", detail=why)


def _end(one: Fault, record: Record, window: Window, witness: Witness) -> None:
    """End the fault whatever signal comes meanwhile; where that fails, its record stays for those who watch."""
    with _deaf():
        try:
            with record.ending() as there:
                if there:
                    told = witness.last()
                    started = time.monotonic()
                    one.end(record.before)
                    audit(record, "ended", window.ended_by, seconds=round(time.monotonic() - started, 3), **told)
        except Exception as error:
            audit(record, "undo failed", window.ended_by, detail=str(error))
            window.say("undo failed", detail=str(error))
            raise
        window.say("ended", how=window.ended_by)


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Signals are heard after the block: a mask would hold back this thread's alone, and probes have their own."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard: list[int] = []
    before = {number: signal.signal(number, lambda got, _: heard.append(got)) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for got in dict.fromkeys(heard):
            signal.raise_signal(got)


def _how(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "SIGINT"
    return "SIGTERM" if type(error).__name__ in ("InterruptExecution", "SystemExit") else "refused"


def controller() -> Process | None:
    """The controller that this process was started by; none under plain `chaos run`."""
    given = os.environ.get(CONTROLLER)
    return Process.of(int(given)) if given else None

"""The ways for a perturbation to end, each with what the test does and how long the target may take to be itself."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chaos_subject import LEASE_SECONDS, Subject, until

ALLOWED_SECONDS = LEASE_SECONDS + 2.0
RECOVER_SECONDS = 2.0 * float(os.environ.get("ENTSURGE_SLOW_MACHINE", "1"))


@dataclass(frozen=True)
class Case:
    """A fault on a target of its own: whether it hurts, and what it has left.

    `target` is the file of the target that a run must have for it; empty where any will do.
    """

    name: str
    lease: str
    file: Path
    hurts: Callable[[], bool]
    left: Callable[[], list[str]]
    environment: dict[str, str]
    repair: Callable[[], None] = lambda: None  # what an operator does whose process was killed for good
    target: str = ""


def normal(subject: Subject) -> float:
    """The window ends."""
    subject.tell(end="normal")
    return time.monotonic()


def _signal(number: signal.Signals) -> Callable[[Subject], float]:
    def send(subject: Subject) -> float:
        subject.process.send_signal(number)
        return time.monotonic()

    return send


def kill_child(subject: Subject) -> float:
    """SIGKILL of the `chaos run`."""
    subject.child().send(signal.SIGKILL)
    return time.monotonic()


def kill_both(subject: Subject) -> float:
    """SIGKILL of guardian and controller."""
    subject.guardian().send(signal.SIGKILL)
    subject.process.kill()
    return time.monotonic()


def kill_all(subject: Subject) -> float:
    """SIGKILL of guardian, controller and child: nobody is left who knows."""
    child, guardian = subject.child(), subject.guardian()
    for number in (signal.SIGSTOP, signal.SIGKILL):  # stopped first: none of them sees another die
        for send in (subject.process.send_signal, guardian.send, child.send):
            send(number)
    return time.monotonic()


ENDINGS: dict[str, Callable[[Subject], float]] = {
    "normal end": normal,
    "SIGINT": _signal(signal.SIGINT),
    "SIGTERM": _signal(signal.SIGTERM),
    "SIGKILL controller": _signal(signal.SIGKILL),
    "SIGKILL child": kill_child,
    "SIGKILL guardian + controller": kill_both,
    "SIGKILL all three": kill_all,
}


def measure(case: Case, ending: str, folder: Path) -> float:
    """Seconds from the ending until the target is itself and nothing is left; asserts that they are within the bound.

    When all three are killed, a guarded fault stays until `entsurge chaos recover`; the seconds are then its own.
    """
    subject = Subject(folder, case.file, **case.environment)
    try:
        subject.wait_applied()
        until(case.hurts, 5, f"{case.name} hurts")
        begun = ENDINGS[ending](subject)
        if ending == "SIGKILL all three":
            if case.lease == "guardian":
                time.sleep(0.3)
                assert case.hurts(), f"{case.name} ended though nobody was left"
                begun = time.monotonic()
                subject.recover()
                assert time.monotonic() - begun <= RECOVER_SECONDS, f"recover took {time.monotonic() - begun:.1f} s"
            else:
                until(lambda: not case.hurts(), ALLOWED_SECONDS, f"{case.name} ends by itself")
        until(lambda: not case.hurts(), ALLOWED_SECONDS, f"{case.name} after {ending}: {subject.log()}")
        seconds = time.monotonic() - begun
        until(lambda: not case.left(), 3, f"{case.name} after {ending} left {case.left()}")
        if ending == "SIGKILL all three" and case.lease != "guardian":
            subject.recover()
        until(lambda: not subject.in_force(), 3, f"{case.name} after {ending}: {subject.in_force()}")
        assert subject.audit()[-1]["state"] in ("ended", "undone", "lease"), subject.audit()
        return seconds
    finally:
        subject.close()
        case.repair()

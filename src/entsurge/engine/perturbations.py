"""The engine's side of perturbations: starts their controller, tells it the clock, writes down what it says."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

import gevent
from gevent import subprocess
from gevent.event import Event

from entsurge.chaos import endings
from entsurge.chaos.policy import ACCESS
from entsurge.chaos.process import Process
from entsurge.chaos.state import PROJECT, TARGET, project
from entsurge.errors import CannotRecord, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from entsurge.chaos.timeline import Planned
    from entsurge.client.access import Access
    from entsurge.engine.run import Run
    from entsurge.engine.spec import RunSpec

READY_SECONDS = 60.0
CHECK_SECONDS = 120.0
END_SECONDS = 15.0  # beyond what a child has for ending its fault: for an undo from disk
LEAVING_SECONDS = 5.0  # for the controller's process to be gone once everything has ended
GUARDIAN_SECONDS = 25.0  # for the guardian to do it when the controller is gone


class Perturbations:
    """A context: what lasts the whole run is in force inside it, and nothing is a lease after it, whatever happens.

    The controller's standard input is a pipe that only this process holds: when the engine dies, it hears it.
    """

    def __init__(self, run: Run) -> None:
        self.run, self.planned = run, run.prepared.planned
        self.controller: Any = None
        self.me: Process | None = None  # the controller, as the audit names it
        self.listening: Any = None
        self.ready, self.done = Event(), Event()
        self.refused, self.stands = "", False  # why nothing may begin; whether what lasts the whole run is in force
        self.applied: dict[str, str] = {}  # what came into force, and how it ended
        self.over = not self.planned

    def __enter__(self) -> Self:
        """Start the controller; wait until everything that lasts the whole run is in force. Raises UsageError."""
        if not self.planned:
            return self
        spec = {
            "run": self.run.directory.path.name,
            "journals": str(self.run.directory.path.resolve() / "chaos"),
            "target": self.run.spec.url,
            "windows": [
                {"file": each.experiment.path, "start_s": each.start_s, "end_s": each.end_s} for each in self.planned
            ],
        }
        self.controller = subprocess.Popen(
            [*outside(), sys.executable, "-P", "-m", "entsurge.chaos.controller", json.dumps(spec)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
            env=environment(self.run.spec, self.run.run_context.access),
        )  # fmt: skip
        self.me = Process.of(self.controller.pid)
        self._tell({"headers": dict(self.run.run_context.access.own_headers)})
        self.listening = gevent.spawn(self._listen)
        self.ready.wait(READY_SECONDS)
        if not self.stands:
            self.end("refused")
            raise UsageError(
                "\n".join([self.refused or "the perturbations' controller did not become ready", *self.left])
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End what is still in force."""
        self.end("interrupted" if kind else "normal")

    def begin(self) -> None:
        """Run time is zero now."""
        self._tell({"zero": self.run.run_context.zero})

    def second(self, second: int, personas: dict[str, dict[str, Any]]) -> None:
        """What became of whose pages in this second, for the stop conditions."""
        self._tell({"second": second, "personas": personas})

    def end(self, why: str) -> None:
        """End every perturbation now, and wait until the controller says that it is so."""
        if self.over:
            return
        self.over = True
        self._tell({"end": why})
        if not self.done.wait(END_SECONDS + max(each.experiment.extension.undo_seconds for each in self.planned)):
            self._kill()
        with contextlib.suppress(OSError):
            self.controller.stdin.close()
        try:
            self.controller.wait(LEAVING_SECONDS)
        except subprocess.TimeoutExpired:
            self._kill()
            self.controller.wait()
        self.listening.join(1)
        self._account()

    def _kill(self) -> None:
        """The guardian takes over what it held."""
        with contextlib.suppress(OSError):
            self.controller.send_signal(signal.SIGKILL)

    def _account(self) -> None:
        """Write down what nobody has told: of a controller that is gone, the audit knows what it put in force.

        It may have gone between the two: what it never said to be in force is told from there as well.
        """
        names = dict.fromkeys(each.experiment.id for each in self.planned)  # one may be planned at two times
        untold = [name for name in names if not self.applied.get(name)]
        found = endings.of_controller(self.me, GUARDIAN_SECONDS) if untold and self.me else {}
        for name in untold:
            one = found.get(name)
            if name not in self.applied and one is not None:
                self._said(name, "applied", "", self._at(one.begun))
            if name in self.applied:
                one = one or endings.Ending(endings.FAILED, "nobody has said how it ended", None)
                self._said(name, one.state, one.detail, self._at(one.when))

    def _at(self, when: datetime | None = None) -> float:
        """That moment, or now, in seconds of run time; 0 before it begins."""
        if not self.run.run_context.zero:
            return 0.0
        ago = 0.0 if when is None else (datetime.now(UTC) - when).total_seconds()
        return float(max(0.0, self.run.run_context.now_us() / 1e6 - ago))

    @property
    def left(self) -> list[str]:
        """What is still in force although it was to end, a line each."""
        return [f"{name} is still in force: its undo failed; entsurge chaos recover"
                for name, ending in self.applied.items() if ending == endings.FAILED]  # fmt: skip

    def _tell(self, row: dict[str, Any]) -> None:
        if self.controller is None:
            return
        with contextlib.suppress(OSError, ValueError):
            self.controller.stdin.write(json.dumps(row).encode() + b"\n")
            self.controller.stdin.flush()

    def _listen(self) -> None:
        for line in self.controller.stdout:
            with contextlib.suppress(ValueError):
                self._take(json.loads(line))
        if not self.over:
            self._trip("controller", "gone: every fault ends with its lease")
        self.done.set()
        self.ready.set()

    def _take(self, said: dict[str, Any]) -> None:
        if "refused" in said:
            self.refused = said["refused"]
            self.ready.set()
        elif "ready" in said:
            self.stands = True
            self.ready.set()
        elif "stop" in said:
            self._trip("stop condition", said["stop"])
            self.run.book.progress.say(f"stopped: {said['stop']}")
            self.run.stop("guard")
        elif "done" in said:
            self.done.set()
        else:
            self._said(said["id"], said["state"], said["detail"], said["t"], said.get("count"))

    def _said(self, name: str, state: str, detail: str, t: float, count: int | None = None) -> None:
        if state == "applied" or state in endings.WORST_FIRST:
            self.applied[name] = "" if state == "applied" else state
        self._event(name, state, detail, t, count=count)
        self.run.book.progress.say(f"{name}: {state}{': ' + detail if detail else ''}")

    def _trip(self, identity: str, detail: str) -> None:
        self._event(identity, "tripped", detail, self._at(), kind="guard")

    def _event(
        self, identity: str, state: str, detail: str, t: float, *, kind: str = "perturbation", count: int | None = None
    ) -> None:
        row = {"t": round(t, 3), "kind": kind, "id": identity, "state": state, "detail": detail}
        row |= {} if count is None else {"count": count}
        with contextlib.suppress(CannotRecord):  # the run's own second notices a full disk
            self.run.directory.append("events.jsonl", row)


def environment(spec: RunSpec, access: Access) -> dict[str, str]:
    """What processes of perturbations find in their environment: the target, how it is spoken to, whose run it is."""
    return os.environ | {TARGET: spec.url, PROJECT: project(), ACCESS: access.direct().to_json()}


def check_perturbations(planned: Sequence[Planned], spec: RunSpec, access: Access) -> None:
    """Ask, without touching anything, whether they can be put in force and watched. Raises UsageError."""
    if not planned:
        return
    given = {
        "target": spec.url, "headers": dict(access.own_headers),
        "files": list(dict.fromkeys(each.experiment.path for each in planned)),
    }  # fmt: skip
    try:
        done = subprocess.run(
            [*outside(), sys.executable, "-P", "-m", "entsurge.chaos.preflight"], input=json.dumps(given),
            capture_output=True, text=True, check=False, timeout=CHECK_SECONDS, env=environment(spec, access),
        )  # fmt: skip
    except subprocess.TimeoutExpired as slow:
        raise UsageError(f"the perturbations could not be looked at within {CHECK_SECONDS:.0f} s") from slow
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit {done.returncode}"]
        raise UsageError(f"the perturbations could not be looked at: {said[-1]}")
    wrong = json.loads(done.stdout)
    if wrong:
        raise UsageError("\n".join(wrong), hint="nothing was touched; docs/writing-experiments.md")


def outside() -> list[str]:
    """The command that leads out of the visitors' network namespace, where they have one: faults are held outside."""
    found = os.environ.get("ENTSURGE_OUTSIDE_NETNS")
    return ["nsenter", f"--net={found}"] if found else []

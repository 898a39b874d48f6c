"""A worker: does what a master says, reports once a second, and stops by itself when the master falls silent."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from typing import Any

import gevent
from gevent.event import Event
from locust.env import Environment

from entsurge import __version__, errors
from entsurge.engine.health import settle
from entsurge.engine.prepared import Prepared
from entsurge.engine.pulse import Pulse
from entsurge.engine.scheduler import Scheduler
from entsurge.engine.shards import Ours
from entsurge.engine.spec import RunSpec
from entsurge.record.parcel import Outbox
from entsurge.record.recorder import Recorder

MASTER_SILENT_SECONDS = 8.0
RESEND_SECONDS = 2.0
CONNECT_SECONDS = 60.0
LAST_REPORT_SECONDS = 5.0


def main(host: str, port: int) -> int:
    """Work for the master at this address; the exit code."""
    stopped = Event()
    handlers = [gevent.signal_handler(number, stopped.set) for number in (signal.SIGINT, signal.SIGTERM)]
    listens = _listens(host, port, stopped)
    for handler in handlers:
        handler.cancel()
    if stopped.is_set():
        return errors.INTERRUPTED
    if not listens:
        print(f"entsurge: no master answers at {host}:{port}", file=sys.stderr)
        return errors.UNREACHABLE
    return Worker(host, port).run()


def _listens(host: str, port: int, stopped: Event) -> bool:
    """Wait until something listens there, at most a minute; say so when it does not at once."""
    limit, said = time.monotonic() + CONNECT_SECONDS, False
    while time.monotonic() < limit and not stopped.is_set():
        try:
            socket.create_connection((host, port), 2).close()
        except OSError:
            if not said:
                print(f"waiting for a master at {host}:{port}, at most {CONNECT_SECONDS:.0f} s", file=sys.stderr)
                said = True
            stopped.wait(0.5)
        else:
            return True
    return False


class Worker:
    """One worker process."""

    def __init__(self, host: str, port: int) -> None:
        self.parent = int(os.environ.get("ENTSURGE_PARENT", "0"))
        self.environment = Environment()
        self.runner = self.environment.create_worker_runner(host, port)
        self.finished, self.code = Event(), errors.PASS
        self.heard = time.monotonic()
        self.prepared: Prepared | None = None
        self.begun = self.ending = False
        self.sequence = 0
        self.unacknowledged: dict[int, tuple[float, dict[str, Any]]] = {}
        for name in ("task", "clock", "begin", "gain", "release", "pulse", "acknowledged", "end", "refused"):
            listener = getattr(self, f"_{name}")
            self.runner.register_message(f"entsurge-{name}", listener, concurrent=name == "end")
        self._send("hello", {"version": __version__, "pid": os.getpid(), "host": socket.gethostname()})

    def run(self) -> int:
        """Until the run is over, the master is gone, or somebody stops us."""
        for number in (signal.SIGINT, signal.SIGTERM):
            gevent.signal_handler(number, self._stop, errors.INTERRUPTED, "")
        while not self.finished.wait(0.25):
            silent = time.monotonic() - self.heard
            if self.parent and os.getppid() != self.parent:
                self._stop(errors.INVALID, "the master has gone")
            elif self.begun and silent > MASTER_SILENT_SECONDS:
                self._stop(errors.INVALID, f"the master has said nothing for {silent:.0f} s")
        if self.prepared is not None:
            self.scheduler.close(2)
        self.runner.greenlet.kill(block=False)
        return self.code

    def _stop(self, code: int, reason: str) -> None:
        if self.finished.is_set():
            return
        self.code = code
        if reason:
            print(f"entsurge: worker stops: {reason}", file=sys.stderr)
        self.finished.set()

    def _send(self, name: str, data: dict[str, Any]) -> None:
        self.runner.send_message(f"entsurge-{name}", data)

    # -- what the master says --------------------------------------------------------------------------------------

    def _task(self, msg: Any, **_: Any) -> None:
        problem = ""
        try:
            spec = RunSpec.from_json(msg.data["spec"])
            self.prepared = Prepared(spec)
            processes = max(1, spec.processes, spec.workers)
            self.prepared.check_room(processes)
            self._prepare(self.prepared)
        except (errors.EntsurgeError, TypeError) as error:
            problem = str(error)
        digests = self.prepared.digests() if self.prepared and not problem else {}
        self.heard = time.monotonic()
        self._send("ready", {"digests": digests, "problem": problem})

    def _prepare(self, prepared: Prepared) -> None:
        self.outbox, self.ours = Outbox(), Ours()
        self.recorder = Recorder(self.outbox)
        self.run_context = prepared.run_context(self.recorder)
        self.environment.entsurge = self.run_context  # type: ignore[attr-defined]
        self.scheduler = Scheduler(
            prepared.arrivals, prepared.scenarios, self.environment,
            most=prepared.profile.file.replay.max_visitors, ours=self.ours,
        )  # fmt: skip

    def _clock(self, msg: Any, **_: Any) -> None:
        self._send("clock", {"sent": msg.data["sent"], "there": time.monotonic()})

    def _begin(self, msg: Any, **_: Any) -> None:
        settle()
        self.heard, self.begun = time.monotonic(), True
        self.run_context.zero = msg.data["zero"]
        self.pulse = Pulse(self.run_context, self.scheduler, self.recorder)
        gevent.spawn(self.scheduler.run).link(self._planned_through)
        self.ticking = gevent.spawn(self._seconds)

    def _planned_through(self, greenlet: Any) -> None:
        if greenlet.successful():
            self.pulse.all_started = True
        else:
            self._stop(errors.UNEXPECTED, "the plan could not be offered")

    def _gain(self, msg: Any, **_: Any) -> None:
        self.run_context.accounts_in_use.update(
            (persona, group, account) for persona, group, account in msg.data["busy"]
        )
        self.ours.gain(msg.data["shards"], msg.data["from_us"])

    def _release(self, msg: Any, **_: Any) -> None:
        self.ours.release(msg.data["shards"], msg.data["until_us"])
        self._send("shards", {"number": msg.data["number"], "busy": sorted(self.run_context.accounts_in_use)})

    def _pulse(self, msg: Any, **_: Any) -> None:
        del msg
        self.heard = time.monotonic()

    def _acknowledged(self, msg: Any, **_: Any) -> None:
        self.heard = time.monotonic()
        self.unacknowledged.pop(msg.data["sequence"], None)

    def _refused(self, msg: Any, **_: Any) -> None:
        self._stop(errors.USAGE, f"refused by the master: {msg.data['reason']}")

    def _end(self, msg: Any, **_: Any) -> None:
        """Offer what was due before the end, interrupt the rest, report, go."""
        self.heard, self.ending = time.monotonic(), True
        self.ticking.kill()
        self.scheduler.end(msg.data["at_us"])
        self.scheduler.close(3)
        self._report(int(self.run_context.now_us() / 1e6))
        self._send("ended", {"reports": self.sequence})
        limit = time.monotonic() + LAST_REPORT_SECONDS
        while self.unacknowledged and time.monotonic() < limit:
            gevent.sleep(0.1)
            self._send_again()
        self._stop(errors.PASS, "")

    # -- reports ---------------------------------------------------------------------------------------------------

    def _seconds(self) -> None:
        second = int(self.run_context.now_us() / 1e6)
        while True:
            gevent.sleep(max(0.0, second + 1 - self.run_context.now_us() / 1e6))
            self._report(second)
            self._send_again()
            second = max(second + 1, int(self.run_context.now_us() / 1e6))

    def _report(self, second: int) -> None:
        """This second's pulse and record, under the next number; kept until it is acknowledged."""
        self.recorder.fold(second)
        report = {"sequence": self.sequence, "pulse": self.pulse.take(second), "parcel": self.outbox.take(second)}
        self.unacknowledged[self.sequence] = (time.monotonic(), report)
        self.sequence += 1
        self._send("report", report)

    def _send_again(self) -> None:
        now = time.monotonic()
        for sequence, (sent, report) in list(self.unacknowledged.items()):
            if now - sent > RESEND_SECONDS:
                self.unacknowledged[sequence] = (now, report)
                self._send("report", report)

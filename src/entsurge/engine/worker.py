"""A worker: does what a master says, reports once a second, and stops by itself when the master falls silent.

Told to stop (SIGTERM, Ctrl-C) it says goodbye: its shards go to the others, its visits may end, everything is reported.
"""

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
from entsurge.engine import messages
from entsurge.engine.awake import Awake
from entsurge.engine.channel import Channel
from entsurge.engine.handover import AHEAD_US
from entsurge.engine.health import settle
from entsurge.engine.prepared import Prepared
from entsurge.engine.pulse import Pulses
from entsurge.engine.scheduler import Scheduler
from entsurge.engine.seal import Seal
from entsurge.engine.shards import FOREVER_US, Ours
from entsurge.engine.spec import RunSpec
from entsurge.engine.workers_secret import VARIABLE, secret_of_environment
from entsurge.record.parcel import Outbox
from entsurge.record.recorder import Recorder
from entsurge.said import Said, said
from entsurge.terminal import here

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
MASTER_SILENT_SECONDS = 8.0
RESEND_SECONDS = 2.0
CONNECT_SECONDS = 60.0
LAST_REPORT_SECONDS = 5.0
# What Kubernetes gives between SIGTERM and SIGKILL is 30 s; these and the last report's together stay under it.
RELEASE_SECONDS, FINISH_SECONDS = 3.0, 18.0
LEFT = "told to stop"


def main(host: str, port: int, *, quiet: bool = False) -> int:
    """Work for the master at this address; the exit code. `quiet`: an end in order needs no line."""
    try:
        secret = secret_of_environment()
    except errors.UsageError as error:
        print(f"entsurge: {here(error.message)}\n  {here(error.hint)}", file=sys.stderr)
        return error.exit_code
    Door(host, port, secret)
    stopped = Event()
    handlers = [gevent.signal_handler(number, stopped.set) for number in SIGNALS]
    listens = _listens(host, port, stopped)
    for handler in handlers:
        handler.cancel()
    if stopped.is_set():
        print(here(f"entsurge: worker ends: {LEFT} before a master answered"), file=sys.stderr)
        return errors.INTERRUPTED
    if not listens:
        print(here(f"entsurge: worker ends: no master answers at {host}:{port}"), file=sys.stderr)
        return errors.UNREACHABLE
    return Worker(host, port, quiet=quiet).run()


class Door:
    """What a worker says and does whose master lets it not in; Locust would go on knocking for minutes."""

    def __init__(self, host: str, port: int, secret: str) -> None:
        self.host, self.port, self.secret = host, port, secret
        self.seal = Seal(secret, on_refusal=self.shut)
        self.seal.install()

    def shut(self, certain: bool) -> None:
        """Only one side has a secret: end. Hung up on: the secret may be another, or nobody be behind a tunnel yet."""
        at = {"host": self.host, "port": self.port}
        if certain:
            why = said("it has no secret, and this worker has") if self.secret else said("it wants a secret")
            self._end(said("worker ends: the master at {host}:{port} lets nobody in: {why}", **at, why=why))
        told = "at {host}:{port} somebody hangs up: another secret, or no master yet behind a tunnel; at most {n:.0f} s"
        print(here(said(told, **at, n=CONNECT_SECONDS)), file=sys.stderr, flush=True)
        gevent.spawn_later(CONNECT_SECONDS, self._give_up)

    def _give_up(self) -> None:
        if not self.seal.known:
            told = "worker ends: at {host}:{port} nobody shares its secret"
            self._end(said(told, host=self.host, port=self.port))

    def _end(self, why: Said) -> None:
        hint = said("set {variable} alike at both", variable=VARIABLE)
        print(f"entsurge: {here(why)}\n  {here(hint)}", file=sys.stderr, flush=True)
        os._exit(errors.USAGE)  # nothing has begun


def _listens(host: str, port: int, stopped: Event) -> bool:
    """Wait until something listens there, at most a minute; say so when it does not at once."""
    limit, told = time.monotonic() + CONNECT_SECONDS, False
    while time.monotonic() < limit and not stopped.is_set():
        try:
            socket.create_connection((host, port), 2).close()
        except OSError:
            if not told:
                print(here(f"waiting for a master at {host}:{port}, at most {CONNECT_SECONDS:.0f} s"), file=sys.stderr)
                told = True
            stopped.wait(0.5)
        else:
            return True
    return False


class Worker:
    """One worker process."""

    def __init__(self, host: str, port: int, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.parent = int(os.environ.get("ENTSURGE_PARENT", "0"))
        self.environment = Environment()
        self.runner = self.environment.create_worker_runner(host, port)
        self.finished, self.code = Event(), errors.PASS
        self.awake = Awake()
        self.heard = self.awake.seconds()
        self.prepared: Prepared | None = None
        self.scheduler: Scheduler | None = None
        self.begun = self.ending = self.leaving = False
        self.sequence = 0
        self.unacknowledged: dict[int, tuple[float, messages.Report]] = {}
        self.channel = Channel(self.runner, self._misshapen)
        self.channel.on(messages.Task, self._task)
        self.channel.on(messages.ClockAsked, self._clock)
        self.channel.on(messages.Begin, self._begin)
        self.channel.on(messages.Gain, self._gain)
        self.channel.on(messages.Release, self._release)
        self.channel.on(messages.AccountsMoved, self._accounts)
        self.channel.on(messages.Alive, self._alive)
        self.channel.on(messages.Acknowledged, self._acknowledged)
        self.channel.on(messages.End, self._end, concurrent=True)
        self.channel.on(messages.Refused, self._refused)
        self.channel.send(messages.Hello(__version__, os.getpid(), socket.gethostname()))

    def run(self) -> int:
        """Until the run is over, the master is gone, or somebody stops us."""
        for number in SIGNALS:
            gevent.signal_handler(number, self._leave)
        while not self.finished.wait(0.25):
            silent = self.awake.seconds() - self.heard
            if self.parent and os.getppid() != self.parent:
                self._stop(errors.INVALID, "the master has gone")
            elif self.begun and silent > MASTER_SILENT_SECONDS:
                self._stop(errors.INVALID, f"the master has said nothing for {silent:.0f} s")
        if self.scheduler is not None:
            self.scheduler.close(2)
        self.runner.greenlet.kill(block=False)
        return self.code

    def _stop(self, code: int, reason: str) -> None:
        """End with this exit code, and say why."""
        if self.finished.is_set():
            return
        self.code = code
        if code != errors.PASS or not self.quiet:
            print(here(f"entsurge: worker ends: {reason}"), file=sys.stderr)
        self.finished.set()

    # -- told to stop ----------------------------------------------------------------------------------------------

    def _leave(self) -> None:
        """Say goodbye, and go when the others have the shards and our visits are over; told twice, cut them short."""
        if self.ending:
            return  # the last report is on its way
        if self.scheduler is None or not self.begun:
            self.channel.send(messages.Leaving())
            self._stop(errors.INTERRUPTED, LEFT)
        elif self.leaving:
            self._cut_short(self.scheduler)
        else:
            self.leaving = True
            self.channel.send(messages.Leaving())
            self._go(self.scheduler)

    def _go(self, scheduler: Scheduler) -> None:
        limit = time.monotonic() + RELEASE_SECONDS
        while self.ours.until_us == FOREVER_US and not self.ending and time.monotonic() < limit:
            gevent.sleep(0.02)
        kept = self.ours.until_us == FOREVER_US  # the master has not answered
        scheduler.end(self.run_context.now_us() if kept else self.ours.until_us)
        limit = time.monotonic() + FINISH_SECONDS
        while not scheduler.through and not self.ending and time.monotonic() < limit:
            gevent.sleep(0.1)
        if not self.ending:
            self._cut_short(scheduler)

    def _cut_short(self, scheduler: Scheduler) -> None:
        """Interrupt what visits there still are, and report."""
        self.run_context.cuts_short = True
        self._conclude(scheduler, errors.INTERRUPTED, LEFT)

    # -- what the master says --------------------------------------------------------------------------------------

    def _misshapen(self, identity: str, problem: str) -> None:
        del identity
        self._stop(errors.USAGE, problem)

    def _task(self, task: messages.Task, _: str) -> None:
        problem = ""
        try:
            spec = RunSpec.from_json(task.spec)
            self.prepared = Prepared(spec)
            self.prepared.check_room(max(1, spec.processes, spec.workers))
            self._prepare(self.prepared)
        except errors.EntsurgeError as error:
            problem = f"{error}; {error.hint}" if error.hint else str(error)
        except Exception as error:  # whatever it is, the master is to hear of it
            problem = f"{type(error).__name__}: {error}"
        digests = self.prepared.digests() if self.prepared and not problem else {}
        self.heard = self.awake.seconds()
        self.channel.send(messages.Ready(digests, problem))

    def _prepare(self, prepared: Prepared) -> None:
        self.outbox, self.ours = Outbox(), Ours()
        self.recorder = Recorder(self.outbox)
        self.run_context = prepared.run_context(self.recorder)
        self.environment.entsurge = self.run_context  # type: ignore[attr-defined]
        self.scheduler = Scheduler(
            prepared.arrivals, prepared.scenarios, self.environment,
            most=prepared.profile.file.replay.max_visitors, ours=self.ours,
        )  # fmt: skip
        self.scheduler.accounts.tell = self._tell

    def _clock(self, clock: messages.ClockAsked, _: str) -> None:
        self.channel.send(messages.ClockTold(clock.sent, time.monotonic()))

    def _begin(self, begin: messages.Begin, _: str) -> None:
        if self.scheduler is None or self.begun:
            return
        settle()
        self.heard, self.begun = self.awake.seconds(), True
        self.run_context.zero = begin.zero
        self.pulse = Pulses(self.run_context, self.scheduler, self.recorder)
        gevent.spawn(self.scheduler.run).link(self._planned_through)
        self.ticking = gevent.spawn(self._seconds)

    def _planned_through(self, greenlet: Any) -> None:
        if greenlet.successful():
            self.pulse.all_started = True
        else:
            self._stop(errors.UNEXPECTED, "the plan could not be offered")

    def _gain(self, gain: messages.Gain, _: str) -> None:
        """Shards to offer from an instant on; of their accounts some are still used elsewhere."""
        if self.scheduler is not None:
            self.scheduler.accounts.hear(gain.busy, ())
            self.ours.gain(gain.shards, gain.from_us)

    def _release(self, release: messages.Release, _: str) -> None:
        """Shards to give up at an instant, or somewhat later where it is too near to be sure of."""
        if self.scheduler is not None:
            until_us = max(release.until_us, self.run_context.now_us() + AHEAD_US // 2)
            until_us = min(until_us, self.scheduler.until_us)  # where it has stopped without waiting for this
            self.ours.release(release.shards, until_us)
            busy = self.scheduler.accounts.hand_over(release.shards)
            self.channel.send(messages.Released(release.number, until_us, busy))

    def _accounts(self, moved: messages.AccountsMoved, _: str) -> None:
        """Accounts whose shards may be ours are in use elsewhere, or free again."""
        if self.scheduler is not None:
            self.scheduler.accounts.hear(moved.taken, moved.freed)

    def _tell(self, taken: list[messages.Account], freed: list[messages.Account]) -> None:
        self.channel.send(messages.AccountsMoved(taken, freed))

    def _alive(self, alive: messages.Alive, _: str) -> None:
        del alive
        self.heard = self.awake.seconds()

    def _acknowledged(self, acknowledged: messages.Acknowledged, _: str) -> None:
        self.heard = self.awake.seconds()
        self.unacknowledged.pop(acknowledged.sequence, None)

    def _refused(self, refused: messages.Refused, _: str) -> None:
        self._stop(errors.USAGE, f"refused by the master: {refused.reason}")

    def _end(self, end: messages.End, _: str) -> None:
        """Offer what was due before the end, interrupt the rest, report, go."""
        self.heard = self.awake.seconds()
        if self.ending:
            return
        if self.scheduler is None or not self.begun:
            self.ending = True
            self.channel.send(messages.Ended(0))
            self._stop(errors.PASS, "the run is over")
            return
        self.scheduler.end(end.at_us)
        self._conclude(self.scheduler, errors.PASS, "the run is over")

    def _conclude(self, scheduler: Scheduler, code: int, reason: str) -> None:
        """Interrupt the visits, report, wait until that has been heard, end."""
        self.ending = True
        self.ticking.kill()
        scheduler.close(3)
        self._report(int(self.run_context.now_us() / 1e6))
        self.channel.send(messages.Ended(self.sequence))
        limit = time.monotonic() + LAST_REPORT_SECONDS
        while self.unacknowledged and time.monotonic() < limit:
            gevent.sleep(0.1)
            self._send_again()
        self._stop(code, reason)

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
        report = messages.Report(self.sequence, self.pulse.take(second), messages.Parcel(**self.outbox.take(second)))
        self.unacknowledged[self.sequence] = (time.monotonic(), report)
        self.sequence += 1
        self.channel.send(report)

    def _send_again(self) -> None:
        now = time.monotonic()
        for sequence, (sent, report) in list(self.unacknowledged.items()):
            if now - sent > RESEND_SECONDS:
                self.unacknowledged[sequence] = (now, report)
                self.channel.send(report)

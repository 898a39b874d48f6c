"""The plan offered by workers: shards handed out by message, reports numbered, the dead noticed and replaced."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

import gevent

from entsurge import __version__
from entsurge.engine import messages
from entsurge.engine.awake import Awake
from entsurge.engine.channel import Channel
from entsurge.engine.handover import Handover
from entsurge.engine.member import Member
from entsurge.engine.own_workers import OwnWorkers
from entsurge.engine.reported import Reported
from entsurge.errors import InvalidMeasurement
from entsurge.record.parcel import Merger
from entsurge.said import said

if TYPE_CHECKING:
    from entsurge.engine.run import Run
    from entsurge.engine.seal import Seal
    from entsurge.engine.shards import Move

SILENT_SECONDS = 4.0  # a worker that says nothing for so long is lost
GATHER_SECONDS = 60.0
END_SECONDS = 10.0
LOOK_SECONDS = 0.25
REPORT_SECONDS = 0.3  # by then a second's reports have come


class Crew:
    """The master's side. Reports come once a second; whoever has not reported for four seconds is gone for good.

    `environment` is Locust's, with a runner that listens. The seconds are those in which the master itself was awake:
    after a stop it hears what waited before it judges.
    """

    def __init__(self, run: Run, environment: Any, seal: Seal) -> None:
        self.run, self.run_context = run, run.run_context
        self.wanted = run.spec.processes if run.spec.processes > 1 else 0
        self.wanted += run.spec.workers
        self.environment, self.runner = environment, environment.runner
        self.merger, self.awake = Merger(run.directory), Awake()
        self.handover = Handover(self._send, run.run_context.now_us, self._took_over)
        self.members: dict[str, Member] = {}
        self.digests = run.prepared.digests()
        self.begun = False
        self.delay_seconds = REPORT_SECONDS
        self.reported, self.own = Reported(run.prepared.profile.personas), OwnWorkers()
        self.channel = Channel(self.runner, self._misshapen)
        self.channel.on(messages.Hello, self._hello)
        self.channel.on(messages.Ready, self._ready)
        self.channel.on(messages.ClockTold, self._clock)
        self.channel.on(messages.Report, self._report)
        self.channel.on(messages.Ended, self._ended)
        self.channel.on(messages.Released, self._released)
        self.channel.on(messages.AccountsMoved, self._accounts)
        self.channel.on(messages.Leaving, self._leaving)
        self.seal = seal
        seal.on_stranger = self._stranger
        self.looking = gevent.spawn(self._look)

    # -- offering --------------------------------------------------------------------------------------------------

    def gather(self) -> None:
        """Start our own workers, and wait until as many as wanted have come and agree on what is to be run."""
        host, port = self.runner.master_bind_host, self.runner.server.port
        self.own.start(self.run.spec.processes if self.run.spec.processes > 1 else 0, port, self.seal.secret)
        if self.run.spec.workers:
            self.run.book.progress.say(
                said("waiting for {n} worker(s) at {host}:{port}", n=self.run.spec.workers, host=host, port=port)
            )
        limit = self.awake.seconds() + GATHER_SECONDS
        while len(self._joined()) < self.wanted and not self.run.ended.is_set():
            if self.awake.seconds() > limit:
                told = "{n} of {wanted} workers came within {seconds:.0f} s"
                raise InvalidMeasurement(
                    said(told, n=len(self._joined()), wanted=self.wanted, seconds=GATHER_SECONDS),
                    hint="start them with `entsurge worker --master HOST:PORT`",
                )
            gevent.sleep(0.05)

    def begin(self) -> None:
        """Deal all shards and tell everybody when zero was."""
        self.begun = True
        self.handover.deal(member.identity for member in self._joined())
        for member in self._joined():
            # Before that they have nothing to say, however long measures take to begin.
            member.heard = self.awake.seconds()
            self._begin(member)

    def _begin(self, member: Member) -> None:
        self._send(messages.Begin(self.run_context.zero + member.offset), member.identity)

    def tick(self, second: int) -> None:
        """Write what the reports of a second have brought, which come by themselves; tell the workers that we live."""
        for member in self._living():
            self._send(messages.Alive(second), member.identity)
        self.merger.flush()

    def over(self) -> bool:
        """Whether every worker says that its part is over."""
        living, pulses = self._joined(), self.run.book.pulses
        return bool(living) and all(each.name in pulses and pulses[each.name].over for each in living)

    def end(self) -> None:
        """End the workers at one instant; wait for their last reports; count what nobody reported as lost."""
        at_us = self.run_context.now_us()
        for member in self._living():
            self._send(messages.End(at_us), member.identity)
        limit = self.awake.seconds() + END_SECONDS
        while any(not member.complete for member in self._joined()) and self.awake.seconds() < limit:
            gevent.sleep(0.05)
        for member in [each for each in self._joined() if not each.complete]:
            self._lost(member, "its last report did not come")
        self.merger.flush()
        rows, self.run.book.exact = self.reported.missing(self.run.prepared.arrivals, at_us)
        self.run.directory.visits(rows)
        self.run.book.unreported = len(rows)
        if self.seal.strangers:
            self.run.event("worker", "strangers", "refused", f"{self.seal.strangers} connections without the secret")
        self.run.book.second(int(self.run_context.now_us() / 1e6))

    def close(self) -> None:
        """End our own workers and Locust's runner."""
        self.looking.kill()
        self.own.close()
        self.runner.quit()

    # -- what workers say ------------------------------------------------------------------------------------------

    def _hello(self, hello: messages.Hello, identity: str) -> None:
        if identity in self.members:
            return
        number, now = len(self.members) + 1, self.awake.seconds()
        member = Member(identity, f"{number}@{hello.host}", number, pid=hello.pid, heard=now)
        self.members[identity] = member
        if hello.version != __version__:
            self._refuse(member, f"version {hello.version}, here it is {__version__}")
            return
        self._send(messages.Task(self.run.spec.to_json()), identity)

    def _ready(self, ready: messages.Ready, identity: str) -> None:
        member = self._heard(identity)
        if member is None:
            return
        other = [name for name, digest in self.digests.items() if ready.digests.get(name) != digest]
        if ready.problem or other:
            self._refuse(member, ready.problem or f"another digest of {', '.join(sorted(other))}")
            return
        self._send(messages.ClockAsked(time.monotonic()), identity)

    def _clock(self, clock: messages.ClockTold, identity: str) -> None:
        member = self._heard(identity)
        if member is None:
            return
        if member.timed(clock.sent, clock.there, time.monotonic()):
            self._send(messages.ClockAsked(time.monotonic()), identity)
        elif not member.joined:
            self._join(member)

    def _join(self, member: Member) -> None:
        member.joined = True
        detail = f"process {member.pid}, clock {member.offset * 1e3:+.3f} ms ± {member.uncertainty * 1e3:.3f} ms"
        self.run.event("worker", member.name, "joined", detail)
        if not self.begun:
            return
        self._begin(member)
        self.handover.join(member.identity)

    def _released(self, released: messages.Released, identity: str) -> None:
        if self._heard(identity) is not None:
            self.handover.released(identity, released)

    def _accounts(self, moved: messages.AccountsMoved, identity: str) -> None:
        if self._heard(identity) is not None:
            self.handover.accounts(identity, moved.taken, moved.freed)

    def _leaving(self, leaving: messages.Leaving, identity: str) -> None:
        """A worker was told to stop, and says so: the others get its shards while it is still there."""
        del leaving
        member = self._heard(identity)
        if member is None or member.leaving:
            return
        member.leaving = True
        self.run.event("worker", member.name, "leaving", "it was told to stop")
        self.run.book.progress.say(
            said("worker {name} (process {pid}) was told to stop", name=member.name, pid=str(member.pid))
        )
        if not self.begun:
            member.gone = "left"
            return
        self.handover.retire(member.identity)
        self._nobody_left()

    def _report(self, report: messages.Report, identity: str) -> None:
        member = self._heard(identity)
        if member is None or not member.joined:
            return
        self._send(messages.Acknowledged(report.sequence), identity)
        for each in member.in_order(report):
            fold = self.merger.take(member.number, each.sequence, messages.to_wire(each.parcel))
            self.reported.take(each.parcel.visits)
            book = self.run.book
            book.visits(each.parcel.visits)
            book.pulse(member.name, each.pulse)
            book.fold(fold)
        self._left(member)

    def _ended(self, ended: messages.Ended, identity: str) -> None:
        member = self._heard(identity)
        if member is not None:
            member.reports = ended.reports
            self._left(member)

    def _stranger(self) -> None:
        """Somebody came without the secret: said once, counted to the end."""
        if self.seal.strangers == 1:
            self.run.book.progress.say(said("a stranger was refused: a connection that does not know the secret"))

    def _misshapen(self, identity: str, problem: str) -> None:
        """Whoever speaks otherwise than agreed is refused; had it a part in the run, that is another's now."""
        member = self.members.get(identity)
        if member is None:
            self._send(messages.Refused(problem), identity)
            self.run.book.progress.say(said("a worker was refused: {problem}", problem=problem))
        elif member.joined and not member.gone:
            self._lost(member, problem)
        elif not member.gone:
            self._refuse(member, problem)

    def _left(self, member: Member) -> None:
        """If a worker that was told to stop has told everything, it is gone, and nothing of it is lost."""
        if not member.leaving or not member.complete:
            return
        member.gone = "left"
        self.run.book.lose(member.name)
        self.run.event("worker", member.name, "left", "everything that it did is reported")
        self.handover.lost(member.identity)

    # -- who is there ----------------------------------------------------------------------------------------------

    def _heard(self, identity: str) -> Member | None:
        """The member that has just spoken; None for strangers and for those who were given up."""
        member = self.members.get(identity)
        if member is None or member.gone:
            if member is not None and not member.complete:
                self._send(messages.Refused(f"given up: {member.gone}"), identity)
            return None
        member.heard = self.awake.seconds()
        return member

    def _joined(self) -> list[Member]:
        return [member for member in self.members.values() if member.joined and not member.gone]

    def _living(self) -> list[Member]:
        return [member for member in self.members.values() if not member.gone]

    def _look(self) -> None:
        while True:
            gevent.sleep(LOOK_SECONDS)
            self.look()

    def look(self) -> None:
        """See who has fallen silent, which of our own processes has died; done four times a second."""
        now, dead = self.awake.seconds(), self.own.dead()
        for member in self._joined():
            silent = now - member.heard
            if member.complete:
                continue
            if member.pid in dead:
                self._lost(member, "its process has died")
            elif self.begun and silent > SILENT_SECONDS:
                self._lost(member, f"nothing heard for {silent:.1f} s")

    def _refuse(self, member: Member, reason: str) -> None:
        member.gone = reason
        self._send(messages.Refused(reason), member.identity)
        self.run.event("worker", member.name, "refused", reason)
        self.run.book.progress.say(
            said(
                "worker {name} (process {pid}) refused: {reason}", name=member.name, pid=str(member.pid), reason=reason
            )
        )

    def _lost(self, member: Member, reason: str) -> None:
        """Give a worker up and let the others take over its shards."""
        member.gone = reason
        self._send(messages.Refused(f"given up: {reason}"), member.identity)
        self.run.book.lose(member.name)
        self.run.event("worker", member.name, "lost", reason)
        self.run.book.progress.say(
            said("worker {name} (process {pid}) lost: {reason}", name=member.name, pid=str(member.pid), reason=reason)
        )
        if self.begun:
            self.handover.lost(member.identity)
            self._nobody_left()

    def _nobody_left(self) -> None:
        if not self.handover.workers:
            self.run.stop("no-workers")

    def _took_over(self, move: Move, at_us: int) -> None:
        if at_us:
            name = self.members[move.target].name
            self.run.event("worker", name, "took over", f"{len(move.shards)} shards from {at_us / 1e6:.3f} s on")

    def _send(self, message: messages.Message, identity: str) -> None:
        with contextlib.suppress(Exception):  # a message that cannot be sent is a worker that will fall silent
            self.channel.send(message, identity)

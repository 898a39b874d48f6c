"""One simulation: check that the deployment can serve at all, write the manifest, live the plan, write the end down."""

from __future__ import annotations

import gc
import math
from collections import Counter
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from entsurge.cast import scenario_files
from entsurge.chaos.experiment import load as load_experiment
from entsurge.errors import UsageError
from entsurge.plan.batches import batches
from entsurge.plan.comeback import comeback
from entsurge.plan.phases import phases
from entsurge.said import said
from entsurge.simulation import deployment as deployments
from entsurge.simulation import journeys
from entsurge.simulation.attempts import IN_USE, Attempts, stays
from entsurge.simulation.clock import Clock
from entsurge.simulation.costs import Costs
from entsurge.simulation.drawn import Drawn
from entsurge.simulation.gauges import Gauges
from entsurge.simulation.manifest import Subject, manifest
from entsurge.simulation.measures import InForce
from entsurge.simulation.possible import ServesNobody, impossible
from entsurge.simulation.record import PaperRecord
from entsurge.simulation.rows import VisitRows
from entsurge.simulation.sessions import Sessions
from entsurge.simulation.stations import Node, Nodes, Pool, WaitingRoom
from entsurge.simulation.visits import Habits, Visits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from entsurge.audience.profile import Profile
    from entsurge.record.writer import RunDirectory
    from entsurge.simulation.deployment import Deployment
    from entsurge.simulation.visits import Stay

MOST_AT_ONCE = 1_000_000  # visitors: more are an overload without end, not a school morning
NEVER_US = 2**62
OVERLOAD = "overload"
PLACES = deployments.WaitingRoom(per_second=1).places  # before a waiting room that only a fault has made


def subject(
    profile: Profile, path: Path, *, measures: Sequence[str] = (), scenarios: dict[str, str] | None = None,
    seed: int | None = None, changed: Deployment | None = None,
) -> Subject:  # fmt: skip
    """What is to be simulated: the file's deployment, or `changed`, what a sweep has made of it.

    Raises UsageError for what cannot be, with every reason.
    """
    deployment = changed or deployments.load(path)
    _fitted_for(profile, deployment, path)
    named = tuple(dict.fromkeys([*deployment.measures, *profile.measures, *measures]))
    try:
        deployments.known_measures(named)
    except ValueError as error:
        raise UsageError(str(error), hint="--without-measures leaves the profile's out") from None
    experiments = tuple(load_experiment(name) for name in named)
    seed = profile.file.replay.seed if seed is None else seed
    found = Subject(profile, deployment, path, named, experiments, scenario_files(profile, scenarios), seed)
    reasons = impossible(found)
    if reasons:
        raise ServesNobody(path, reasons)
    return found


def _fitted_for(profile: Profile, deployment: Deployment, path: Path) -> None:
    """Raise UsageError for a deployment that was fitted from runs of another profile; its days are the same one."""
    fitted = deployment.fitted
    if fitted is None or profile.name == fitted.profile:
        return
    names = {profile.name.removesuffix(f"-{day:02d}") for day in range(1, len(profile.file.day) + 1)}
    if not any(fitted.profile in (each, f"{each}-{fitted.profile[-2:]}") for each in names):
        raise UsageError(
            said(
                "{path}: fitted.profile: fitted from runs of {fitted}, whose pages are not those of {name}",
                path=path, fitted=fitted.profile, name=profile.name,
            ),
            hint="fit from runs of this profile, or take the table [fitted] out of the file if the pages cost the same",
        )  # fmt: skip


class Simulation:
    """A subject lived through, into a run directory. `progress` is told the share that is over, now and then.

    `drawn` is the plan of the subject's profile where somebody has drawn it already.
    """

    def __init__(
        self, of: Subject, directory: RunDirectory, *, progress: Callable[[float], None] = lambda _: None,
        most_at_once: int = MOST_AT_ONCE, drawn: Drawn | None = None,
    ) -> None:  # fmt: skip
        self.subject, self.directory, self.progress = of, directory, progress
        profile, deployment = of.profile, of.deployment
        self.drawn = drawn or Drawn(profile)
        self.people, self.arrivals = self.drawn.people, self.drawn.arrivals
        streams = self.arrivals.streams
        self.phases = phases(profile)
        self.until_us = int(self.phases[-1]["end_s"] * 1e6)
        self.compression = float(profile.file.replay.compression)
        self.in_force = InForce(frozenset(of.measures), {key: who.rights for key, who in profile.personas.items()})
        self.clock, self.end = Clock(), "completed"
        self.costs = Costs(deployment, self.in_force, journeys.read(of.scenarios), streams, of.seed)
        self.rows = VisitRows(self.costs.pages, streams, self.people, profile.personas)
        self.record = PaperRecord(directory, self.costs.pages, streams, self.phases, self.rows)
        self.attempts = Attempts(
            self.clock, self.costs, streams, self.record, comeback(profile), self.phase_at, most=most_at_once,
            overfull=self._overfull,
        )  # fmt: skip
        self.gauges = Gauges(directory, self.attempts)
        self.visits = self._visits()
        self.attempts.arrive = self.visits.arrive

    def run(self) -> str:
        """Live the plan and write the run directory; how it ended. Raises CannotRecord."""
        people = sum(self.people.count(persona) for persona in self.subject.profile.personas)
        told = manifest(self.subject, self.drawn.totals, people, list(self.people.academy_names))
        self.directory.write_json("manifest.json", told, durably=True)
        self._events("applied", 0.0)
        self.clock.at(1_000_000, self._second, None)
        collecting = gc.isenabled()
        gc.disable()  # nothing goes round in circles here, and looking for it takes a fifth of the time
        try:
            self.clock.run(self._arrivals(), self.attempts.offer, self.until_us)
        finally:
            if collecting:
                gc.enable()
        self._close()
        return self.end

    def phase_at(self, due_us: int) -> str:
        """The phase of this instant."""
        second = due_us / 1e6
        name: str = next((each["name"] for each in self.phases if second < each["end_s"]), self.phases[-1]["name"])
        return name

    def hour(self, now_us: int) -> float:
        """The hour of the simulated day, 0 to 24."""
        begin = self.arrivals.origin_minute % 1440 / 60
        return (begin + now_us * self.compression / 3.6e9) % 24

    # -- the parts -----------------------------------------------------------------------------------------------------

    def _visits(self) -> Visits:
        deployment, pages, nodes = self.subject.deployment, self.costs.pages, self._nodes()
        sign_on = deployment.sign_on
        door = nodes
        if sign_on.workers is not None:
            door = Nodes(self.clock, [Node(sign_on.workers, sign_on.queue)], _nobody, database=nodes.database)
        landing = deployment.of_service(sign_on.lands_on).database_share if sign_on.lands_on else 0.0
        return Visits(
            self.clock, nodes, door, self.record, self._habits(), around_us=self.costs.around_us,
            database_share=self.costs.database_share, services=[page.service for page in pages],
            sign_on_codes=self.costs.sign_on_codes, landing_share=landing or 0.0, sessions=self._sessions(),
            room=self._waiting_room(), departed=self.attempts.departed,
        )  # fmt: skip

    def _waiting_room(self) -> WaitingRoom | None:
        of = self.subject.deployment.waiting_room
        per_second = self.in_force.newcomers_per_second(of.per_second if of else math.inf)
        return None if per_second == math.inf else WaitingRoom(per_second, of.places if of else PLACES)

    def _nodes(self) -> Nodes:
        of, database = self.subject.deployment.nodes, self.subject.deployment.database
        pooled = of.pool if of.pool is not None and of.pool < of.workers else None
        shared = database.connections if database and database.connections < of.count * of.workers else None
        nodes = [Node(of.workers, of.queue, Pool(pooled) if pooled else None) for _ in range(of.count)]
        return Nodes(
            self.clock, nodes, _nobody, balancer=of.balancer, database=Pool(shared) if shared else None,
            seed=self.subject.seed,
        )  # fmt: skip

    def _habits(self) -> Habits:
        profile, nodes = self.subject.profile, self.subject.deployment.nodes
        timeout = nodes.queue_timeout_seconds
        minute_us = 60e6 / self.compression

        @lru_cache(maxsize=4096)
        def admits(persona: str, minute: int) -> bool:
            return self.in_force.admits(persona, self.hour(int(minute * minute_us)))

        return Habits(
            deadline_us=int(profile.file.replay.page_deadline_seconds * 1e6),
            queue_us=NEVER_US if timeout is None else int(timeout * 1e6),
            drops=nodes.abandoned == "dropped",
            patience={persona: profile.mixes.mix(persona).patience for persona in profile.personas},
            admits=lambda persona, now_us: admits(persona, int(now_us // minute_us)),
            asks_each_page=self.in_force.by_hour,
            hurried=self.in_force.hurried,
            renews_passwords=self.in_force.renews_passwords,
        )

    def _sessions(self) -> Sessions | None:
        """Without a limit, and with no silence that could end one, nobody needs to count."""
        of = self.subject.deployment.sessions
        minutes = self.in_force.idle_minutes(of.idle_minutes if of else math.inf)
        if of is None and minutes == math.inf:
            return None
        idle_us = int(min(minutes * 60e6 / self.compression, NEVER_US))
        return Sessions(of.limit if of else NEVER_US, idle_us, self.in_force.reserved if of else {})

    # -- the run -------------------------------------------------------------------------------------------------------

    def _arrivals(self) -> Iterator[tuple[int, Stay]]:
        for batch in batches(self.arrivals):
            self.progress(min(1.0, self.clock.now_us / self.until_us))
            yield from stays(batch, self.costs.of_batch(batch))

    def _second(self, now_us: int, nothing: None) -> None:
        """Write each second's gauges, as long as anything is still to come."""
        self.gauges.second(now_us // 1_000_000)
        drained = now_us >= self.record.end_us and not self.attempts.living and not self.attempts.pending
        if not drained:
            self.clock.at(now_us + 1_000_000, self._second, nothing)

    def _overfull(self) -> None:
        self.end = OVERLOAD
        self.clock.stop()

    def _close(self) -> None:
        early = self.end == OVERLOAD or not self.attempts.living
        now_us = self.clock.now_us if early else self.until_us
        open_stays = list(self.attempts.living.values())
        area_us = self.attempts.area_us(now_us)
        for stay in open_stays:
            self.visits.interrupt(now_us, stay)
            stay.end_us = now_us
            self.record.visit(stay)
        self.attempts.give_up()
        self.record.flush()
        self._events("ended", now_us / 1e6, self.end)
        self.directory.write_json("finish.json", self._finish(area_us), durably=True)
        self.progress(1.0)

    def _events(self, state: str, t: float, end: str = "") -> None:
        told = [("run", "run", end or "started")]
        told += [("perturbation", measure, state) for measure in self.subject.measures]
        for kind, name, what in told:
            detail = "normal" if what == "ended" else ""
            row = {"t": round(t, 3), "kind": kind, "id": name, "state": what, "detail": detail}
            self.directory.append("events.jsonl", row)

    def _finish(self, area_us: int) -> dict[str, Any]:
        attempts, zero = self.attempts, {"p50": 0, "p99": 0, "max": 0}
        lost = sum(attempts.lost.values())
        return {
            "ended_utc": datetime.now(UTC).isoformat(timespec="seconds"),
            "end": self.end,
            **{name: sum(getattr(attempts, name).values()) for name in ("offered", "started", "lost")},
            "retries": {name: dict(of) for name, of in attempts.retries.items()},
            "cpu_share": 0.0,
            "processes": {},
            "limits": {IN_USE: lost} if lost else {},
            "descriptors": {"most_open": 0, "allowed": 0},
            "signatures": dict(Counter(self.visits.reasons)),
            "little": self.rows.little(area_us, self.record.begin_us, self.record.end_us),
            "start_lag_us": zero,
            "stall_us": zero,
        }


def _nobody(now_us: int, job: object) -> None:
    """Stands where visits are connected later."""

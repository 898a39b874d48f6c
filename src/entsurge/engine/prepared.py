"""What a specification stands for, loaded and checked; the same on master and workers."""

from __future__ import annotations

from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any

from entsurge import content, errors
from entsurge.audience import profile as profiles
from entsurge.cast import check_personas, scenario_files
from entsurge.chaos import game_day, timeline
from entsurge.engine import devices, scenarios
from entsurge.engine.room import check_room
from entsurge.engine.target_access import TargetAccess
from entsurge.plan.arrivals import Arrivals
from entsurge.plan.comeback import comeback
from entsurge.plan.people import groups, population, presence_in
from entsurge.plan.phases import phases
from entsurge.targets.app import playable
from entsurge.targets.fit import check_services, fitting
from entsurge.visit.presence import Presence, Span
from entsurge.visit.run_context import RunContext

if TYPE_CHECKING:
    from entsurge.engine.spec import RunSpec
    from entsurge.plan.arrivals import Group
    from entsurge.targets.accounts import AccountBook
    from entsurge.visit.run_context import People, Record

MOST_SOURCES = 4096


class Prepared:
    """Profile, people, plan, scenarios and experiments of one specification. Raises UsageError."""

    def __init__(self, spec: RunSpec) -> None:
        self.spec = spec
        self.access = TargetAccess(
            url=spec.url, driver=spec.driver, target=spec.target, edge=spec.edge, edge_authority=spec.edge_authority
        )
        self.target, self.driver = self.access.target, self.access.driver
        loaded = profiles.load(spec.profile, overrides=spec.overrides)
        where = str(self.target.path) if self.target else spec.url
        self.profile = playable(loaded, driver=spec.driver, has_app=self.access.app is not None, target=where)
        if self.target is not None:
            self.profile = fitting(self.target, self.profile, asked="objectives" in spec.overrides)
        self.experiments = game_day.load_all(list(dict.fromkeys([*self.profile.measures, *spec.chaos])))
        when = clock(self.profile)
        self.planned = timeline.plan(self.experiments, when)
        self.perturbation_phases = timeline.phases(self.planned, when)
        check_personas(self.profile, self.experiments)
        self.scenarios, self.scenario_paths = scenarios.load(scenario_files(self.profile, spec.scenarios))
        book = self.target.accounts if self.target else None
        self.people: People = book or population(self.profile)
        self.arrivals = Arrivals(self.profile, _groups(self.profile, book))
        for driver, called, whose in devices.played(self.profile, self.access):
            check_services(self.profile, driver, self.access.stand_in, whose=whose, called=called)
            scenarios.check(self.scenarios, self.scenario_paths, self.profile, driver)
        self.sources = source_addresses(spec.sources)

    def run_context(self, record: Record) -> RunContext:
        """The surroundings of this run's visits."""
        access = self.access
        of_run = access.access.of_run(Path(self.spec.out).name, self.sources)
        if self.spec.url.startswith("https:"):
            of_run.tls.make_ready()
        spans = _in_us(phases(self.profile))
        return RunContext(
            driver=self.driver,
            population=self.people,
            record=record,
            access=of_run,
            patience={persona: self.profile.mixes.mix(persona).patience for persona in self.profile.personas},
            personas=self.profile.personas,
            deadline_seconds=self.profile.file.replay.page_deadline_seconds,
            phases=spans,
            presence=Presence(Span(*spans[1][1:])),
            parts=_in_us(self.perturbation_phases),
            writable=access.writable,
            stand_in=access.stand_in,
            comeback=comeback(self.profile),
            control_share=self.spec.control_share,
            returning_share=self.profile.file.replay.returning_browsers_percent / 100,
            equipment=devices.equipment(self.profile, access),
        )

    def check_room(self, processes: int) -> None:
        """Refuse a plan that this machine has no descriptors or ports for, shared by so many processes."""
        http = self.target.file.http if self.target else "auto"
        check_room(self.profile, processes=processes, sources=len(self.sources), http=http)

    def digests(self) -> dict[str, str]:
        """What must be the same on every process: each scenario's SHA-256 and the plan's."""
        of = {f"scenario {persona}": content.digest(path) for persona, path in self.scenario_paths.items()}
        own = {"target": self.target.sha256} if self.target else {}
        return {**of, **own, "plan": self.arrivals.digest()}


def _in_us(phases: list[dict[str, Any]]) -> list[tuple[str, int, int]]:
    return [(each["name"], int(each["start_s"] * 1e6), int(each["end_s"] * 1e6)) for each in phases]


def clock(profile: profiles.Profile) -> timeline.Clock:
    """The run's clock, as the plan has it."""
    replay, window = profile.file.replay, profile.file.window
    return timeline.Clock.of(phases(profile), window.begin_minute, float(replay.compression))


def source_addresses(given: list[str]) -> tuple[str, ...]:
    """Addresses and networks (127.0.1.0/28) as single urls. Raises UsageError."""
    found: list[str] = []
    for each in given:
        try:
            network = ip_network(each, strict=False)
        except ValueError as error:
            raise errors.UsageError(f"--source {each}: {error}", hint="such as 127.0.1.1 or 127.0.1.0/28") from None
        if network.num_addresses > MOST_SOURCES:
            raise errors.UsageError(f"--source {each}: more than {MOST_SOURCES} addresses")
        found += [str(address) for address in network.hosts()]
    return tuple(found)


def _groups(profile: profiles.Profile, book: AccountBook | None) -> list[Group]:
    """The academies of the target's own accounts, or those of the profile's people."""
    if book is None:
        return groups(profile)
    return book.groups(profile.personas, present=partial(presence_in, profile))

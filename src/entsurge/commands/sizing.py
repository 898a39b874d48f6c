"""What `entsurge plan --target` adds: cores, memory, descriptors and ports, of the run and at full scale."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from entsurge.commands.targets import choose
from entsurge.engine.room import limits, refusals
from entsurge.errors import UsageError
from entsurge.plan.arrivals import SHARDS
from entsurge.plan.connections import at_full_scale, of_run
from entsurge.plan.costs import load_costs
from entsurge.plan.sizing import LABELS, MOST_OF_A_CORE, protocols, sizing
from entsurge.said import Said, said
from entsurge.terminal import figure, here

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from entsurge.audience.profile import Profile
    from entsurge.plan.connections import Demand
    from entsurge.plan.costs import Costs
    from entsurge.plan.sizing import Sizing
    from entsurge.plan.summary import Moment

ROWS: tuple[tuple[str, Callable[[Sizing], str]], ...] = (
    ("requests/s", lambda each: figure(each.requests_per_second, ",.0f")),
    ("new connections/s", lambda each: figure(each.connections_per_second, ",.0f")),
    ("connections open at once", lambda each: figure(each.connections_at_once, ",")),
    ("processor, cores kept busy", lambda each: figure(each.processor, ".2f")),
    ("cores to provide", lambda each: f"{each.cores}"),
    ("--processes", lambda each: f"{each.processes}"),
    ("memory, MB", lambda each: figure(each.memory_mb, ",")),
    ("descriptors of each process", lambda each: figure(each.descriptors, ",")),
    ("local ports", lambda each: figure(each.ports, ",")),
)


@dataclass(frozen=True)
class Sized:
    """One moment with what it needs over each protocol, and what `entsurge run` would refuse it for on this machine.

    The refusals are those of a run with the processes that are recommended and without `--source`.
    """

    scale: str
    compression: str
    moment: Moment
    sizings: tuple[Sizing, ...]
    refused: tuple[UsageError, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain data: when, scale and compression, the load, `protocols` by name, `refused` with reason and remedy."""
        return {
            **self.moment.when,
            "scale": self.scale,
            "compression": self.compression,
            **asdict(self.moment.total),
            "protocols": {each.protocol: asdict(each) for each in self.sizings},
            "refused": [{"reason": str(each), "remedy": each.hint} for each in self.refused],
        }


@dataclass(frozen=True)
class TargetSizing:
    """What a target's load needs of the generator's machine: as it will be run, and everybody in real time."""

    url: str
    http: str
    costs: Costs
    run: Sized
    full_scale: Sized

    def as_json(self) -> dict[str, Any]:
        """Plain data; `costs` says when and where they were measured."""
        return {
            "target": self.url,
            "costs": {"date": self.costs.date, "machine": self.costs.machine},
            "run": self.run.as_json(),
            "full_scale": self.full_scale.as_json(),
        }


def size(loaded: Profile, days: Sequence[Profile], target: str) -> TargetSizing:
    """The sizing against this target (URL or file); of a profile that is replayed in days, that of its busiest day.

    Raises UsageError for a target or a file of costs that cannot be used.
    """
    chosen, costs = choose(target), load_costs()
    runs = [of_run(each) for each in days or [loaded]]
    full = [at_full_scale(each, day=each.file.window.day if days else "") for each in days or [loaded]]
    replay = loaded.file.replay

    def sized(demands: list[Demand], scale: str, compression: str) -> Sized:
        demand = max(demands, key=lambda each: each.moment.total.visits_per_second)
        return Sized(scale, compression, demand.moment, *_sized(demand, costs, chosen.url, chosen.http))

    run = sized(runs, str(replay.scale), str(replay.compression))
    return TargetSizing(chosen.url, chosen.http, costs, run, sized(full, "1", "1"))


def _sized(demand: Demand, costs: Costs, url: str, http: str) -> tuple[tuple[Sizing, ...], tuple[UsageError, ...]]:
    """The sizings over what this target may speak, and what `entsurge run` would refuse the demand for here."""
    most = demand.profile.file.replay.max_visitors
    found = tuple(
        sizing(
            demand.moment.total, demand.connections(multiplexed=each == "https-http2"), costs, each, most_visitors=most
        )
        for each in protocols(url, http)
    )
    need = demand.connections(multiplexed=http == "2")
    refused = refusals(need, limits(), processes=found[0].processes)
    processes = max(each.processes for each in found)
    if processes > SHARDS:
        refused.append(
            UsageError(
                said("--processes {processes}: {shards} at most", processes=processes, shards=SHARDS),
                hint="take a smaller --scale",
            )
        )
    return found, tuple(refused)


def show(found: TargetSizing) -> None:
    """The sizing in the terminal: a table, what it is of, where it comes from, what would be refused."""
    console = Console()
    console.print(_table(found))
    run, full = found.run, found.full_scale
    load = full.moment.total
    told = said(
        "Against {url}. The run: {run}, scale {scale}, compression {compression}. Full scale: {full}, real time: "
        "{visits:.2f} visits/s, {inside:,.0f} visitors at once.\n"
        "Cores and processes are such that no core is used above {most:.0%}; several processes have a master beside "
        "them, which the memory counts.\n"
        "Reckoned from costs measured on {date} ({machine}). Those of another machine differ: "
        "benchmarks/visit_cost.py measures them anew.",
        url=found.url, run=_when(run), scale=run.scale, compression=run.compression, full=_when(full),
        visits=load.visits_per_second, inside=load.concurrency, most=MOST_OF_A_CORE, date=found.costs.date,
        machine=found.costs.machine,
    )  # fmt: skip
    console.print(here(told), highlight=False, markup=False)
    if len(run.sizings) > 1:
        both = said(
            "What the target agrees to is not known before it is asked, so both are shown; "
            "`entsurge run` makes sure of room for HTTP/1.1."
        )
        console.print(here(both))
    _show_refused(console, said("the run"), run)
    _show_refused(console, said("the same at full scale in real time"), full)
    console.print()


def _table(found: TargetSizing) -> Table:
    table = Table(title=here(said("What the generator needs")), title_justify="left")
    table.add_column("")
    columns = [*found.run.sizings, *found.full_scale.sizings]
    for number, each in enumerate(columns):
        of = said("the run") if number < len(found.run.sizings) else said("full scale")
        table.add_column(f"{here(of)}\n{LABELS[each.protocol]}", justify="right")
    for heading, shown in ROWS:
        table.add_row(here(heading), *(shown(each) for each in columns))
    return table


def _when(sized: Sized) -> Said:
    when = sized.moment.when
    told = "the busiest {minutes} minutes ({day} {begin})"
    return said(told, minutes=when["minutes"], day=said(when["day"]), begin=when["from"])


def _show_refused(console: Console, what: str, sized: Sized) -> None:
    for each in sized.refused:
        told = said(
            "`entsurge run` on this machine will refuse {what}: {why}\n  → {hint}",
            what=what, why=each.message, hint=each.hint,
        )  # fmt: skip
        console.print(here(told), highlight=False, markup=False)

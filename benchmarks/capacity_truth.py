"""Capacity searches against sandboxes of known capacity: does the interval contain it, is the middle close to it.

The truth is the rate at which a step of the search's own kind is as likely to be held as to be missed, from hundreds of
steps of an independent simulation of the declared queue (known_queue.py) with the plan's own arrivals. `--virtual`
searches that simulation too, by the hundred; without it every step is a real run against a real sandbox.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import options
from known_queue import House, Page, simulate
from scipy.optimize import minimize

from entsandbox.load.computed_capacity import capacity
from entsandbox.services import BY_NAME
from entsandbox.settings import Settings
from entsurge import content
from entsurge.analysis.capacity.boundary import boundary, doubt
from entsurge.analysis.capacity.steady import steadiness, steady
from entsurge.analysis.capacity.step import STILL_RISING, Step
from entsurge.audience import profile as profiles
from entsurge.audience.objective import parse_objective
from entsurge.audience.persona import PERSONAS
from entsurge.audience.shape import SERVICES
from entsurge.commands.processes import sandbox
from entsurge.commands.searching import Searching
from entsurge.findings.search import Search
from entsurge.findings.search import Settings as SearchSettings
from entsurge.plan.arrivals import Arrivals
from entsurge.plan.people import groups
from entsurge.plan.summary import window_load

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from entsurge.analysis.capacity.search import Progress

COMPRESSION, SCHOOLS = 360, 40
HOLD, WARM_UP, DRAIN = 10.0, 4.0, 4
TRUTHS = "capacity_truth.json"  # beside the results
WIDE, NEAR = np.exp(np.linspace(-0.24, 0.24, 9)), np.exp(np.linspace(-0.12, 0.12, 9))
FIRST_GUESS, MOST_GUESSES = 12, 6  # simulated steps per rate, to find where to look closely; how often at most
CENTRED = 0.08
FREE = 1_000_000
PROFILE = """
title = {{ fr = "essai", en = "trial" }}
source = "capacity truth"
baseline = "ordinary-week"
shape = "lockdown"
personas = "high-schools"
[figures]
visits = "1.830e6"
page_views = "14.805e6"
minutes_per_visit = 10
[window]
day = "monday"
from = "09:00"
to = "10:00"
[replay]
scale = "1/172"
compression = {compression}
[population]
schools = {schools}
[[objective]]
persona = "student"
phase = "surge"
must = "{must}"
"""


@dataclass(frozen=True)
class Case:
    """One sandbox of known capacity, and the objective it is held to."""

    name: str
    must: str
    settings: dict[str, Any] = field(default_factory=dict)
    measures: tuple[str, ...] = ()

    @property
    def schools(self) -> int:
        """How many schools its people come from."""
        return int(self.settings.get("schools", SCHOOLS))

    def sandbox(self) -> Settings:
        """Its settings: whatever is not this case's limit is out of the way."""
        roomy = {"workers": 64, "pool": FREE, "session_limit": FREE, "queue_limit": FREE, "default_seconds": 0.012}
        people = {"seed": 9, "schools": SCHOOLS, "compression": COMPRESSION}
        return Settings(**(roomy | people | self.settings))


CASES = (
    Case("workers", "p95 < 100ms", {"workers": 4}),
    Case("pool", "p95 < 100ms", {"pool": 2}),
    Case("session limit", "availability >= 98%", {"session_limit": 100, "idle_seconds": 720}),
    Case("one slow service", "p95 < 250ms", {"workers": 8, "service_seconds": {"files": 0.12}}),
    Case("a measure on", "p95 < 100ms", {"workers": 4}, ("pupils-and-teachers-first", "static-home")),
    # one school's accounts, each refilled between two steps, so that what one machine can offer reaches the limit
    Case("rate limit", "availability >= 98%", {"pages_per_minute": 0.25, "burst": 12, "schools": 1}),
)


def house(case: Case) -> House:
    """The case as the simulation has it."""
    of = case.sandbox()
    measures = set(case.measures)
    return House(
        workers=of.workers, pool=of.pool, sessions=of.session_limit, queue=of.queue_limit,
        session_seconds=of.idle_seconds / of.compression,
        seconds={name: of.seconds(name) for name in ("sign-on", *SERVICES)},
        database_share={name: BY_NAME[name].database_share for name in SERVICES},
        allowance_per_second=None if of.pages_per_minute is None else of.pages_per_minute * of.compression / 60,
        burst=of.burst,
        shed=frozenset({"parent", "staff"}) if "pupils-and-teachers-first" in measures else frozenset(),
        free=frozenset({"home"}) if "static-home" in measures else frozenset(),
    )  # fmt: skip


def margin(pages: list[Page], must_text: str) -> float:
    """The student objective's margin, from the pages themselves."""
    must = parse_objective(must_text)
    mine = [page for page in pages if page.persona == "student"]
    served = [page.seconds for page in mine if page.outcome == "ok"]
    if must.measure == "latency":
        return math.log(max(float(np.percentile(served, must.percentile or 50)), 1e-6) / must.bound) if served else 1.0
    allowed = 1 - must.bound
    share = 1 - len(served) / len(mine) if mine else 1.0
    return math.log((share + allowed / 2) / (1.5 * allowed))


class Virtual(Searching):
    """A search whose steps are simulated."""

    def __init__(self, search: Search, case: Case, draw: int) -> None:
        super().__init__(search, Path("virtual"), say=lambda _: None)
        self.case, self.house, self.draw = case, house(case), draw

    def begin(self) -> None:
        """Nothing is written."""

    def _ask(self, rate: float, why: str, hold_seconds: float) -> Step:
        self.progress.number += 1
        number = 1000 * self.draw + self.progress.number
        spec = self._spec(self.folder, rate, hold_seconds, number)
        profile = profiles.load(self.search.profile, overrides=spec.overrides)
        visits = list(Arrivals(profile, groups(profile)))
        pages = simulate(self.house, visits)
        begin = float(profile.file.replay.warm_up_minutes * 60 / profile.file.replay.compression)
        seconds = float((profile.end_minute - profile.begin_minute) * 60 / profile.file.replay.compression)
        inside = [page for page in pages if begin <= page.due < begin + seconds]
        known = steadiness(list(_by_second(inside, begin)))
        worst = margin(inside, self.case.must)
        if worst <= 0 and not steady(known):
            worst = STILL_RISING
        due = [visit for visit in visits if visit.phase != "warm-up"]
        served = [page.seconds for page in inside if page.outcome == "ok" and page.service != "sign-on"]
        offered = sum(len(visit.pages) for visit in due) / seconds
        return Step(
            name=why, path="", rate=offered / self.unit, offered_pages=offered,
            offered_visits=len(due) / seconds, served_pages=len(served) / seconds,
            page_seconds=float(np.mean(served)) if served else 0.0, margin=worst, binding=self.case.must,
            steadiness=known,
        )  # fmt: skip


def _by_second(pages: list[Page], begin: float) -> Iterator[float]:
    seconds: dict[int, list[float]] = {}
    for page in pages:
        if page.outcome == "ok" and page.service != "sign-on":
            seconds.setdefault(int(page.due + page.seconds - begin), []).append(page.seconds)
    yield from (float(np.mean(seconds[second])) for second in sorted(seconds) if second >= 0)


def declared(case: Case, profile: profiles.Profile) -> float:
    """The capacity by computation (`entsurge sandbox --capacity`) as a multiple of the profile's window."""
    mixes = profile.mixes
    found = capacity(
        case.sandbox(),
        {name: {each: float(mixes.mix(name).page_share(each)) for each in SERVICES} for name in PERSONAS},
        {name: float(mixes.visit_share(name)) for name in PERSONAS},
        float(profile.week.pages_per_visit), frozenset(case.measures),
        visit_seconds=float(profile.week.minutes_per_visit * 60 / COMPRESSION),
    )  # fmt: skip
    return found.visits_per_second / window_load(profile)["total"]["visits_per_second"]


def known_truth(search: Search, case: Case, around: float, given: argparse.Namespace) -> float:
    """The truth, reckoned once for the same case and kept beside the results: real searches want a quiet machine.

    A short run reckons none: without one that is kept it takes what is declared.
    """
    queue = content.digest(Path(__file__).with_name("known_queue.py"))
    of = repr((case, PROFILE, COMPRESSION, HOLD, WARM_UP, given.repeats, queue))
    folder = options.RESULTS if given.short else options.folder_of(given)
    kept = folder / TRUTHS
    found = json.loads(kept.read_text()) if kept.is_file() else {}
    if found.get(case.name, {}).get("of") != of:
        if given.short:
            return around
        found[case.name] = {"of": of, "truth": truth(search, case, around, given.repeats)}
        folder.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(found, indent=1) + "\n")
    return float(found[case.name]["truth"])


def truth(search: Search, case: Case, around: float, repeats: int) -> float:
    """The rate at which half of the steps are held: logistic regression over simulated steps, wide, then close."""
    asked = Virtual(search, case, draw=900)
    for _ in range(MOST_GUESSES):
        off = _half(asked, around, WIDE, FIRST_GUESS)
        around *= math.exp(off)
        if abs(off) < CENTRED:
            break
    return around * math.exp(_half(asked, around, NEAR, repeats))


def _half(asked: Virtual, around: float, grid: np.ndarray, repeats: int) -> float:
    """How far from `around`, in the logarithm of the rate, half of the steps are held; at most what the grid tells."""
    x = np.repeat(np.log(grid), repeats)
    held = np.array([asked._step(around * math.exp(each), "truth", math.inf).held for each in x])  # noqa: SLF001  its own step

    def cost(of: np.ndarray) -> float:
        z = of[1] * (x - of[0])
        return float(np.logaddexp(0, np.where(held, z, -z)).sum() + 0.001 * of[1] ** 2)

    return float(np.clip(minimize(cost, np.array([0.0, 20.0]), method="Nelder-Mead").x[0], -0.3, 0.3))


def searched(case: Case, search: Search, seed: int, *, virtual: bool) -> Progress:
    """One whole search with its own seed."""
    if virtual:
        return Virtual(search, case, draw=seed).run()
    of = case.sandbox()
    with sandbox(of.to_json()) as (url, token), tempfile.TemporaryDirectory() as folder:
        real = replace(search, url=url, chaos=case.measures)
        searching = Searching(real, Path(folder), say=lambda line: print(f"    {line}", file=sys.stderr), token=token)
        searching.draw_offset = 1000 * seed
        searching.begin()
        return searching.run()


def line(case: Case, seed: int, progress: Progress, truth_rate: float) -> tuple[bool, float]:
    """Print one search; whether the interval holds the truth, and how far off its middle is."""
    ends = boundary(progress.steps)
    inside, off = ends.low <= truth_rate <= ends.high, ends.value / truth_rate - 1
    print(
        f"  {case.name}, seed {seed}: {ends.value:.3f} ({ends.low:.3f} to {ends.high:.3f}, {ends.how}, {ends.steps} of "
        f"{len(progress.steps)} steps, {progress.stop}); truth {truth_rate:.3f}: "
        f"{'inside' if inside else 'OUTSIDE'}, {off:+.1%}",
        file=sys.stderr,
    )
    return inside, off


def main() -> None:
    """Search every case; write the table."""
    parser = options.parser(__doc__)
    parser.add_argument("--virtual", action="store_true")
    parser.add_argument("--searches", type=int, default=0, help="per case: 20 virtual ones, 2 real ones")
    parser.add_argument("--repeats", type=int, default=64, help="simulated steps per rate, for the truth")
    parser.add_argument("--budget", type=float, default=8.5, help="minutes a search")
    parser.add_argument("--at-once", type=int, default=1, help="cases at the same time, each in its own process")
    parser.add_argument("--case", help="only this one")
    parser.add_argument("--steps", type=int, default=16, help="of a search, at most")
    given = options.read(parser, short={"virtual": True, "searches": 1, "case": "rate limit", "steps": 6})
    count = given.searches or (20 if given.virtual else 2)
    cases = [case for case in CASES if given.case in (None, case.name)]
    if given.at_once > 1:
        with ThreadPoolExecutor(given.at_once) as pool:
            rows = list(pool.map(apart, cases))
    else:
        rows = [measured(case, count, given) for case in cases]
    kind = "virtual" if given.virtual else "real"
    lines = [
        f"# {count} {kind} searches of each of {len(rows)} sandboxes of known capacity", "",
        "| limit | declared | truth | in the interval | middle within 7 % | error: mean (worst) | steps | ± |",
        "|---|--:|--:|--:|--:|--:|--:|--:|", *rows,
    ]  # fmt: skip
    if given.case and not given.short:  # a part of the table
        print("\n".join(lines))
    else:
        options.keep(given, f"capacity_{kind}.md", "\n".join(lines))
    missed = [row for row in rows if row.split("|")[4].strip().startswith("0/")]
    if missed:
        sys.exit(f"no search found the truth of {len(missed)} sandboxes")


def apart(case: Case) -> str:
    """The row of one case, by a process of its own with the same options."""
    command = [sys.executable, __file__, *sys.argv[1:], "--at-once", "1", "--case", case.name]
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return next(row for row in said.splitlines() if row.startswith(f"| {case.name} |"))


def measured(case: Case, count: int, given: argparse.Namespace) -> str:
    """The row of one case."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "case.toml"
        path.write_text(PROFILE.format(compression=COMPRESSION, schools=case.schools, must=case.must))
        return _row(case, path, count, given)


def _row(case: Case, path: Path, count: int, given: argparse.Namespace) -> str:
    profile = profiles.load(str(path))
    expected = declared(case, profile)
    search = Search(
        profile=str(path), url="", scale=str(Fraction(profile.file.replay.scale)), compression=str(COMPRESSION),
        hold_seconds=HOLD, warm_up_seconds=WARM_UP, drain_seconds=DRAIN, budget_seconds=60 * given.budget,
        settings=SearchSettings(start=max(0.05, expected / 2.2), steps=given.steps),
    )  # fmt: skip
    known = known_truth(search, case, expected, given)
    found = []
    for seed in range(1, count + 1):
        progress = searched(case, search, seed, virtual=given.virtual)
        inside, off = line(case, seed, progress, known)
        found.append((inside, off, len(progress.steps), doubt(boundary(progress.steps))))
    inside, off, steps, halves = zip(*found, strict=True)
    close = sum(abs(each) <= 0.07 for each in off)
    return (
        f"| {case.name} | {expected:.3f} | {known:.3f} | {sum(inside)}/{count} | {close}/{count} | "
        f"{np.mean(np.abs(off)):.1%} ({max(off, key=abs):+.1%}) | {np.mean(steps):.0f} | {np.median(halves):.1%} |"
    )


if __name__ == "__main__":
    main()

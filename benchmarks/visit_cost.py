"""What a whole visit costs a generator's processor: the whole of entsurge beside Locust's users and k6, in one run.

A visit: the sign-on form filled in, eight pages of a portal, each with nine assets (revalidated by their ETag) and five
calls, six requests at once, cookies, connections of its own. The target is nginx on the other core, over http, https
with HTTP/1.1 and https with HTTP/2, at two rates. Set-up and reports count for nobody. Peers that are not installed, or
do not speak a protocol, are left out by name. What `entsurge plan --target` reckons with is kept in costs.json.

How the peers were made equal (benchmarks/visits/): each visit has a session of its own, closed at its end; six requests
at once with each page; the ETags of a visit's assets are remembered; certificates are verified; a page without its sign
ends them. They are told the addresses that entsurge reads out of each page, and k6 lets go of the bodies that nobody
reads. k6 has one processor (`GOMAXPROCS=1`). Requests and connections a visit stand in the table, and how many of the
connections resumed TLS: entsurge does, as browsers do.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

import connection_cost
import costs
import options
import quiet
import visiting
from dressing import PROTOCOLS
from visiting import CLIENTS, K6, Cost, Way

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from quiet import Round
    from servers import Served

VISITS_PER_SECOND = {"low": 3.0, "high": 12.0}
NOBODY = 0.001  # visits/s of an idle run
LONG_GAP_SECONDS, LONG_GAP_VISITS_PER_SECOND = 9.0, 6.0  # most connections lie idle for over 5 s, and are closed
COLUMNS = (
    "protocol", "visits/s", "client", "µs a request", "min", "max", "visits per CPU-s", "requests per CPU-s",
    "× entsurge", "min", "max", "requests/s", "requests a visit", "connections a visit", "TLS resumed",
)  # fmt: skip


def names(protocol: str, given: argparse.Namespace) -> list[str]:
    """Who visits by this protocol: Locust's users speak no HTTP/2, and not everybody is installed."""
    there = [name for name in given.only or CLIENTS if name != "k6" or K6]
    return [name for name in there if protocol != "https-http2" or not name.endswith("User")]


def row(way: Way, name: str, rounds: Sequence[Round[Cost]]) -> str:
    """A line of the table; the ratio is that of each round."""
    costs = [each.found[name] for each in rounds]
    each_us = [cost.request_us for cost in costs]
    ratios = [
        each.found[name].request_us / each.found["entsurge"].request_us for each in rounds if "entsurge" in each.found
    ]
    asked, visits, opened, resumed = (
        sum(getattr(cost, of) for cost in costs) for of in ("requests", "visits", "connections", "resumed")
    )
    a_visit = asked / max(1, visits)
    cells = [
        way.protocol, f"{way.visits_per_second:g}", name,
        f"{statistics.median(each_us):.0f}{quiet.mark(rounds)}", f"{min(each_us):.0f}", f"{max(each_us):.0f}",
        f"{1e6 / statistics.median(each_us) / a_visit:.1f}", f"{1e6 / statistics.median(each_us):,.0f}",
        *(f"{of(ratios):.2f}" if ratios else "" for of in (statistics.median, min, max)),
        f"{asked / sum(cost.seconds for cost in costs):,.0f}", f"{a_visit:.1f}", f"{opened / max(1, visits):.1f}",
        "" if way.protocol == "http" else f"{resumed / max(1, opened):.0%}",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def arguments() -> argparse.Namespace:
    """The options as given."""
    parser = options.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--settling", type=float, default=7.0, help="seconds of visits before those measured")
    parser.add_argument("--repeats", type=int, default=1, help="how often a round is measured again if need be")
    parser.add_argument("--only", nargs="*", choices=CLIENTS)
    parser.add_argument("--protocols", nargs="*", default=list(PROTOCOLS), choices=PROTOCOLS)
    parser.add_argument("--rates", nargs="*", default=list(VISITS_PER_SECOND), choices=VISITS_PER_SECOND)
    short = {"rounds": 1, "seconds": 1.0, "settling": 0.5, "repeats": 0, "protocols": ["https-http1"], "rates": ["low"]}
    return options.read(parser, short=short)


def main() -> None:
    """Run the benchmark and write its table."""
    given = arguments()
    print(f"left out, not installed: {[] if K6 else ['k6']}", file=sys.stderr)
    found: dict[Way, list[Round[Cost]]] = {}
    watch = quiet.Watch(repeats=given.repeats)
    with visiting.target() as served:
        ways = [Way(each, VISITS_PER_SECOND[rate], served) for rate in given.rates for each in given.protocols]
        for number in range(given.rounds):
            for way in ways:
                each = partial(visiting.measured, settling_seconds=given.settling, seconds=given.seconds)
                steps = {name: partial(each, name, way) for name in names(way.protocol, given)}
                found.setdefault(way, []).append(watch.round(steps))
                print(
                    f"round {number + 1}",
                    *(row(way, name, found[way][-1:]) for name in steps),
                    sep="\n",
                    file=sys.stderr,
                )
        idle = idle_run(Way("http", NOBODY, served), given)
        figures = {
            each: costs_of(each, found, idle, served, given) for each in given.protocols if "high" in given.rates
        }
    lines = [f"# Processor time of whole visits, {given.rounds} rounds of {given.seconds:g} s", ""]
    lines += [f"| {' | '.join(COLUMNS)} |", "|---|--:|---|" + "--:|" * (len(COLUMNS) - 3)]
    lines += [row(way, name, rounds) for way, rounds in found.items() for name in rounds[0].found]
    lines += ["", f"A run in which nobody visits takes {share(idle):.1%} of a core."]
    lines += [quiet.footnote([each for rounds in found.values() for each in rounds])]
    options.keep(given, "visit_cost.md", "\n".join(lines))
    whole = {"idle_share": round(share(idle), 4), "process_mb": round(idle.resident_mb)}
    costs.update(given, figures, dated=set(figures) == set(PROTOCOLS), **whole)


def idle_run(way: Way, given: argparse.Namespace) -> Cost:
    """What a run costs in which nobody visits."""
    return visiting.measured("entsurge", way, settling_seconds=given.settling, seconds=2 * given.seconds, visited=False)


def share(idle: Cost) -> float:
    """The part of a core that a run takes by itself."""
    return idle.processor_seconds / idle.seconds


def costs_of(
    protocol: str, found: dict[Way, list[Round[Cost]]], idle: Cost, served: Served, given: argparse.Namespace
) -> dict[str, float]:
    """µs a request and µs a connection, at the pace of visits, without what a run takes by itself.

    Of HTTP/1.1 from two gaps between pages, one after which connections are still there and one after which they are
    not: two equations. HTTP/2 has one connection a visit in both; its cost is that of a loop.
    """
    way = next(
        each for each in found if each.protocol == protocol and each.visits_per_second == VISITS_PER_SECOND["high"]
    )
    kept = [_mean(each.found["entsurge"], idle) for each in found[way] if "entsurge" in each.found]
    request_us, share_of = (statistics.median(of) for of in zip(*kept, strict=True))
    if protocol == "https-http2":
        made_us = connection_cost.measured(protocol)
    else:
        apart = Way(protocol, LONG_GAP_VISITS_PER_SECOND, served, gap_seconds=LONG_GAP_SECONDS)
        settle = max(given.settling, 2 * LONG_GAP_SECONDS) if not given.short else given.settling
        each = [visiting.measured("entsurge", apart, settling_seconds=settle, seconds=2 * given.seconds) for _ in "123"]
        anew_us, anew_share = (statistics.median(of) for of in zip(*(_mean(one, idle) for one in each), strict=True))
        made_us = (anew_us - request_us) / (anew_share - share_of)
    return {"request_us": round(request_us - made_us * share_of, 1), "connection_us": round(made_us, 1)}


def _mean(cost: Cost, idle: Cost) -> tuple[float, float]:
    """µs a request without the idle run's share, and connections a request."""
    work = cost.processor_seconds - share(idle) * cost.seconds
    return work / cost.requests * 1e6, cost.connections / cost.requests


if __name__ == "__main__":
    try:
        main()
    except (RuntimeError, subprocess.SubprocessError) as error:
        sys.exit(str(error))

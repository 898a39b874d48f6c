"""The sizing table of docs/workers.md; `python -m entsurge.plan.sizing_table docs/workers.md` makes it anew."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from entsurge.audience import profile as profiles
from entsurge.plan.connections import at_full_scale
from entsurge.plan.costs import PROTOCOLS, load_costs
from entsurge.plan.sizing import LABELS, sizing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from entsurge.plan.costs import Costs

PROFILES = ("ordinary-week", "lockdown-2020", "monday-9h02-2021", "national-peak")
PORTS = 28_232  # that Linux gives to an address unless told otherwise (net.ipv4.ip_local_port_range)
BEGIN, END = "<!-- sizing: python -m entsurge.plan.sizing_table docs/workers.md -->\n", "<!-- end of sizing -->\n"
HEAD = (
    "| profile | over | visitors at once | requests/s | cores kept busy | cores | `--processes` | memory, GB "
    "| descriptors each | ports | addresses |\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n"
)


def table(costs: Costs) -> str:
    """The table in Markdown: each profile's busiest ten minutes at full scale in real time, over each protocol."""
    lines = [line for name in PROFILES for line in _rows(name, costs)]
    return f"{HEAD}{''.join(lines)}\nMeasured on {costs.date}: {costs.machine}.\n"


def replaced(text: str, costs: Costs) -> str:
    """The document with its table made anew, between its two marks. Raises ValueError when it has none."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"no {BEGIN.strip()} … {END.strip()}")
    return before + BEGIN + table(costs) + END + after


def _rows(name: str, costs: Costs) -> Iterator[str]:
    profile = profiles.load(name)
    demand = at_full_scale(profile)
    load, most = demand.moment.total, profile.file.replay.max_visitors
    for protocol in PROTOCOLS:
        need = demand.connections(multiplexed=protocol == "https-http2")
        of = sizing(load, need, costs, protocol, most_visitors=most)
        what = f"{name} | {LABELS[protocol]} | {load.concurrency:,.0f} | {load.requests_per_second:,.0f}"
        processor = f"{of.processor:.2f} | {of.cores} | {of.processes} | {of.memory_mb / 1000:.1f}"
        yield f"| {what} | {processor} | {of.descriptors:,} | {of.ports:,} | {-(-of.ports // PORTS)} |\n"


if __name__ == "__main__":
    document = Path(sys.argv[1])
    document.write_text(replaced(document.read_text(encoding="utf-8"), load_costs()), encoding="utf-8")

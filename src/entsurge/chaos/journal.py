"""What Chaos Toolkit says of its own work: activities that were not performed, a steady state that no longer held."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_SAID = 200  # characters of a reason
UNREACHED = re.compile(r": HTTPS?ConnectionPool\(.*?Max retries exceeded with url: \S* \(Caused by (.*)\)$")
PREFIXES = ("chaoslib.exceptions.ActivityFailed: ", "chaoslib.exceptions.")


def failures(runs: Sequence[Mapping[str, Any]], wanted: int = 0) -> list[str]:
    """`name: reason` of each activity that failed, and how many of the `wanted` ones were never begun.

    Chaos Toolkit calls a process that exits with 1, and a server that answers 500, succeeded; here they are not, unless
    the activity's own `tolerance` holds them to be.
    """
    found = [f"{each['activity'].get('name', '?')}: {why}" for each in runs if (why := _wrong(each))]
    missing = wanted - len(runs)
    return found + ([f"{missing} of {wanted} not performed"] if missing > 0 else [])


def _wrong(run: Mapping[str, Any]) -> str:
    """Why this activity did not do its work; empty when it did."""
    if run.get("status") != "succeeded":
        lines = [line.strip() for line in run.get("exception") or () if line.strip()]
        said = lines[-1].splitlines()[-1] if lines else "not performed"
        for prefix in PREFIXES:
            said = said.removeprefix(prefix)
        return UNREACHED.sub(r": \1", said)[:MOST_SAID]
    activity, output = run["activity"], run.get("output")
    if "tolerance" in activity:
        from chaoslib.hypothesis import within_tolerance

        return "" if within_tolerance(activity["tolerance"], output) else f"out of its tolerance: {_short(output)}"
    status = output.get("status") if isinstance(output, dict) else None
    kind = activity.get("provider", {}).get("type")
    if kind == "process" and isinstance(output, dict) and status:
        return f"exit {status}: {(output.get('stderr') or output.get('stdout') or '').strip()[-MOST_SAID:]}"
    return f"answered {status}" if kind == "http" and isinstance(status, int) and status >= 400 else ""


def deviation(journal: Mapping[str, Any]) -> str:
    """Which probe of the steady state no longer held after the method, and what it found; empty when all held."""
    if not journal.get("deviated"):
        return ""
    return broken((journal.get("steady_states") or {}).get("after")) or "the steady state"


def broken(state: Mapping[str, Any] | None) -> str:
    """Which probe of a steady state does not hold, and what it found; empty when all do."""
    probes = [probe for probe in (state or {}).get("probes") or () if not probe.get("tolerance_met", True)]
    if not probes:
        return ""
    activity = probes[0]["activity"]
    if probes[0].get("status") != "succeeded":
        found = _wrong({**probes[0], "activity": {}})
    else:
        found = _short(probes[0].get("output"))
    return f"{activity.get('name', '?')}: expected {_short(activity.get('tolerance'))}, found {found}"


def _short(value: object) -> str:
    text = str(value).strip()
    return text if len(text) <= MOST_SAID // 2 else f"{text[: MOST_SAID // 2]}…"

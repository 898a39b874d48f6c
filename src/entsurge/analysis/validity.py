"""Can the figures be believed? What the run says of its own generator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entsurge.analysis.perturbations import LEFT, NOT_UNDONE, perturbations, planned
from entsurge.findings.statement import Statement, together
from entsurge.findings.statement import listed as as_list
from entsurge.findings.verdict import Light

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsurge.findings.perturbation import Perturbation
    from entsurge.record.reading.run import Run

STARTED_AT_LEAST, LOST_AT_MOST, LITTLE_AT_MOST, BUSY = 0.98, 0.01, 0.01, 0.9
STALL_AT_MOST_MS, FULL = 200.0, 0.98
EDGE = "refused by an edge: "  # how signon and drivers word it
RETRIES_LOST_AT_MOST = 0.02
ENDS = ("completed", "interrupted", "guard", "unreachable", "no-workers", "disk", "failed", "overload")
TOUCHED = ("requests", "connections", "packets", "sessions", "processes", "periods", "MiB")
MOST_SAID, LATE_SECONDS = 160, 5.0  # characters of a reason; how late an end is shown


def lights(run: Run) -> list[Light]:
    """Every condition of a believable run. A broken one makes the verdict INVALID, but for the start lag.

    A simulated one has no generator that could be late or busy.
    """
    if run.simulated:
        paper = _light("simulated", None, "light.simulated", on=run.simulated)
        return [paper, _finished(run), _started(run), _lost(run), _little(run), *_retried(run), *_perturbed(run)]
    return [
        _finished(run), _started(run), _lost(run), _workers(run), _lag(run), _processor(run), _loop(run), _room(run),
        _little(run), _edge(run), *_retried(run), *_perturbed(run), *_evidence(run),
    ]  # fmt: skip


def _light(name: str, ok: bool | None, code: str, **of: Any) -> Light:
    """A condition with what is said of it."""
    return Light(name, ok, Statement(code, of))


def _finished(run: Run) -> Light:
    end = (run.finish or {}).get("end", "")
    known = end if end in ENDS else "broken-off"
    return _light("finished", end == "completed", "light.finished", end=Statement(f"end.{known}"))


def _started(run: Run) -> Light:
    """Against the plan, or, of a run that was ended before its time, against what was due until then."""
    ended = (run.finish or {}).get("end") in ("interrupted", "unreachable", "guard")
    planned = len(run.window_stays) if ended else sum(of["visits"] for of in run.manifest["planned"].values())
    started = int((~run.window_stays.where(sign_on="lost")).sum())
    limits = (run.finish or {}).get("limits", {})
    kept = started >= STARTED_AT_LEAST * planned
    counted: dict[str, Any] = {"started": started, "planned": planned}
    if limits:
        return _light("started", kept, "light.started-but", **counted, why=_limits(limits))
    if kept:
        return _light("started", kept, "light.started", **counted)
    why = _behind(run) if _whole(run) else Statement("cut-short")
    return _light("started", kept, "light.started-but", **counted, why=why)


def _limits(limits: Mapping[str, int]) -> Statement:
    """What kept visits from being started, and how many: the generator's own words."""
    return Statement("limits", {"names": [f"{reason}: {count}" for reason, count in limits.items()]})


def _whole(run: Run) -> bool:
    """Whether the run ended of itself: one that was stopped says nothing of the generator."""
    return (run.finish or {}).get("end") == "completed"


def _behind(run: Run) -> Statement:
    """Why visits were not even begun when no limit was met: the generator could not keep up."""
    lag = (run.finish or {}).get("start_lag_us")
    late = lag["p99"] / 1e6 if lag else 0.0
    busy = max((float(row.get("cpu_share", 0.0)) for row in run.gauges), default=0.0)
    return Statement("behind", {"late_s": late, "busy_percent": 100 * busy})


def _lost(run: Run) -> Light:
    visits = run.window_stays
    lost, planned = int(visits["lost"].sum()), int(visits["planned"].sum())
    return _light("lost", (lost / planned if planned else 0.0) <= LOST_AT_MOST, "light.lost", n=lost)


def _workers(run: Run) -> Light:
    """Shown, not judged: a worker's share goes to the others, and what nobody reported is counted as not started."""
    gone = [event for event in run.events if event.get("kind") == "worker" and event.get("state") == "lost"]
    unreported = int(run.stays.where(end="worker-lost").sum())
    if not gone and not unreported:
        return _light("workers", True, "light.workers")
    return _light("workers", None, "light.workers-lost", lost=len(gone), unreported=unreported)


def _lag(run: Run) -> Light:
    lag = (run.finish or {}).get("start_lag_us")
    if not lag:
        return _light("start-lag", None, "light.start-lag-unknown")
    return _light("start-lag", lag["p99"] / 1000 <= 100, "light.start-lag", p99_ms=lag["p99"] / 1000)


def _processor(run: Run) -> Light:
    share = (run.finish or {}).get("cpu_share")
    if share is None:
        return _light("cpu", None, "light.cpu-unknown")
    return _light("cpu", share < BUSY, "light.cpu", busy_percent=100 * share)


def _loop(run: Run) -> Light:
    stall = (run.finish or {}).get("stall_us")
    if not stall:
        return _light("loop", None, "light.loop-unknown")
    p99 = stall["p99"] / 1000
    return _light("loop", p99 <= STALL_AT_MOST_MS, "light.loop", p99_ms=p99)


def _room(run: Run) -> Light:
    of = (run.finish or {}).get("descriptors")
    if not of or not of["allowed"]:
        return _light("descriptors", None, "light.descriptors-unknown")
    kept = of["most_open"] / of["allowed"] < FULL
    return _light("descriptors", kept, "light.descriptors", most=of["most_open"], allowed=of["allowed"])


def _retried(run: Run) -> list[Light]:
    """Retries that the generator had no room for; nothing where nobody came back."""
    counts = (run.finish or {}).get("retries") or {}
    due, lost = (sum(counts.get(name, {}).values()) for name in ("due", "lost"))
    if not due:
        return []
    return [_light("retries", lost <= RETRIES_LOST_AT_MOST * due, "light.retries", lost=lost, due=due)]


def _little(run: Run) -> Light:
    little = (run.finish or {}).get("little")
    if not little:
        return _light("little", None, "light.little-unknown")
    kept = little["residual"] <= LITTLE_AT_MOST
    sampled = "presence" not in little  # by versions that counted once a second: too coarse to condemn a run
    why = "" if little["judged"] else "light.little-nobody"
    if sampled and not (kept and little["judged"]):
        why = "light.little-sampled"
    return _light("little", None if why else kept, why or "light.little", residual_percent=100 * little["residual"])


def _edge(run: Run) -> Light:
    """Whether something in front of the ENT took the test for an attack: then the ENT was not asked."""
    limits = (run.finish or {}).get("limits", {})
    by = {reason.removeprefix(EDGE): count for reason, count in limits.items() if reason.startswith(EDGE)}
    if not by:
        return _light("edge", True, "light.edge")
    return _light("edge", False, "light.edge-refused", by=_limits(by))


def _perturbed(run: Run) -> list[Light]:
    """Whether every fault and measure that was planned was in force, and ended; nothing where none was planned."""
    asked = planned(run)
    missing = [one.id for one in asked if not one.applied and one.start_s < run.window["end_s"]]
    if not asked or (run.finish or {}).get("end") != "completed":
        return _as_found(run)
    if missing:
        return [_light("perturbations", False, "light.perturbations-missing", names=missing), *_as_found(run)]
    return [_light("perturbations", True, "light.perturbations"), *_as_found(run)]


def _evidence(run: Run) -> list[Light]:
    """Whether every fault and measure that was in force hit somebody; nothing where none can tell.

    Shown, not judged: what could not be counted although it might have been.
    """
    asked = [each for each in planned(run) if each.applied and (each.touched is not None or each.touched_what)]
    if not asked:
        return []
    idle = [each for each in asked if each.touched == 0]
    unknown = [each for each in asked if each.touched is None]
    shown, ok = (idle, False) if idle else (unknown, None) if unknown else (asked, True)
    code = {False: "light.touched-nothing", None: "light.touched-unknown", True: "light.touched"}[ok]
    return [_light("evidence", ok, code, hits=as_list([_hit(each) for each in shown]))]


def _hit(each: Perturbation) -> Statement:
    """How many of what a perturbation has hit; or why that is not known."""
    if each.touched is None:
        return Statement("hit.unknown", {"name": each.id, "why": clipped(each.touched_what)})
    if each.touched_what not in TOUCHED:
        return Statement("hit.other", {"name": each.id, "count": each.touched, "what": each.touched_what})
    return Statement(f"hit.{each.touched_what}", {"name": each.id, "n": each.touched})


def _as_found(run: Run) -> list[Light]:
    """Whether the target was left as it was found, however the run ended; nothing where nothing was put in force.

    Broken by an undo that failed and by a steady state that held before a perturbation and not after it. Shown, not
    judged: what ended by its lease because it was not undone, what ended late, and what nobody told the end of.
    """
    found = [each for each in perturbations(run) if each.applied or each.ending]
    wrong = [said for each in found for said in _not_as_found(each)]
    odd = [said for each in found if (said := _oddly_ended(each)) is not None]
    if wrong:
        return [_light("as-found", False, "light.not-as-found", why=together([*wrong, *odd]))]
    if odd:
        return [Light("as-found", None, together(odd))]
    return [_light("as-found", True, "light.as-found")] if found else []


def _not_as_found(each: Perturbation) -> list[Statement]:
    """What this perturbation has left behind."""
    said = []
    if each.ending == NOT_UNDONE:
        said.append(Statement("left.not-undone", {"name": each.id, "why": clipped(each.left)}))
    if each.deviated:
        said.append(Statement("left.unsteady", {"name": each.id, "why": clipped(each.deviated)}))
    return said


def _oddly_ended(each: Perturbation) -> Statement | None:
    """How it ended when not by its undo in time."""
    if each.ending == NOT_UNDONE:
        return None
    if each.ending == LEFT:
        return Statement("left.to-its-lease", {"name": each.id, "why": clipped(each.left)})
    if not each.ending:
        return Statement("left.untold", {"name": each.id})
    return (
        Statement("left.late", {"name": each.id, "late_s": round(each.late_s)}) if each.late_s > LATE_SECONDS else None
    )


def clipped(text: str) -> str:
    """A reason in one line of bearable length: how it begins, and how it ends, where the reason proper stands."""
    line, part = " ".join(text.split()), MOST_SAID // 2
    return line if len(line) <= MOST_SAID else f"{line[:part]} … {line[-part:]}"


def broken(found: list[Light]) -> list[Light]:
    """The lights that make a verdict INVALID."""
    return [light for light in found if light.ok is False and light.name not in ("start-lag", "finished")]

"""Can the figures be believed? What the run says of its own generator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from entsurge.analysis.windows import windows

if TYPE_CHECKING:
    from entsurge.analysis.run import Run

STARTED_AT_LEAST, LOST_AT_MOST, LITTLE_AT_MOST, BUSY = 0.98, 0.01, 0.05, 0.9
STALL_AT_MOST_MS, FULL = 200.0, 0.98


@dataclass(frozen=True)
class Light:
    """One condition: kept, broken, or (None) not judged; said in both languages."""

    name: str
    ok: bool | None
    fr: str
    en: str

    def as_json(self) -> dict[str, Any]:
        """The light as plain data."""
        return {"name": self.name, "ok": self.ok, "fr": self.fr, "en": self.en}


def lights(run: Run) -> list[Light]:
    """Every condition of a believable run. A broken one makes the verdict INVALID, but for the start lag."""
    found = [
        _finished(run),
        _started(run),
        _lost(run),
        _lag(run),
        _processor(run),
        _loop(run),
        _room(run),
        _little(run),
    ]
    return found + _perturbed(run)


def _finished(run: Run) -> Light:
    end = (run.finish or {}).get("end", "")
    return Light(
        "finished", end == "completed",
        f"fin du tir : {end or 'interrompu sans trace'}", f"end of the run: {end or 'broken off'}",
    )  # fmt: skip


def _started(run: Run) -> Light:
    planned = sum(of["visits"] for of in run.manifest["planned"].values())
    started = int((run.window_visits["sign_on"] != "lost").sum())
    limits = (run.finish or {}).get("limits", {})
    why = f" ({', '.join(f'{reason}: {count}' for reason, count in limits.items())})" if limits else ""
    return Light(
        "started",
        started >= STARTED_AT_LEAST * planned,
        f"visites lancées / prévues {started} / {planned}{why}",
        f"visits started / planned {started} / {planned}{why}",
    )


def _lost(run: Run) -> Light:
    visits = run.window_visits
    lost, planned = int(visits["lost"].sum()), int(visits["planned"].sum())
    share = lost / planned if planned else 0.0
    return Light(
        "lost", share <= LOST_AT_MOST, f"pages perdues par le générateur {lost}", f"pages lost by the generator {lost}"
    )


def _lag(run: Run) -> Light:
    lag = (run.finish or {}).get("start_lag_us")
    if not lag:
        return Light("start-lag", None, "retard de départ inconnu", "start lag unknown")
    p99 = lag["p99"] / 1000
    return Light(
        "start-lag", p99 <= 100, f"retard de départ p99 {p99:.1f} ms".replace(".", ","), f"start lag p99 {p99:.1f} ms"
    )


def _processor(run: Run) -> Light:
    share = (run.finish or {}).get("cpu_share")
    if share is None:
        return Light("cpu", None, "processeur du générateur inconnu", "generator CPU unknown")
    return Light(
        "cpu", share < BUSY, f"processeur du générateur {share:.0%}".replace("%", " %"), f"generator CPU {share:.0%}"
    )


def _loop(run: Run) -> Light:
    stall = (run.finish or {}).get("stall_us")
    if not stall:
        return Light("loop", None, "retards de la boucle inconnus", "event-loop stalls unknown")
    p99 = stall["p99"] / 1000
    return Light(
        "loop", p99 <= STALL_AT_MOST_MS,
        f"boucle du générateur, retard p99 {p99:.1f} ms".replace(".", ","), f"generator's loop late, p99 {p99:.1f} ms",
    )  # fmt: skip


def _room(run: Run) -> Light:
    of = (run.finish or {}).get("descriptors")
    if not of or not of["allowed"]:
        return Light("descriptors", None, "descripteurs du générateur inconnus", "generator's descriptors unknown")
    share = of["most_open"] / of["allowed"]
    return Light(
        "descriptors", share < FULL,
        f"descripteurs du générateur {of['most_open']} / {of['allowed']}",
        f"generator's descriptors {of['most_open']} / {of['allowed']}",
    )  # fmt: skip


def _little(run: Run) -> Light:
    little = (run.finish or {}).get("little")
    if not little:
        return Light("little", None, "loi de Little non jugée", "Little's law not judged")
    residual = 100 * little["residual"]
    kept = little["residual"] <= LITTLE_AT_MOST if little["judged"] else None
    more = ("", "") if little["judged"] else (" (non jugée : fenêtre trop courte)", " (not judged: window too short)")
    return Light(
        "little", kept, f"loi de Little, écart {residual:.1f} %".replace(".", ",") + more[0],
        f"Little's law, residual {residual:.1f} %" + more[1],
    )  # fmt: skip


def _perturbed(run: Run) -> list[Light]:
    """Whether every fault and measure that was planned was in force; nothing where none was planned."""
    planned = windows(run)
    missing = [one.id for one in planned if not one.applied and one.start_s < run.window["end_s"]]
    if not planned or (run.finish or {}).get("end") != "completed":
        return []
    absent = ", ".join(missing)
    return [
        Light(
            "perturbations", not missing,
            f"perturbations absentes : {absent}" if missing else "perturbations en place comme prévu",
            f"perturbations never in force: {absent}" if missing else "perturbations in force as planned",
        )
    ]  # fmt: skip


def broken(found: list[Light]) -> list[Light]:
    """The lights that make a verdict INVALID."""
    return [light for light in found if light.ok is False and light.name not in ("start-lag", "finished")]

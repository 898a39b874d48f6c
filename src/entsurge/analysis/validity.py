"""Can the figures be believed? What the run says of its own generator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.analysis.perturbations import LEFT, NOT_UNDONE, perturbations, planned
from entsurge.findings.verdict import Light

if TYPE_CHECKING:
    from entsurge.findings.perturbation import Perturbation
    from entsurge.record.reading.run import Run

STARTED_AT_LEAST, LOST_AT_MOST, LITTLE_AT_MOST, BUSY = 0.98, 0.01, 0.01, 0.9
STALL_AT_MOST_MS, FULL = 200.0, 0.98
EDGE = "refused by an edge: "  # how signon and drivers word it
RETRIES_LOST_AT_MOST = 0.02
MOST_SAID, LATE_SECONDS = 160, 5.0  # characters of a reason; how late an end is shown


def lights(run: Run) -> list[Light]:
    """Every condition of a believable run. A broken one makes the verdict INVALID, but for the start lag."""
    return [
        _finished(run), _started(run), _lost(run), _workers(run), _lag(run), _processor(run), _loop(run), _room(run),
        _little(run), _edge(run), *_retried(run), *_perturbed(run), *_evidence(run),
    ]  # fmt: skip


ENDS_FR = {
    "completed": "complet", "interrupted": "interrompu", "guard": "arrêté par un garde-fou",
    "unreachable": "la cible ne répondait plus", "no-workers": "plus aucun générateur", "disk": "disque plein",
    "failed": "générateur en panne",
    "": "interrompu sans trace",
}  # fmt: skip
CUT_SHORT = "le tir a fini avant son terme", "the run ended before its time"


def _finished(run: Run) -> Light:
    end = (run.finish or {}).get("end", "")
    return Light(
        "finished", end == "completed",
        f"fin du tir : {ENDS_FR.get(end, end)}", f"end of the run: {end or 'broken off'}",
    )  # fmt: skip


def _started(run: Run) -> Light:
    """Against the plan, or, of a run that was ended before its time, against what was due until then."""
    ended = (run.finish or {}).get("end") in ("interrupted", "unreachable", "guard")
    planned = len(run.window_stays) if ended else sum(of["visits"] for of in run.manifest["planned"].values())
    started = int((~run.window_stays.where(sign_on="lost")).sum())
    limits = (run.finish or {}).get("limits", {})
    kept = started >= STARTED_AT_LEAST * planned
    named = ", ".join(f"{reason}: {count}" for reason, count in limits.items())
    fr, en = (named, named) if named or kept else _behind(run) if _whole(run) else CUT_SHORT
    return Light(
        "started",
        kept,
        f"visites lancées / prévues {started} / {planned}" + (f" ({fr})" if fr else ""),
        f"visits started / planned {started} / {planned}" + (f" ({en})" if en else ""),
    )


def _whole(run: Run) -> bool:
    """Whether the run ended of itself: one that was stopped says nothing of the generator."""
    return (run.finish or {}).get("end") == "completed"


def _behind(run: Run) -> tuple[str, str]:
    """Why visits were not even begun when no limit was met: the generator could not keep up."""
    lag = (run.finish or {}).get("start_lag_us")
    late = lag["p99"] / 1e6 if lag else 0.0
    busy = max((float(row.get("cpu_share", 0.0)) for row in run.gauges), default=0.0)
    return (
        f"le générateur n’a pas suivi : retard de départ p99 {late:.1f} s, processeur jusqu’à {100 * busy:.0f} %",
        f"the generator could not keep up: start lag p99 {late:.1f} s, processor up to {busy:.0%}",
    )


def _lost(run: Run) -> Light:
    visits = run.window_stays
    lost, planned = int(visits["lost"].sum()), int(visits["planned"].sum())
    share = lost / planned if planned else 0.0
    return Light(
        "lost", share <= LOST_AT_MOST, f"pages perdues par le générateur {lost}", f"pages lost by the generator {lost}"
    )


def _workers(run: Run) -> Light:
    """Shown, not judged: a worker's share goes to the others, and what nobody reported is counted as not started."""
    gone = [event for event in run.events if event.get("kind") == "worker" and event.get("state") == "lost"]
    unreported = int(run.stays.where(end="worker-lost").sum())
    if not gone and not unreported:
        return Light("workers", True, "aucun générateur perdu", "no worker lost")
    return Light(
        "workers", None, f"générateurs perdus {len(gone)}, visites sans nouvelles {unreported}",
        f"workers lost {len(gone)}, visits nobody reported {unreported}",
    )  # fmt: skip


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


def _retried(run: Run) -> list[Light]:
    """Retries that the generator had no room for; nothing where nobody came back."""
    counts = (run.finish or {}).get("retries") or {}
    due, lost = (sum(counts.get(name, {}).values()) for name in ("due", "lost"))
    if not due:
        return []
    kept = lost <= RETRIES_LOST_AT_MOST * due
    return [Light("retries", kept, f"nouvelles tentatives perdues {lost} / {due}", f"retries lost {lost} / {due}")]


def _little(run: Run) -> Light:
    little = (run.finish or {}).get("little")
    if not little:
        return Light("little", None, "loi de Little non jugée", "Little's law not judged")
    residual, kept = 100 * little["residual"], little["residual"] <= LITTLE_AT_MOST
    sampled = "presence" not in little  # by versions that counted once a second: too coarse to condemn a run
    why = ("personne n’est venu", "nobody came") if not little["judged"] else ("", "")
    if sampled and not (kept and little["judged"]):
        why = "présence comptée une fois par seconde", "presence counted once a second"
    more = (f" (non jugée : {why[0]})", f" (not judged: {why[1]})") if why[0] else ("", "")
    return Light(
        "little", None if why[0] else kept, f"loi de Little, écart {residual:.1f} %".replace(".", ",") + more[0],
        f"Little's law, residual {residual:.1f} %" + more[1],
    )  # fmt: skip


def _edge(run: Run) -> Light:
    """Whether something in front of the ENT took the test for an attack: then the ENT was not asked."""
    limits = (run.finish or {}).get("limits", {})
    by = {reason.removeprefix(EDGE): count for reason, count in limits.items() if reason.startswith(EDGE)}
    if not by:
        return Light("edge", True, "aucun refus par un pare-feu applicatif", "no refusal by an edge or WAF")
    who = ", ".join(f"{name}: {count}" for name, count in by.items())
    return Light(
        "edge", False,
        f"un pare-feu applicatif devant l’ENT a refusé des pages ({who}) : l’ENT n’a pas été mesuré",
        f"an edge in front of the ENT (WAF) refused pages ({who}): the ENT was not measured",
    )  # fmt: skip


def _perturbed(run: Run) -> list[Light]:
    """Whether every fault and measure that was planned was in force, and ended; nothing where none was planned."""
    asked = planned(run)
    missing = [one.id for one in asked if not one.applied and one.start_s < run.window["end_s"]]
    if not asked or (run.finish or {}).get("end") != "completed":
        return _as_found(run)
    absent = ", ".join(missing)
    light = Light(
        "perturbations", not missing,
        f"perturbations absentes : {absent}" if missing else "perturbations en place comme prévu",
        f"perturbations never in force: {absent}" if missing else "perturbations in force as planned",
    )  # fmt: skip
    return [light, *_as_found(run)]


WHAT_FR = {
    "requests": ("requête", "requêtes"), "connections": ("connexion", "connexions"), "packets": ("paquet", "paquets"),
    "sessions": ("session", "sessions"), "processes": ("processus", "processus"), "periods": ("période", "périodes"),
    "MiB": ("Mio", "Mio"),
}  # fmt: skip


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
    words = {
        False: ("en place, et sans effet sur quiconque", "in force, and touched nothing"),
        None: ("nul ne sait qui a été touché", "nobody knows what was touched"),
        True: ("touché par les perturbations", "touched by perturbations"),
    }[ok]
    hits = [(each.id, *_hit(each)) for each in shown]
    fr, en = (", ".join(f"{hit[0]} ({hit[place]})" for hit in hits) for place in (1, 2))
    return [Light("evidence", ok, f"{words[0]} : {fr}", f"{words[1]}: {en}")]


def _hit(each: Perturbation) -> tuple[str, str]:
    """How many of what a perturbation has hit, in French and in English; or why that is not known."""
    if each.touched is None:
        return clipped(each.touched_what), clipped(each.touched_what)
    one, several = WHAT_FR.get(each.touched_what, (each.touched_what,) * 2)
    return f"{each.touched} {several if each.touched > 1 else one}", f"{each.touched} {each.touched_what}"


def _as_found(run: Run) -> list[Light]:
    """Whether the target was left as it was found, however the run ended; nothing where nothing was put in force.

    Broken by an undo that failed and by a steady state that held before a perturbation and not after it. Shown, not
    judged: what ended by its lease because it was not undone, what ended late, and what nobody told the end of.
    """
    found = [each for each in perturbations(run) if each.applied or each.ending]
    wrong = [said for each in found for said in _not_as_found(each)]
    odd = [said for each in found if (said := _oddly_ended(each)) is not None]
    if wrong:
        fr, en = " ; ".join(fr for fr, _ in wrong + odd), "; ".join(en for _, en in wrong + odd)
        return [
            Light(
                "as-found", False,
                f"la cible n’est pas laissée telle que trouvée : {fr}",
                f"the target was not left as it was found: {en}",
            )
        ]  # fmt: skip
    if odd:
        return [Light("as-found", None, " ; ".join(fr for fr, _ in odd), "; ".join(en for _, en in odd))]
    kept = Light("as-found", True, "cible laissée telle que trouvée", "the target was left as it was found")
    return [kept] if found else []


def _not_as_found(each: Perturbation) -> list[tuple[str, str]]:
    """What this perturbation has left behind, in French and in English."""
    name, said = each.id, []
    if each.ending == NOT_UNDONE:
        why = clipped(each.left)
        fr = f"{name} est encore en place, son annulation a échoué ({why}), voir `entsurge chaos recover`"
        said.append((fr, f"{name} is still in force, its undo failed ({why}), see `entsurge chaos recover`"))
    if each.deviated:
        why = clipped(each.deviated)
        fr = f"l’état stable de {name} ne tenait plus après ({why})"
        said.append((fr, f"the steady state of {name} no longer held after it ({why})"))
    return said


def _oddly_ended(each: Perturbation) -> tuple[str, str] | None:
    """How it ended when not by its undo in time, in French and in English."""
    name, late = each.id, each.late_s
    if each.ending == NOT_UNDONE:
        return None
    if each.ending == LEFT:
        why = clipped(each.left)
        return (
            f"{name} a pris fin par l’échéance de son bail, sans annulation ({why})",
            f"{name} was ended by its lease alone, not by its undo ({why})",
        )
    if not each.ending:
        return f"nul n’a dit comment {name} a pris fin", f"nobody has told how {name} ended"
    if late <= LATE_SECONDS:
        return None
    return f"{name} défait {late:.0f} s après son terme", f"{name} was undone {late:.0f} s after its time"


def clipped(text: str) -> str:
    """A reason in one line of bearable length: how it begins, and how it ends, where the reason proper stands."""
    line, part = " ".join(text.split()), MOST_SAID // 2
    return line if len(line) <= MOST_SAID else f"{line[:part]} … {line[-part:]}"


def broken(found: list[Light]) -> list[Light]:
    """The lights that make a verdict INVALID."""
    return [light for light in found if light.ok is False and light.name not in ("start-lag", "finished")]

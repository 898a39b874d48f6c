"""Whether runs can stand in one capacity note, and in the note of which profile: every difference, with its remedy.

A scale converts (carried.py), and so does how many people come in a week: both only say how many times the same load is
meant. What changes the load itself does not: who comes and what they open, how long they stay and think, what is owed
to them, what was in force, which platform answered, how many people it knows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from entsurge import content
from entsurge.audience.profile_file import numbered
from entsurge.plan.people import population

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from entsurge.audience.profile import Profile

PARTS = {
    "personas": "the mix of personas and services", "shapes": "when each audience comes", "bells": "the school bell",
    "occasions": "occasions",
}  # fmt: skip
PER_VISIT = {"pages_per_visit": "pages per visit", "minutes_per_visit": "minutes per visit"}
BESIDE = {"page_deadline_seconds": "page deadline", "returning_browsers_percent": "returning browsers"}
LONGEST = 70
NONE = "none"


@dataclass(frozen=True)
class Difference:
    """One difference: what it is, how it reads on every side, what can be done."""

    what: str
    values: tuple[str, ...]
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}: {' / '.join(self.values)}; {self.remedy}"


def among(manifests: Sequence[Mapping[str, Any]]) -> list[Difference]:
    """What keeps these runs from standing in one note; only the scale may differ."""
    found = []
    for what, shown, remedy in _TRAITS:
        values = sorted({shown(each) for each in manifests})
        if len(values) > 1:
            found.append(Difference(what, tuple(value[:LONGEST] for value in values), remedy))
    return found


def against(manifest: Mapping[str, Any], profile: Profile, own: Profile | None) -> list[Difference]:
    """What keeps these runs (the manifest of any of them) from saying anything of this profile's window.

    The runs' side is named first. A share of the population and the visits of a week may differ. `own` is the profile
    that the runs were made with, None where its file is gone or has changed.
    """
    return [
        *_parts(manifest, profile), *_per_visit(manifest, profile), *_window(manifest, profile),
        *_objectives(manifest, profile), *_people(manifest, profile), *_measures(manifest, profile),
        *_beside(manifest, profile, own),
    ]  # fmt: skip


def volume(manifest: Mapping[str, Any], profile: Profile) -> tuple[float, float] | None:
    """Visits a week that the runs were planned for, and that the profile has, where the two differ."""
    runs, own = float(manifest["figures"]["week"]["visits"]), float(profile.week.visits)
    return None if math.isclose(runs, own, rel_tol=1e-9) else (runs, own)


def _required(objectives: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(
        sorted(
            f"{each['persona']} {each['service']} {each['phase']} {each['must']}"
            for each in objectives
            if each.get("required", True)
        )
    )


def _window_of(window: Mapping[str, Any]) -> str:
    return f"{window['day']} {window['from']}–{window['to']}"


def _in_force(manifest: Mapping[str, Any]) -> str:
    return ", ".join(sorted(f"{each['id']} ({each.get('when', 'all')})" for each in manifest["perturbations"])) or NONE


def _target(manifest: Mapping[str, Any]) -> str:
    target = manifest["target"]
    spoken = (target.get("connection") or {}).get("http")
    return " ".join(
        str(each)
        for each in (manifest.get("edge_of") or target["url"], target.get("driver"), spoken and f"HTTP/{spoken}")
        if each
    )


def _parts_of(kinds: Sequence[str]) -> Callable[[Mapping[str, Any]], str]:
    """Which files of these kinds a run was made with: names, and as much of their digests as tells them apart."""

    def shown(manifest: Mapping[str, Any]) -> str:
        files = {(each["name"], each["sha256"][:8]) for each in manifest["content"] if each["kind"] in kinds}
        return ", ".join(f"{name} ({digest})" for name, digest in sorted(files)) or NONE

    return shown


def _population(manifest: Mapping[str, Any]) -> str:
    of = manifest.get("population") or {}
    return f"{len(of.get('academies', ()))} academies, {of.get('schools')} schools, {of.get('people')} people"


_ONE_NOTE_EACH = "one note for each"
_TRAITS: tuple[tuple[str, Callable[[Mapping[str, Any]], str], str], ...] = (
    ("profile", lambda run: str(run.get("profile")), _ONE_NOTE_EACH),
    ("profile files", _parts_of(("profiles", *PARTS)), "one note for each state of the files"),
    ("journeys", _parts_of(("scenarios", "driver")), "visitors that act differently: one note for each"),
    ("window", lambda run: _window_of(run["window"]), _ONE_NOTE_EACH),
    ("figures", lambda run: ", ".join(f"{name} {value:g}" for name, value in sorted(run["figures"]["week"].items())),
     _ONE_NOTE_EACH),
    ("compression", lambda run: f"{run['compression']:g}", "people who think less: one note for each"),
    ("arrivals", lambda run: str(run.get("arrivals")), "run again with the same --arrivals"),
    ("objectives", lambda run: _required(run["objectives"]), "runs that were owed the same"),
    ("measures and faults in force", _in_force, "one note with them, one without"),
    ("control share", lambda run: f"{run.get('control_share') or 0:g}", _ONE_NOTE_EACH),
    ("target", _target, "one note for each platform"),
    ("population", _population, "runs of the same [population]"),
    ("seed", lambda run: str(run.get("seed")), "run again with the same --seed"),
)  # fmt: skip


def _parts(manifest: Mapping[str, Any], profile: Profile) -> Iterator[Difference]:
    for kind, what in PARTS.items():
        runs = {each["name"]: each["sha256"] for each in manifest["content"] if each["kind"] == kind}
        own = {name: content.digest(path) for of, name, path in profile.sources if of == kind}
        if runs == own:
            continue
        same_names = runs.keys() == own.keys()
        remedy = "the file has changed since: run again" if same_names else "run the profile itself"
        yield Difference(what, (", ".join(sorted(runs)) or NONE, ", ".join(sorted(own)) or NONE), remedy)


def _beside(manifest: Mapping[str, Any], profile: Profile, own: Profile | None) -> Iterator[Difference]:
    """What no manifest holds: events, the page deadline, returning browsers; as far as the runs' own file tells."""
    if ("profiles", content.digest(profile.sources[0][2])) in {
        (each["kind"], each["sha256"]) for each in manifest["content"]
    }:
        return
    if own is None:
        if profile.happenings:
            yield Difference("events", ("unknown: the runs' profile is gone or has changed",), "run the profile itself")
        return
    if own.file.event != profile.file.event:
        events = tuple(", ".join(each.occasion for each in of.file.event) or NONE for of in (own, profile))
        yield Difference("events", events, "people come at other moments: run the profile itself")
    for name, what in BESIDE.items():
        runs, its = getattr(own.file.replay, name), getattr(profile.file.replay, name)
        if runs != its:
            yield Difference(what, (f"{runs:g}", f"{its:g}"), "give both the same [replay], and run again")


def _per_visit(manifest: Mapping[str, Any], profile: Profile) -> Iterator[Difference]:
    for name, what in PER_VISIT.items():
        runs, own = float(manifest["figures"]["week"][name]), float(profile.week.figure(name))
        if not math.isclose(runs, own, rel_tol=1e-9):
            yield Difference(what, (f"{runs:.4g}", f"{own:.4g}"), "another load per visit: run the profile itself")


def _window(manifest: Mapping[str, Any], profile: Profile) -> Iterator[Difference]:
    runs, own = _window_of(manifest["window"]), _window_of(profile.file.window.model_dump(by_alias=True))
    if runs != own:
        yield Difference("window", (runs, own), "the audiences come in other shares: run the profile's own window")


def _objectives(manifest: Mapping[str, Any], profile: Profile) -> Iterator[Difference]:
    runs, own = _required(manifest["objectives"]), _required(numbered(profile.file.objective))
    if runs != own:
        yield Difference(
            "required objectives", (runs or NONE, own or NONE), "capacity is the rate that meets them: run again"
        )


def _people(manifest: Mapping[str, Any], profile: Profile) -> Iterator[Difference]:
    people = population(profile)
    own = _population(
        {
            "population": {
                "academies": people.academy_names,
                "schools": profile.file.population.schools,
                "people": sum(people.count(persona) for persona in profile.personas),
            }
        }
    )
    if (runs := _population(manifest)) != own:
        yield Difference("population", (runs, own), "give both the same [population], and run again")


def _measures(manifest: Mapping[str, Any], profile: Profile) -> Iterator[Difference]:
    runs = {str(each["id"]) for each in manifest["perturbations"]}
    own = set(profile.measures)
    if own - runs:
        yield Difference(
            "measures in force", (", ".join(sorted(runs)) or NONE, ", ".join(sorted(own))),
            "run the profile with its measures, or leave PROFILE out",
        )  # fmt: skip

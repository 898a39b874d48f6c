"""A profile with all that it names: read from TOML, all faults at once; moved to a date, a day, a contract."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from entsurge import content
from entsurge.audience.academies import academy_name
from entsurge.audience.calendar import faults, weekday
from entsurge.audience.devices import Devices
from entsurge.audience.moment import Bell, Happening, Measure, Occasion, overfull
from entsurge.audience.profile_file import ObjectivesFile, ProfileFile, numbered
from entsurge.audience.service_levels import owed
from entsurge.audience.shape import DAYS, Curve, Mixes, Shape
from entsurge.audience.strict import minutes
from entsurge.audience.week import Week, contradictions, resolve
from entsurge.config_file import Model, check, read_toml
from entsurge.errors import UsageError
from entsurge.said import said

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from fractions import Fraction
    from pathlib import Path

    from entsurge.audience.devices import Device
    from entsurge.audience.persona import Persona


OPTIONS = {
    **{f"replay.{name}": f"--{name}" for name in ("scale", "compression", "seed", "arrivals")},
    **{name: f"--{name}" for name in ("shape", "bell", "devices", "objectives")},
    "population.schools": "--schools", "calendar.date": "--date",
}  # fmt: skip
"""Keys of a profile that the command line may replace, and by which option: what is wrong then is not the file's."""


@dataclass(frozen=True)
class Profile:
    """A profile with everything that it names: what `plan` and `run` work from."""

    name: str
    file: ProfileFile
    week: Week
    shape: Shape
    mixes: Mixes
    baseline: Profile | None
    sources: tuple[tuple[str, str, Path], ...]
    bell: Bell | None = None
    happenings: tuple[Happening, ...] = ()
    devices: Devices | None = None

    @property
    def measures(self) -> list[str]:
        """The experiments that the profile puts in force during its window."""
        window = self.file.window
        begin, end = minutes(window.begin), minutes(window.end)
        chosen = (each for each in self.file.measure if window.day in each.days)
        return [each.name for each in chosen if minutes(each.begin) < end and minutes(each.end) > begin]

    @property
    def begin_minute(self) -> int:
        """The minute of the week in which the judged part of the run begins."""
        return self.file.window.begin_minute

    @property
    def end_minute(self) -> int:
        """The first minute after it: the window's end, or as many minutes on as a steady rate is held."""
        window, steady = self.file.window, self.file.replay.steady_minutes
        return window.begin_minute + steady if steady else window.end_minute

    @property
    def protected(self) -> list[str]:
        """The personas that conservation measures put first."""
        return [key for key, persona in self.personas.items() if persona.protected]

    @property
    def personas(self) -> dict[str, Persona]:
        """Every persona of the profile by its key, in the order in which they are shown."""
        return self.mixes.personas

    def device_shares(self, persona: str) -> dict[Device, Fraction]:
        """The share of a persona's visits that comes by each device; empty where the profile says none."""
        return self.devices.shares(self.personas[persona]) if self.devices else {}

    def requests_per_page(self, persona: str) -> Fraction:
        """How many requests a page of this persona makes, as the personas file says it and its devices change it."""
        plain = self.mixes.requests_per_page.value
        return plain * self.devices.requests_factor(self.personas[persona]) if self.devices else plain

    def curve(self, persona: str, shape: Shape | None = None) -> Curve:
        """When a persona comes in the profile's week, or in another shape's where that knows it."""
        found = self.mixes.curve(persona, shape or self.shape) or self.mixes.curve(persona, self.shape)
        return found or self.shape.curve(persona)


def load(name: str, *, overrides: dict[str, Any] | None = None, _seen: tuple[str, ...] = ()) -> Profile:
    """Read a shipped profile by its bare name, or one of your own by its path.

    `overrides` replace keys of `[replay]`, and `shape`, `window`, `bell` (`none` silences it), `devices` (`none` leaves
    them out), as the command line asks, `schools` the population's; `date` moves it to another day of another week,
    `day` chooses one of its days (1 is the first), `measures = False` leaves its measures out; `objectives` names
    service levels that replace its own objectives, and `faults` says whether the run has any.
    Raises UsageError that lists every fault with file and key, or the option where an override is at fault.
    """
    asked = {key: option for key, option in OPTIONS.items() if key.rpartition(".")[2] in (overrides or {})}
    path, changes = content.find("profiles", name), dict(overrides or {})
    number, with_measures = changes.pop("day", None), changes.pop("measures", True)
    levels, faults_strike = changes.pop("objectives", None), changes.pop("faults", False)
    raw = read_toml(path)
    _dated(raw, changes.pop("date", None))
    top: dict[str, Any] = {key: changes.pop(key) for key in ("shape", "window", "bell", "devices") if key in changes}
    if (schools := changes.pop("schools", None)) and isinstance(raw.get("population", {}), dict):
        top["population"] = raw.get("population", {}) | {"schools": schools}
    if changes and isinstance(raw.get("replay"), dict):
        raw["replay"] |= changes
    file = check(ProfileFile, raw | top, path, options=asked)
    if path.stem in _seen:
        raise UsageError(f"{path}: baseline: {' → '.join((*_seen, path.stem))} goes round in a circle")
    base = load(_beside(path, file.baseline), _seen=(*_seen, path.stem)) if file.baseline else None
    whole = _with_parts(path, file, base, asked)
    if number is not None:
        whole = on_day(whole, number, path)
    if not with_measures:
        whole = replace(whole, file=whole.file.model_copy(update={"measure": []}))
    if levels:
        whole = _under_contract(
            whole, part(path, "service-levels", levels, here=True, option=asked["objectives"]), faults=faults_strike
        )
    _measures_fit(whole, path)
    return whole


def _under_contract(whole: Profile, path: Path, *, faults: bool) -> Profile:
    """The profile with what a contract owes in place of its own objectives. Raises UsageError."""
    file = whole.file.model_copy(update={"objective": owed(path, whole.file, faults=faults)})
    if strangers := _strangers(file, whole.mixes, whole.happenings):
        raise UsageError("\n".join(f"{path}: personas: {fault}" for fault in strangers))
    return replace(whole, file=file, sources=(*whole.sources, ("service-levels", path.stem, path)))


def _dated(raw: dict[str, Any], date: str | None) -> None:
    """Put the date asked for into the tables of a profile, and the window on its day where no other is named."""
    calendar, window = raw.get("calendar", {} if date else None), raw.get("window")
    if date and isinstance(calendar, dict):
        raw["calendar"] = calendar = calendar | {"date": date}
    if not (isinstance(calendar, dict) and isinstance(window, dict)) or ("day" in window and not date):
        return
    try:
        raw["window"] = window | {"day": DAYS[weekday(calendar["date"])]}
    except (AttributeError, KeyError, ValueError):
        return  # what is wrong with the date is said when the whole is held against its model


def _with_parts(path: Path, file: ProfileFile, base: Profile | None, asked: Mapping[str, str]) -> Profile:
    """The profile with everything that it names, some of it asked for by these options."""
    sources = [("profiles", path.stem, path)]

    def table(model: type[Model], folder: str, name: str, option: str = "") -> Model:
        found = part(path, folder, name, option=option)
        if (folder, found.stem, found) not in sources:
            sources.append((folder, found.stem, found))
        return check(model, read_toml(found), found)

    shape, mixes = table(Shape, "shapes", file.shape, asked.get("shape", "")), table(Mixes, "personas", file.personas)
    bell = table(Bell, "bells", file.bell, asked.get("bell", "")) if file.bell not in (None, "none") else None
    by = asked.get("devices", "")
    devices = table(Devices, "devices", file.devices, by) if file.devices not in (None, "none") else None
    happenings = tuple(Happening(each, table(Occasion, "occasions", each.occasion)) for each in file.event)
    wrong = [f"figures: {fault}" for fault in contradictions(file.figures, base.file.figures if base else None)]
    wrong += overfull(list(happenings))
    wrong += _strangers(file, mixes, happenings, devices)
    if file.calendar:
        people = file.population
        there = map(academy_name, range(min(people.academies, people.schools)))  # never more of them than schools
        wrong += faults(file.calendar, there, (each.date for each in file.day))
    if wrong:
        raise UsageError("\n".join(f"{path}: {fault}" for fault in wrong))
    try:
        week = resolve(file.figures, base.week if base else None)
    except ValueError as error:
        raise UsageError(f"{path}: figures: {error}", hint='name the week before: baseline = "ordinary-week"') from None
    _curves_there(shape, mixes, *(found for folder, _, found in sources if folder in ("shapes", "personas")))
    mixes = _beside_file(mixes, part(path, "personas", file.personas))
    return Profile(path.stem, file, week, shape, mixes, base, tuple(sources), bell, happenings, devices)


def _strangers(
    file: ProfileFile, mixes: Mixes, happenings: tuple[Happening, ...], devices: Devices | None = None
) -> list[str]:
    """Where the profile speaks of a persona that it has not."""
    named = [(f"objective {each.id or number}", each.persona) for number, each in enumerate(file.objective, 1)]
    named += [(f"devices {file.devices}", who) for who in (devices.persona if devices else ())]
    named += [(f"occasion {each.event.occasion}", who) for each in happenings for who in each.occasion.percent]
    return [f"{where}: {unknown(who, mixes.personas)}" for where, who in named if who not in {"*", *mixes.personas}]


def unknown(persona: str, known: Iterable[str]) -> str:
    """What is said of a persona that nobody has described."""
    return f"no persona {persona!r}; the personas are {', '.join(known)}"


def _curves_there(shape: Shape, mixes: Mixes, of_shape: Path, of_mixes: Path) -> None:
    """Raise UsageError for each persona of which nothing says when it comes."""
    lines = [
        f"{of_mixes}: {persona}: curve: missing, and {of_shape} has no [{persona}]"
        for persona in mixes.personas
        if mixes.curve(persona, shape) is None
    ]
    if lines:
        raise UsageError("\n".join(lines), hint='such as curve = "staff", or curve = { days = […], hours = […] }')


def _beside_file(mixes: Mixes, path: Path) -> Mixes:
    """The same with the scenario files of its personas found beside the file that names them."""
    placed = {
        key: mixes.mix(key).model_copy(update={"scenario": str(path.parent / entry.scenario)})
        for key, entry in mixes.personas.items()
        if entry.scenario and ("/" in entry.scenario or entry.scenario.endswith(".py"))
    }
    return mixes.with_mixes(placed) if placed else mixes


def on_day(whole: Profile, number: int, path: Path) -> Profile:
    """One of the profile's days, as a profile: its window that day, its demand, its measures. Raises UsageError."""
    days = whole.file.day
    if not 1 <= number <= len(days):
        has = f"has {len(days)} days" if days else "has no days of its own"
        raise UsageError(f"{path}: --day {number}: {whole.name} {has}")
    day = days[number - 1]
    titles = {language: f"{text} · {day.title[language]}" for language, text in whole.file.title.items()}
    window = whole.file.window.model_copy(update={"day": day.day})
    measures = [Measure(name=name) for name in day.measures]
    demand = day.demand.value if day.demand else 1
    week = replace(whole.week, visits=whole.week.visits * demand, page_views=whole.week.page_views * demand)
    changes: dict[str, Any] = {"title": titles, "window": window, "measure": [*whole.file.measure, *measures]}
    if whole.file.calendar:
        changes["calendar"] = whole.file.calendar.model_copy(update={"date": day.date})
    return replace(whole, file=whole.file.model_copy(update=changes), week=week, name=f"{whole.name}-{number:02d}")


def _measures_fit(whole: Profile, path: Path) -> None:
    """Measures are in force for the whole of a run. Raises UsageError where one begins or ends inside the window."""
    window = whole.file.window
    begin, end = minutes(window.begin), minutes(window.end)
    halves = [
        f"{path}: measure {each.name}: from {each.begin} to {each.end} covers only a part of the window "
        f"({window.begin} to {window.end})"
        for each in whole.file.measure
        if each.name in whole.measures and not (minutes(each.begin) <= begin and minutes(each.end) >= end)
    ]
    if halves:
        raise UsageError("\n".join(halves), hint="replay the part before and the part after as two windows")


def _beside(path: Path, name: str) -> str:
    return str(path.parent / name) if "/" in name or name.endswith(".toml") else name


def part(path: Path, folder: str, name: str, *, here: bool = False, option: str = "") -> Path:
    """The file of a folder of profiles/ that `name` means: shipped by its bare name, others beside `path`, or `here`.

    Raises UsageError, which names the option that asked for it, if one did.
    """
    if "/" in name or name.endswith(".toml"):
        return content.find("profiles", name if here else str(path.parent / name))
    shipped = {each.stem: each for each in sorted((content.root("profiles") / folder).glob("*.toml"))}
    if name not in shipped:
        absent = "{option}: no {name!r}" if option else "{path}: {folder}: no {name!r}"
        raise UsageError(
            said(absent, option=option, path=path, folder=folder, name=name[:80]),
            hint=f"shipped: {', '.join(shipped)}; a file of your own needs a / or .toml",
        )
    return shipped[name]


def load_objectives(path: Path) -> list[dict[str, Any]]:
    """The objectives of such a file, as a manifest holds them. Raises UsageError with every fault."""
    return numbered(check(ObjectivesFile, read_toml(path), path).objective)


def load_shape(name: str) -> Shape:
    """A shipped week shape by its name. Raises UsageError."""
    path = part(content.root("profiles"), "shapes", name)
    return check(Shape, read_toml(path), path)


def load_personas(name: str) -> tuple[Persona, ...]:
    """The personas of a shipped personas file by its name, or of one of your own by its path. Raises UsageError."""
    own = "/" in name or name.endswith(".toml")
    path = content.find("profiles", name) if own else part(content.root("profiles"), "personas", name)
    return tuple(check(Mixes, read_toml(path), path).personas.values())

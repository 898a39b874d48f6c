"""A profile: published figures, week shape, window to replay, objectives; read from TOML, all faults at once."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from entsurge import content
from entsurge.audience.figure import Ratio
from entsurge.audience.objective import parse_objective
from entsurge.audience.shape import DAYS, PERSONAS, SERVICES, Mixes, Persona, Shape
from entsurge.audience.week import Figures, Week, contradictions, resolve
from entsurge.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

Model = TypeVar("Model", bound=BaseModel)
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Window(_Strict):
    """Which part of the week is replayed, in local time."""

    day: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    begin: Clock = Field(alias="from")
    end: Clock = Field(alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> Window:
        if minutes(self.end) <= minutes(self.begin):
            raise ValueError(f"to = {self.end} must come after from = {self.begin}")
        return self

    @property
    def begin_minute(self) -> int:
        """Minutes since Monday 00:00."""
        return DAYS.index(self.day) * 1440 + minutes(self.begin)

    @property
    def end_minute(self) -> int:
        """Minutes since Monday 00:00; the minute itself is outside."""
        return DAYS.index(self.day) * 1440 + minutes(self.end)


class Replay(_Strict):
    """How the window is replayed: the share of the population, the compression of time, what comes before and after."""

    scale: Ratio
    compression: Ratio
    phase: Literal["baseline", "surge"] = "surge"
    arrivals: Literal["systematic", "poisson"] = "systematic"
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 9
    draw: Annotated[int, Field(ge=0, lt=2**31)] = 0
    """Which of a seed's many plans: other arrivals, the same people."""
    warm_up_minutes: Annotated[int, Field(ge=0, le=1440)] = 15
    drain_seconds: Annotated[int, Field(ge=0, le=3600)] = 30
    page_deadline_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0
    max_visitors: Annotated[int, Field(ge=1, le=1_000_000)] = 20_000
    steady_minutes: Annotated[int, Field(ge=0, le=10_080)] = 0
    """Hold the window's mean rate for so many minutes from its beginning, in place of the window; 0: the window."""


class People(_Strict):
    """How large the synthetic population is."""

    academies: Annotated[int, Field(ge=1, le=30)] = 4
    schools: Annotated[int, Field(ge=1, le=10_000)] = 8
    classes_per_school: Annotated[int, Field(ge=1, le=200)] = 6
    pupils_per_class: Annotated[int, Field(ge=1, le=60)] = 30


class ObjectiveSpec(_Strict):
    """What a persona is owed on a service in a phase."""

    id: str = ""
    persona: Persona | Literal["*"] = "*"
    service: str = "*"
    phase: Literal["baseline", "surge", "fault", "recovery"]
    must: str
    required: bool = True

    @field_validator("must")
    @classmethod
    def _is_grammar(cls, found: str) -> str:
        parse_objective(found)
        return found

    @field_validator("service")
    @classmethod
    def _is_service(cls, found: str) -> str:
        if found not in ("*", "sign-on", *SERVICES):
            raise ValueError(f"expected * or one of sign-on, {', '.join(SERVICES)}")
        return found


class ProfileFile(_Strict):
    """A profile as it is written."""

    title: dict[Literal["fr", "en"], str]
    source: str
    baseline: str | None = None
    shape: str
    personas: str
    figures: Figures
    window: Window
    replay: Replay
    population: People = People()
    objective: list[ObjectiveSpec] = []


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
        return [persona for persona in PERSONAS if self.mixes.mix(persona).protected]


def minutes(clock: str) -> int:
    """Minutes since midnight of a time such as 09:30."""
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def load(name: str, *, overrides: dict[str, Any] | None = None, _seen: tuple[str, ...] = ()) -> Profile:
    """Read a shipped profile by its bare name, or one of your own by its path.

    `overrides` replace keys of `[replay]` and `shape`, as the command line asks.
    Raises UsageError that lists every fault with file and key.
    """
    path = content.find("profiles", name)
    raw = read_toml(path)
    if overrides and isinstance(raw.get("replay"), dict):
        raw["replay"] |= {key: value for key, value in overrides.items() if key not in ("shape", "window")}
        raw |= {key: value for key, value in overrides.items() if key in ("shape", "window")}
    file = check(ProfileFile, raw, path)
    if path.stem in _seen:
        raise UsageError(f"{path}: baseline: {' → '.join((*_seen, path.stem))} goes round in a circle")
    base = load(_beside(path, file.baseline), _seen=(*_seen, path.stem)) if file.baseline else None
    shape_path, mixes_path = _part(path, "shapes", file.shape), _part(path, "personas", file.personas)
    shape, mixes = (
        check(Shape, read_toml(shape_path), shape_path),
        check(Mixes, read_toml(mixes_path), mixes_path),
    )
    faults = list(contradictions(file.figures, base.file.figures if base else None))
    if faults:
        raise UsageError("\n".join(f"{path}: figures: {fault}" for fault in faults))
    try:
        week = resolve(file.figures, base.week if base else None)
    except ValueError as error:
        raise UsageError(f"{path}: figures: {error}", hint='name the week before: baseline = "ordinary-week"') from None
    sources = (
        ("profiles", path.stem, path),
        ("shapes", shape_path.stem, shape_path),
        ("personas", mixes_path.stem, mixes_path),
    )
    return Profile(path.stem, file, week, shape, mixes, base, sources)


def _beside(path: Path, name: str) -> str:
    return str(path.parent / name) if "/" in name or name.endswith(".toml") else name


def _part(path: Path, folder: str, name: str) -> Path:
    if "/" in name or name.endswith(".toml"):
        return content.find("profiles", str(path.parent / name))
    found = content.root("profiles") / folder / f"{name}.toml"
    if not found.is_file():
        known = ", ".join(sorted(each.stem for each in found.parent.glob("*.toml")))
        raise UsageError(
            f"{path}: {folder}: no {name!r}", hint=f"shipped: {known}; a file of your own needs a / or .toml"
        )
    return found


def load_shape(name: str) -> Shape:
    """A shipped week shape by its name. Raises UsageError."""
    path = _part(content.root("profiles"), "shapes", name)
    return check(Shape, read_toml(path), path)


def read_toml(path: Path) -> dict[str, Any]:
    """The file's tables, decimals exact. Raises UsageError for what is no TOML."""
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"), parse_float=Decimal)
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not a text file in UTF-8; expected TOML") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: not TOML: {error}") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None


def check(model: type[Model], raw: dict[str, Any], path: Path) -> Model:
    """The model that the tables describe. Raises UsageError with every fault: file, key, found, expected."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        lines = [_fault(path, fault, model) for fault in error.errors()]
        raise UsageError("\n".join(lines), hint="docs/writing-profiles.md lists the keys") from None


def _fault(path: Path, fault: Any, model: type[BaseModel]) -> str:
    key = ".".join(str(part) for part in fault["loc"]) or "(file)"
    if fault["type"] == "extra_forbidden":
        known = ", ".join(sorted(model.model_fields)) if len(fault["loc"]) == 1 else ""
        return f"{path}: {key}: unknown key" + (f"; known: {known}" if known else "")
    if fault["type"] == "missing":
        return f"{path}: {key}: missing"
    found = fault.get("input")
    shown = "" if isinstance(found, (dict, list)) else f"found {_shown(found)}; "
    return f"{path}: {key}: {shown}{str(fault['msg']).removeprefix('Value error, ')}"


def _shown(found: object) -> str:
    return str(found) if isinstance(found, (int, float, Decimal)) else repr(found)[:80]

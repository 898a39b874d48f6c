"""Service levels in the words of French contracts (PSG, GTR, availability, response times), as objectives of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from entsurge.audience.figure import Positive, at_most_100
from entsurge.audience.profile_file import ObjectiveSpec
from entsurge.audience.shape import SERVICES, PersonaKey
from entsurge.audience.strict import Clock, Day, Strict, minutes
from entsurge.bilingual import Title
from entsurge.config_file import check, read_toml
from entsurge.errors import UsageError

if TYPE_CHECKING:
    from fractions import Fraction
    from pathlib import Path

    from entsurge.audience.profile_file import ProfileFile

TO_FILL = "à renseigner"
HINT = (
    'copy the file, write your contract\'s figures in place of every "à renseigner", leave out the tables that it '
    "has not, and name the copy: --objectives ./contract.toml"
)
DAYS_A_MONTH = 365 / 12


def _filled(found: Any) -> Any:
    if found == TO_FILL:
        raise ValueError("to be filled in from your contract")
    return found


def _is_service(found: str) -> str:
    if found not in ("*", "sign-on", *SERVICES):
        raise ValueError(f"expected * or one of sign-on, {', '.join(SERVICES)}")
    return found


Filled = BeforeValidator(_filled)
FilledClock = Annotated[Clock, Filled]
FilledFigure = Annotated[Positive, Filled]
FilledPercent = Annotated[Positive, AfterValidator(at_most_100), Filled]


class GuaranteedHours(Strict):
    """The hours over which the levels are owed (*plage de service garantie*, PSG)."""

    days: Annotated[list[Day], Field(min_length=1)]
    begin: FilledClock = Field(alias="from")
    end: FilledClock = Field(alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> GuaranteedHours:
        if minutes(self.end) <= minutes(self.begin):
            raise ValueError(f"to = {self.end} must come after from = {self.begin}")
        return self

    def hold(self, file: ProfileFile) -> bool:
        """Whether the profile's window lies in them as a whole."""
        window = file.window
        inside = minutes(self.begin) <= minutes(window.begin) and minutes(window.end) <= minutes(self.end)
        return window.day in self.days and inside

    @property
    def hours_a_month(self) -> float:
        """How many of them a month of average length has."""
        return DAYS_A_MONTH / 7 * len(set(self.days)) * (minutes(self.end) - minutes(self.begin)) / 60


class Availability(Strict):
    """Of a hundred pages asked for, how many are served."""

    percent: FilledPercent


class Restoration(Strict):
    """How long it may take until the service is as before (*garantie de temps de rétablissement*, GTR)."""

    hours: FilledFigure


class ResponseTime(Strict):
    """So many percent of a service's pages within so many seconds."""

    service: Annotated[str, AfterValidator(_is_service)]
    percent: FilledPercent
    seconds: FilledFigure


class ServiceLevels(Strict):
    """What a contract promises."""

    title: Title
    source: Annotated[str, Filled]
    personas: Annotated[list[PersonaKey], Field(min_length=1, max_length=20)]
    hours: GuaranteedHours = Field(alias="guaranteed-hours")
    availability: Availability | None = None
    restoration: Restoration | None = None
    response: Annotated[list[ResponseTime], Field(max_length=40)] = Field(default=[], alias="response-time")

    @model_validator(mode="after")
    def _promises_something(self) -> ServiceLevels:
        if not (self.availability or self.restoration or self.response):
            raise ValueError("expected at least one of availability, restoration, response-time")
        return self

    def objectives(self, phase: str, compression: Fraction, *, faults: bool) -> list[ObjectiveSpec]:
        """What is owed to each persona in a run of this phase, sign-on included; restoration only where faults strike.

        A run's seconds are as many times shorter as it is compressed: so is the time to restore.
        """
        made = []
        if self.availability:
            must = f"availability >= {self.availability.percent}%"
            made.append({"id": "contract-availability", "phase": phase, "must": must})
        for each in self.response:
            must = f"p{each.percent} < {each.seconds}s"
            made.append({"id": f"contract-time-{each.service}".replace("*", "all"), "service": each.service,
                         "phase": phase, "must": must})  # fmt: skip
        if self.restoration and faults:
            seconds = float(self.restoration.hours.value * 3600 / compression)
            made.append({"id": "contract-restoration", "phase": "recovery", "must": f"recovery < {seconds:.3f}s"})
        return [
            ObjectiveSpec.model_validate(each | {"id": f"{each['id']}-{persona}", "persona": persona})
            for persona in self.personas
            for each in made
        ]


def load(path: Path) -> ServiceLevels:
    """The levels in this file. Raises UsageError with every fault, figures that are to be filled in among them."""
    return check(ServiceLevels, read_toml(path), path, hint=HINT)


def owed(path: Path, file: ProfileFile, *, faults: bool) -> list[ObjectiveSpec]:
    """The objectives that a contract makes of a profile's window. Raises UsageError where it owes nothing in it."""
    levels, window = load(path), file.window
    if not levels.hours.hold(file):
        hours = f"{levels.hours.begin} to {levels.hours.end}, {', '.join(levels.hours.days)}"
        raise UsageError(
            f"{path}: guaranteed-hours: {hours}: the window ({window.day} {window.begin} to {window.end}) "
            "lies outside; nothing is owed there",
            hint="a window within these hours, or the profile's own objectives: leave --objectives out",
        )
    found = levels.objectives(file.replay.phase, file.replay.compression, faults=faults)
    if not found:
        raise UsageError(f"{path}: restoration alone is promised, and this run has no fault", hint="add --chaos NAME")
    return found

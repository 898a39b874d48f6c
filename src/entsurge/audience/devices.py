"""By which device each persona comes, as a devices file has it: shares by persona, and how each device asks."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import Field, StringConstraints, model_validator

from entsurge.audience.figure import Figure, Share, exact
from entsurge.audience.shape import PersonaKey
from entsurge.audience.strict import Strict
from entsurge.bilingual import Title

if TYPE_CHECKING:
    from entsurge.audience.persona import Persona

Device = Literal["computer", "phone", "app"]
DEVICES: tuple[Device, ...] = get_args(Device)
"""The portal in a computer's browser, the portal in a phone's, and the app with its API; in this order everywhere."""
Basis = Literal["fact", "reasoned"]
_NOT_OURS = frozenset(("authorization", "connection", "content-length", "cookie", "host"))
"""Fields that a visit's client sees to, or that would sign everybody on as one."""
_WHOLE = Figure(exact(100))
_NONE = Figure(exact(0))


def _only_devices(found: Any, besides: tuple[str, ...] = ()) -> Any:
    """A table whose keys are devices, and these. Raises ValueError for any other."""
    strange = [key for key in found if key not in (*DEVICES, *besides)] if isinstance(found, dict) else []
    if strange:
        raise ValueError(f"{', '.join(strange)}: no such device; expected {', '.join(DEVICES)}")
    return found


class Shares(Strict):
    """Which share of a persona's visits comes by each device, and where that is known from; they sum to 1."""

    computer: Share = _NONE
    phone: Share = _NONE
    app: Share = _NONE
    kind: Basis
    source: str

    @model_validator(mode="before")
    @classmethod
    def _are_of_devices(cls, found: Any) -> Any:
        return _only_devices(found, ("kind", "source"))

    @model_validator(mode="after")
    def _are_whole(self) -> Shares:
        total = sum((self.share(device) for device in DEVICES), Fraction(0))
        if total != 1:
            raise ValueError(f"the shares of {', '.join(DEVICES)} sum to {float(total):g}; expected 1")
        return self

    def share(self, device: Device) -> Fraction:
        """The share of one device, exactly."""
        found: Figure = getattr(self, device)
        return found.value

    def without_app(self) -> Shares:
        """The same with those of the app on the phone's browser."""
        both = Figure(self.phone.written + self.app.written)
        return self.model_copy(update={"phone": both, "app": _NONE})


class Habit(Strict):
    """How a device asks.

    `user_agent` stands before the run's own (empty: the run's own alone), `headers` are sent with every request.
    `width` and `height` are those of its screen in CSS pixels, each of `density` pixels, by which pages' files are
    chosen. `kept_cache_percent` is the share of visits whose browser still has the public files of an earlier visit,
    `requests_percent` what a page asks for, of the requests that the personas file says; both with their `source`.
    """

    user_agent: Annotated[str, Field(max_length=300)] = ""
    headers: dict[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$")], str] = Field(default={})
    width: Annotated[int, Field(ge=200, le=8000)] = 1280
    height: Annotated[int, Field(ge=200, le=8000)] = 720
    density: Annotated[float, Field(ge=0.5, le=8)] = 1.0
    touch: bool = False
    kept_cache_percent: Annotated[float, Field(ge=0, le=100)] = 0.0
    requests_percent: Share = _WHOLE
    kind: Basis = "reasoned"
    source: str = ""

    @model_validator(mode="after")
    def _says_its_name_once(self) -> Habit:
        if any(name.lower() == "user-agent" for name in self.headers):
            raise ValueError("headers: User-Agent is said by user_agent")
        return self

    @model_validator(mode="after")
    def _speaks_for_nobody(self) -> Habit:
        taken = [name for name in self.headers if name.lower() in _NOT_OURS or name.lower().startswith("x-entsurge-")]
        if taken:
            raise ValueError(f"headers: {', '.join(taken)}: said by each visit itself, not by its device")
        return self


class Habits(Strict):
    """How each device asks."""

    computer: Habit = Habit()
    phone: Habit = Habit()
    app: Habit = Habit()

    @model_validator(mode="before")
    @classmethod
    def _are_of_devices(cls, found: Any) -> Any:
        return _only_devices(found)


class Devices(Strict):
    """A devices file. `without_app`: what becomes of visits by app on a target that has none."""

    title: Title
    source: str
    without_app: Literal["refuse", "phone"] = "refuse"
    persona: Annotated[dict[PersonaKey, Shares], Field(min_length=1)]
    device: Habits = Habits()

    def shares(self, persona: Persona) -> dict[Device, Fraction]:
        """The shares of a persona: its own, else those of whose rights it has, else a computer for everybody."""
        found = self.persona.get(persona.key) or self.persona.get(persona.rights)
        if found is None:
            return {device: Fraction(device == "computer") for device in DEVICES}
        return {device: found.share(device) for device in DEVICES}

    def habit(self, device: Device) -> Habit:
        """How a device asks."""
        found: Habit = getattr(self.device, device)
        return found

    def requests_factor(self, persona: Persona) -> Fraction:
        """By how much a persona's pages ask for more or less than those of computers."""
        shares = self.shares(persona).items()
        return sum((share * self.habit(device).requests_percent.value / 100 for device, share in shares), Fraction(0))

    def by_app(self) -> list[str]:
        """The personas of the file of whom some come by the app."""
        return [persona for persona, shares in self.persona.items() if shares.app.value]

    def played_without_app(self) -> Devices:
        """The same where nobody has an app: those visits come by the phone's browser."""
        moved = {persona: shares.without_app() for persona, shares in self.persona.items()}
        return self.model_copy(update={"persona": moved})


def schema() -> dict[str, Any]:
    """The JSON Schema of such files: a share is written as a number."""
    found = {"title": "entsurge: by which device people come", **Devices.model_json_schema()}
    found["$defs"]["Figure"] = {"type": "number", "minimum": 0}
    return found

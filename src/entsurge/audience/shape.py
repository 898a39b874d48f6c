"""Week shapes and persona mixes: when each persona comes, which pages it opens, what it puts up with."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from entsurge.audience.figure import Figure, Share, at_most_100
from entsurge.audience.pause import Pause
from entsurge.audience.persona import KEY, PERSONAS, RESERVED, SHIPPED, Persona, Work, by_key
from entsurge.bilingual import LANGUAGES, Language, Title

if TYPE_CHECKING:
    from entsurge.audience.strict import Day

PersonaKey = Annotated[str, StringConstraints(pattern=KEY)]
"""A persona as files name it; whether the profile has it is checked where both are known."""


def _shipped(found: str) -> str:
    if found not in PERSONAS:
        raise ValueError(f"expected one of {', '.join(PERSONAS)}")
    return found


ShippedKey = Annotated[str, AfterValidator(_shipped)]
"""One of the personas that are shipped."""
Service = Literal[
    "home", "messages", "homework", "lesson-book", "files", "marks", "absences", "news", "chat", "video-class"
]
SERVICES: tuple[Service, ...] = (
    "home", "messages", "homework", "lesson-book", "files", "marks", "absences", "news", "chat", "video-class",
)  # fmt: skip
DAYS: tuple[Day, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FIRST_HOUR = 6
NIGHT_SHARE = Fraction(1, 100)


def _both_names(found: dict[Language, str]) -> dict[Language, str]:
    lacking = [language for language in LANGUAGES if not found.get(language, "").strip()]
    if lacking:
        raise ValueError(f"expected a plural noun without its article in each language; lacking: {', '.join(lacking)}")
    return found


Names = Annotated[dict[Language, str], AfterValidator(_both_names)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Curve(_Strict):
    """When one persona comes: seven weights Monday to Sunday, eighteen for the hours 06 to 23 (the night has 1 %).

    A `pause` moves what the weights put into its hours.
    """

    days: Annotated[list[Share], Field(min_length=7, max_length=7)]
    hours: Annotated[list[Share], Field(min_length=18, max_length=18)]
    pause: Pause | None = None

    @model_validator(mode="after")
    def _somebody_comes(self) -> Curve:
        for name, weights in (("days", self.days), ("hours", self.hours)):
            if not any(weight.value for weight in weights):
                raise ValueError(f"{name}: all weights are 0")
        return self

    def share(self, day: int, hour: int) -> Fraction:
        """The share of the week's visits that falls in this hour; the 168 shares sum to 1."""
        return self._shares[day * 24 + hour]

    @cached_property
    def _shares(self) -> tuple[Fraction, ...]:
        whole_week, whole_day = (sum(weight.value for weight in of) for of in (self.days, self.hours))
        night = [NIGHT_SHARE / FIRST_HOUR] * FIRST_HOUR
        hours = night + [weight.value / whole_day * (1 - NIGHT_SHARE) for weight in self.hours]
        plain = tuple(weight.value / whole_week * hour for weight in self.days for hour in hours)
        return self.pause.moved(plain) if self.pause else plain


class Shape(_Strict):
    """One curve per persona; a persona of the profile's own may have a table here too."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Curve] = Field(init=False)
    title: Title
    source: str
    student: Curve
    teacher: Curve
    parent: Curve
    staff: Curve

    @model_validator(mode="before")
    @classmethod
    def _only_tables(cls, found: Any) -> Any:
        return _tables(cls, found)

    def curve(self, persona: str) -> Curve:
        """The curve of this persona. Raises LookupError when there is none."""
        found = self.own(persona)
        if found is None:
            raise LookupError(f"no curve for {persona}")
        return found

    def own(self, persona: str) -> Curve | None:
        """The curve of this persona, if the shape has one."""
        found = getattr(self, persona, None)
        return found if isinstance(found, Curve) else None


class Patience(_Strict):
    """After how many refused or failed pages a visitor leaves."""

    shed: Annotated[int, Field(ge=1, le=100)] = 1
    failed: Annotated[int, Field(ge=1, le=100)] = 2


class Retry(_Strict):
    """Those who did not get what they came for come back: in percent each time, so many times at most, after how long.

    `after_seconds` are the shortest and the longest wait, in seconds of the simulated day; any in between is as likely.
    """

    percent: Annotated[Share, AfterValidator(at_most_100)] = Figure(Decimal(100))
    times: Annotated[int, Field(ge=1, le=50)]
    after_seconds: tuple[Annotated[int, Field(ge=1, le=3600)], Annotated[int, Field(ge=1, le=3600)]]

    @model_validator(mode="after")
    def _in_order(self) -> Retry:
        if self.after_seconds[0] > self.after_seconds[1]:
            raise ValueError("after_seconds: expected the shortest wait, then the longest")
        return self


class WorkSpec(_Strict):
    """What a persona comes for: a page of these services; with `publishes`, one that publishes."""

    services: Annotated[list[Service], Field(min_length=1)]
    publishes: bool = False


class Mix(_Strict):
    """One persona: its share of visits, its pages in percent of page views, its patience, whether it insists.

    `names` (plural, without an article), `work` and `scenario` replace those that are shipped for it.
    """

    visit_share: Share
    protected: bool = False
    patience: Patience = Patience()
    retry: Retry | None = None
    pages: dict[Service, Share]
    names: Names | None = None
    work: WorkSpec | None = None
    scenario: str = ""

    @model_validator(mode="after")
    def _opens_something(self) -> Mix:
        if not any(share.value for share in self.pages.values()):
            raise ValueError("pages: all shares are 0")
        return self

    def page_share(self, service: str) -> Fraction:
        """The share of this persona's page views that this service has; they sum to 1."""
        total = sum(share.value for share in self.pages.values())
        return next((share.value / total for name, share in self.pages.items() if name == service), Fraction(0))

    def entry(self, key: str) -> Persona:
        """The persona as everybody else reads it."""
        return self._said(by_key(SHIPPED)[key])

    def _said(self, base: Persona) -> Persona:
        names = self.names or {"fr": base.fr, "en": base.en}
        work = Work(tuple(self.work.services), self.work.publishes) if self.work else base.work
        return replace(base, fr=names["fr"], en=names["en"], work=work, protected=self.protected,
                       scenario=self.scenario)  # fmt: skip


class AddedMix(Mix):
    """A persona that is not shipped: it says itself what the four have by themselves.

    A school has `per_school` of them, or one for every `pupils_each` pupils. An ENT takes them as it takes those with
    these `rights`. They come as `curve` says (a curve, or whose), unless the week's shape has a table of their name.
    """

    names: Names
    work: WorkSpec
    rights: Literal["teacher", "staff"] = "staff"
    per_school: Annotated[int, Field(ge=1, le=10_000)] | None = None
    pupils_each: Annotated[int, Field(ge=1, le=10_000)] | None = None
    curve: Curve | ShippedKey | None = None

    @model_validator(mode="after")
    def _is_counted(self) -> AddedMix:
        if (self.per_school is None) == (self.pupils_each is None):
            raise ValueError("expected per_school (how many a school has) or pupils_each (one for so many pupils)")
        return self

    def entry(self, key: str) -> Persona:
        """The persona as everybody else reads it."""
        base = Persona(key, key, key, self.rights, self.per_school, self.pupils_each, mark=key)
        return self._said(base)


class Mixes(_Strict):
    """The personas of an audience: the four that are shipped, and any others, each with a table of its own."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, AddedMix] = Field(init=False)
    title: Title
    source: str
    requests_per_page: Share
    student: Mix
    teacher: Mix
    parent: Mix
    staff: Mix

    @model_validator(mode="before")
    @classmethod
    def _only_tables(cls, found: Any) -> Any:
        return _tables(cls, found)

    @cached_property
    def personas(self) -> dict[str, Persona]:
        """Every persona by its key: the shipped ones, then the others in the order of the file."""
        return by_key(self.mix(key).entry(key) for key in (*PERSONAS, *(self.__pydantic_extra__ or {})))

    def mix(self, persona: str) -> Mix:
        """One persona's mix."""
        found: Mix = getattr(self, persona)
        return found

    def with_mixes(self, changed: dict[str, Mix]) -> Mixes:
        """The same with these mixes in place of its own."""
        made = self.model_copy(update=changed)
        made.__dict__.pop("personas", None)
        return made

    def curve(self, persona: str, shape: Shape) -> Curve | None:
        """When a persona comes: as the shape has it, else as its own table says; None where neither does."""
        mix = self.mix(persona)
        given = mix.curve if isinstance(mix, AddedMix) else None
        return shape.own(persona) or (shape.own(given) if isinstance(given, str) else given)

    @property
    def retries(self) -> dict[str, Retry]:
        """How the personas that insist come back."""
        mixes = {persona: self.mix(persona) for persona in self.personas}
        return {persona: mix.retry for persona, mix in mixes.items() if mix.retry}

    def visit_share(self, persona: str) -> Fraction:
        """The share of visits that this persona makes; they sum to 1."""
        total = sum(self.mix(name).visit_share.value for name in self.personas)
        return self.mix(persona).visit_share.value / total


def _tables(model: type[BaseModel], found: Any) -> Any:
    """What a file holds, if each of its other keys is a table that can be a persona's. Raises ValueError."""
    others = (
        {} if not isinstance(found, dict) else {key: of for key, of in found.items() if key not in model.model_fields}
    )
    known = ", ".join(sorted(model.model_fields))
    for key, of in others.items():
        if not isinstance(of, dict):
            raise ValueError(f"{key}: unknown key; known: {known}; a persona of your own is a table: [{key}]")
        if not re.fullmatch(KEY, key) or key in RESERVED or hasattr(model, key):
            raise ValueError(f"{key}: no name for a persona; expected small letters and hyphens, such as inspector")
    return found

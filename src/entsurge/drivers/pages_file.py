"""A driver written in TOML, as its file is: pages with their requests, what to extract, signs. Faults all at once."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from entsurge.audience.persona import PERSONAS
from entsurge.audience.shape import PersonaKey, Service
from entsurge.config_file import check, read_toml
from entsurge.drivers.extraction import Extract
from entsurge.drivers.form_fields import Form
from entsurge.drivers.json_value import check_json, texts_of
from entsurge.drivers.template import Template
from entsurge.signs import Sign

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVERYONE = "*"
HINT = "docs/driver-pages.md lists the keys"
PAYLOADS = frozenset({"body", "content", "form", "json"})  # texts that are sent: any letter may stand there
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Place = Annotated[str, StringConstraints(min_length=1)]
ALWAYS = frozenset(
    {
        "base", "login", "school", "tenant", "persona", "run", "sentence", "number", "unique", "today", "week_start",
        "week_end", "created",
    }
)  # fmt: skip
RENEWED = frozenset({"sentence", "number", "unique", "created"})  # filled in anew: what is extracted would be lost


def own_names(found: dict[str, Extract]) -> dict[str, Extract]:
    """What is extracted, under names that nothing else fills in."""
    taken = ", ".join(sorted(found.keys() & RENEWED))
    if taken:
        raise ValueError(f"{taken}: filled in for each page; give what is extracted another name")
    return found


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Upload(_Strict):
    """A file that is sent: the field's name, the file's, what is in it."""

    field: str
    name: str = "document.txt"
    content: Place = "{sentence}"


class Request(_Strict):
    """One request of a page. `role` is `document` for the first one unless it says otherwise, `xhr` for the rest.

    With `unless_known` a document is only asked for while that name is not known: the way to a page, gone once.
    A request in the `background` is one that the page does not wait for, such as a long poll.
    """

    url: Place
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    role: Literal["document", "asset", "xhr"] | None = None
    unless_known: Name | None = None
    background: bool = False
    headers: dict[str, str] = Field(default_factory=dict)
    form: Form = None
    json_body: Any = Field(None, alias="json")
    body: str | None = None
    upload: Upload | None = None
    expect: tuple[Annotated[int, Field(ge=200, le=599)], ...] = (200, 204)
    wants: tuple[Sign, ...] = ()
    extract: dict[Name, Extract] = Field(default_factory=dict)

    @field_validator("url", "body")
    @classmethod
    def _has_places(cls, found: str | None) -> str | None:
        if found is not None:
            Template(found)
        return found

    @field_validator("headers")
    @classmethod
    def _have_places(cls, found: dict[str, str]) -> dict[str, str]:
        for each in found.values():
            Template(each)
        return found

    @field_validator("json_body")
    @classmethod
    def _is_json(cls, found: Any) -> Any:
        check_json(found)
        return found

    @model_validator(mode="after")
    def _one_body(self) -> Request:
        bodies = [name for name in ("json_body", "body") if getattr(self, name) is not None]
        if len(bodies) + (self.form is not None or self.upload is not None) > 1:
            raise ValueError("one body: form (with or without upload), json, or body")
        if self.method == "GET" and (bodies or self.form is not None or self.upload is not None):
            raise ValueError("a GET has no body; method = ?")
        return self

    @model_validator(mode="after")
    def _nothing_waits_for_the_background(self) -> Request:
        if self.background and self.role == "document":
            raise ValueError('background: a page waits for its documents; role = "xhr"')
        return self

    @field_validator("extract")
    @classmethod
    def _has_a_name_of_its_own(cls, found: dict[str, Extract]) -> dict[str, Extract]:
        return own_names(found)

    def names(self) -> frozenset[str]:
        """The places that must be filled before this request can be made."""
        texts = [self.url, *self.headers.values(), *(value for _, value in self.form or ()), self.body or ""]
        texts += list(texts_of(self.json_body)) + ([self.upload.content] if self.upload else [])
        return frozenset[str]().union(*(Template(each).names for each in texts))


class Page(_Strict):
    """One page view: the service it belongs to, whose it is (everyone's without `personas`), whether it writes.

    `created` is the address of what a page has written, kept for clean-up; `remove` are the requests that take it away.
    """

    service: Service
    action: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")] = ""
    personas: tuple[PersonaKey, ...] = ()
    writes: bool = False
    publishes: bool = False
    assets: bool = False
    request: Annotated[tuple[Request, ...], Field(min_length=1)]
    created: Place | None = None
    remove: tuple[Request, ...] = ()

    @model_validator(mode="after")
    def _begins_with_a_document(self) -> Page:
        if self.request[0].role not in (None, "document") or self.request[0].background:
            raise ValueError("request.0.role: a page begins with its document")
        return self

    @model_validator(mode="after")
    def _clean_up_waits(self) -> Page:
        if any(each.background for each in self.remove):
            raise ValueError("remove: nothing is removed in the background")
        return self

    @property
    def name(self) -> str:
        """The action's name; `open-` and the service for one that is not named."""
        return self.action or f"open-{self.service}"


class Signs(_Strict):
    """What answers show. `signed_on` proves a sign-on, at the page where it ends or at `check`, an address.

    `overload` is a refusal on purpose (shed); `signed_out` and `denied` (you may not see this) are failures, whatever
    the status.
    """

    signed_on: Annotated[tuple[Sign, ...], Field(min_length=1)]
    check: Place | None = None
    overload: tuple[Sign, ...] = (Sign(status=(429, 503, 509)),)
    signed_out: tuple[Sign, ...] = ()
    denied: tuple[Sign, ...] = ()


class Landing(_Strict):
    """What is extracted from the page at which a sign-on ends."""

    extract: dict[Name, Extract] = Field(default_factory=dict)

    @field_validator("extract")
    @classmethod
    def _has_a_name_of_its_own(cls, found: dict[str, Extract]) -> dict[str, Extract]:
        return own_names(found)


class PagesFile(_Strict):
    """A driver as it is written."""

    title: str = ""
    door: Place = "/"
    sign_on: dict[str, Any] | None = None
    signs: Signs
    landing: Landing = Landing()
    cookies: dict[Name, str] = Field(default_factory=dict)
    page: Annotated[tuple[Page, ...], Field(min_length=1)]

    def whose(self, page: Page) -> tuple[str, ...]:
        """Who has a page: those it names, else everybody; `*` stands for whoever the file nowhere names."""
        named = (persona for each in self.page for persona in each.personas)
        return page.personas or tuple(dict.fromkeys((*PERSONAS, *named, EVERYONE)))

    @model_validator(mode="after")
    def _each_action_once(self) -> PagesFile:
        names = [(each.name, persona) for each in self.page for persona in self.whose(each)]
        twice = sorted({name for (name, _), count in Counter(names).items() if count > 1})
        if twice:
            raise ValueError(
                f"page: action {', '.join(twice)}: more than once for a persona; give each page an action of its own"
            )
        return self

    @model_validator(mode="after")
    def _every_place_can_be_filled(self) -> PagesFile:
        known = ALWAYS.union(self.landing.extract, self.cookies, *(request.extract for request in self._requests()))
        asked = {name for request in self._requests() for name in request.names()}
        for text in [self.door, self.signs.check or "", *(each.created or "" for each in self.page)]:
            asked |= Template(text).names
        lost, there = ", ".join(sorted(asked - known)), ", ".join(sorted(known))
        if lost:
            raise ValueError(f"{lost}: extracted nowhere; known: {there}")
        return self

    @model_validator(mode="after")
    def _can_be_read(self) -> PagesFile:
        read = {(each.service, persona) for each in self.page if not each.writes for persona in self.whose(each)}
        only = {
            service
            for service, persona in {(each.service, who) for each in self.page for who in self.whose(each)}
            if (service, persona) not in read
        }
        if only:
            raise ValueError(f"page: {', '.join(sorted(only))}: only pages that write; expected one that reads")
        return self

    def _requests(self) -> Iterator[Request]:
        for each in self.page:
            yield from each.request
            yield from each.remove


def load(path: Path) -> PagesFile:
    """The driver in this file. Raises UsageError with every fault: file, key, found, expected."""
    return check(PagesFile, read_toml(path, PAYLOADS), path, HINT)

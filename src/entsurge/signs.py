"""Signs of what an answer is: a phrase, an element, a value, a header, a status, an address.

An answer's body is parsed only when a rule needs it, and once for all of its rules.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    field_validator,
    model_validator,
)

from entsurge import selectors
from entsurge.phrases import folded, phrase

if TYPE_CHECKING:
    from entsurge.client.response import Response

LONGEST_TOLD = 80
_NOT_YET: Any = object()
NOT_JSON: Any = object()


class ParsedAnswer:
    """One answer, parsed when it is first asked to be."""

    __slots__ = ("_json", "_tree", "answer")

    def __init__(self, answer: Response) -> None:
        self.answer = answer
        self._tree = self._json = _NOT_YET

    @property
    def tree(self) -> Any:
        """The page; None for none."""
        if self._tree is _NOT_YET:
            self._tree = selectors.document(self.answer)
        return self._tree

    @property
    def json(self) -> Any:
        """The value; `NOT_JSON` for what is none."""
        if self._json is _NOT_YET:
            try:
                self._json = json.loads(self.answer.body)
            except (ValueError, RecursionError):
                self._json = NOT_JSON
        return self._json


class Rule(BaseModel):
    """One way of finding something in an answer: `css` (its text, or an `attribute`), `json_path`, `regex`, `header`.

    Raises ValueError, as pydantic wants it, for what is no selector, path or expression.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    css: str | None = None
    attribute: str | None = None
    json_path: str | None = None
    regex: str | None = None
    header: str | None = None

    @field_validator("css")
    @classmethod
    def _selects(cls, found: str | None) -> str | None:
        if found is not None:
            selectors.selector(found)
        return found

    @field_validator("json_path")
    @classmethod
    def _is_path(cls, found: str | None) -> str | None:
        if found is not None:
            selectors.json_path(found)
        return found

    @field_validator("regex")
    @classmethod
    def _is_expression(cls, found: str | None) -> str | None:
        if found is not None:
            selectors.expression(found)
        return found

    def values(self, of: ParsedAnswer) -> list[Any]:
        """Everything that the rule finds: of JSON the values themselves, null apart; of all else texts."""
        if self.css is not None:
            return self._selected(of)
        if self.json_path is not None:
            return self._at_path(of.json)
        if self.regex is not None:
            matches = selectors.expression(self.regex).finditer(of.answer.text)
            found = (match[1] if match.re.groups else match[0] for match in matches)
            return [each for each in found if each is not None]
        return of.answer.headers.get_all(self.header) if self.header is not None else []

    def texts(self, of: ParsedAnswer) -> list[str]:
        """Everything that the rule finds, as text."""
        return [each if isinstance(each, str) else json.dumps(each) for each in self.values(of)]

    def described(self) -> str:
        """The rule as a reason may quote it."""
        ways = ("css", "json_path", "regex", "header")
        name = next((each for each in ways if getattr(self, each) is not None), "")
        return quoted(name, getattr(self, name, ""))

    def _at_path(self, value: Any) -> list[Any]:
        """What stands at the path, null apart: `{"user": null}` is how an API says that nobody is there."""
        if self.json_path is None or value is NOT_JSON:
            return []
        if not isinstance(value, (dict, list)):
            found = [value] if self.json_path.strip() == "$" else []
        else:
            try:
                found = selectors.json_path(self.json_path).findall(value)
            except RecursionError:
                return []
        return [each for each in found if each is not None]

    def _selected(self, of: ParsedAnswer) -> list[str]:
        if of.tree is None or self.css is None:
            return []
        elements = selectors.selector(self.css)(of.tree)
        if self.attribute is None:
            return [" ".join(each.text_content().split()) for each in elements]
        return [each.get(self.attribute) for each in elements if each.get(self.attribute) is not None]


class Sign(Rule):
    """Something that an answer shows: a text, an element, a value, a header, a status, an address.

    A value that is there is shown, be it `false`, `0`, `""`, `[]` or `{}`; null is not there. `equals` demands a value,
    `contains` a part of it. Texts are compared as people read them: `entsurge.phrases` says what is alike.
    """

    text: Annotated[str, Field(min_length=1)] | None = None
    status: tuple[int, ...] | None = None
    url: str | None = None
    contains: str | None = None
    equals: StrictBool | StrictInt | StrictFloat | StrictStr | None = None

    @field_validator("url")
    @classmethod
    def _is_address(cls, found: str | None) -> str | None:
        if found is not None:
            selectors.expression(found)
        return found

    @model_validator(mode="after")
    def _one_sign(self) -> Sign:
        exactly_one(self, "css", "json_path", "regex", "header", "text", "status", "url")
        demanded = [name for name in ("contains", "equals") if getattr(self, name) is not None]
        if len(demanded) > 1:
            raise ValueError("contains or equals, not both")
        if demanded and (self.text is not None or self.status is not None or self.url is not None):
            raise ValueError(f"{demanded[0]} goes with css, json_path, regex or header")
        return self

    def shown(self, of: ParsedAnswer) -> bool:
        """Whether the answer shows it."""
        if self.status is not None:
            return of.answer.status in self.status
        if self.text is not None:
            return phrase(self.text).within(of.answer.body)
        if self.url is not None:
            return selectors.expression(self.url).search(of.answer.url) is not None
        if self.contains is not None:
            part = folded(self.contains)
            return any(part in folded(each) for each in self.texts(of))
        found = self.values(of)
        return bool(found) if self.equals is None else any(_same(each, self.equals) for each in found)

    def described(self) -> str:
        """The sign as a reason may quote it."""
        if self.status is not None:
            return f"status {', '.join(str(each) for each in self.status)}"
        if self.text is not None or self.url is not None:
            return quoted("text", self.text) if self.text is not None else quoted("url", self.url)
        demanded = "" if self.contains is None else f" with {quoted('', self.contains)}"
        return super().described() + (demanded if self.equals is None else f" = {quoted('', self.equals)}")


def first_shown(signs: tuple[Sign, ...], of: ParsedAnswer) -> Sign | None:
    """The first of these signs that an answer shows."""
    return next((each for each in signs if each.shown(of)), None)


def shown(signs: tuple[Sign, ...], of: ParsedAnswer) -> bool:
    """Whether an answer shows one of these signs."""
    return any(each.shown(of) for each in signs)


def described(signs: tuple[Sign, ...]) -> str:
    """The signs, any of which would do, as a reason may quote them."""
    return " or ".join(each.described() for each in signs)


def quoted(name: str, value: object) -> str:
    """A rule's name and what it looks for, cut to what can be read in a list of failures."""
    if not isinstance(value, str):
        return f"{name} {json.dumps(value)}".strip()
    text = " ".join(value.split())
    text = text if len(text) <= LONGEST_TOLD else f"{text[:LONGEST_TOLD]}…"
    return f"{name} '{text}'".strip() if '"' in text else f'{name} "{text}"'.strip()


def exactly_one(rule: BaseModel, *names: str) -> None:
    """Raise ValueError unless one of these keys was given."""
    given = [name for name in names if getattr(rule, name) is not None]
    if len(given) != 1:
        raise ValueError(f"expected one of {', '.join(names)}; found {', '.join(given) or 'none'}")


def _same(found: Any, wanted: object) -> bool:
    """Whether a value is the one demanded: JSON's true is not 1; what is no JSON is compared as it is written."""
    if isinstance(found, str):
        return folded(found) == folded(wanted if isinstance(wanted, str) else json.dumps(wanted))
    return isinstance(found, bool) == isinstance(wanted, bool) and bool(found == wanted)

"""What is looked for in an answer: values to feed on (CSS, JSON path, expression, header) and signs of what it is.

An answer's body is parsed only when a rule needs it, and once for all of its rules.
"""

from __future__ import annotations

import json
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from entsurge import selectors

if TYPE_CHECKING:
    from random import Random

    from entsurge.client.response import Response


class ParsedAnswer:
    """One answer, parsed when it is first asked to be."""

    __slots__ = ("_json", "_tree", "answer")

    def __init__(self, answer: Response) -> None:
        self.answer = answer
        self._tree: Any = self
        self._json: Any = self  # itself stands for: not parsed yet

    @property
    def tree(self) -> Any:
        """The page; None for none."""
        if self._tree is self:
            self._tree = selectors.document(self.answer)
        return self._tree

    @property
    def json(self) -> Any:
        """The value; None for none."""
        if self._json is self:
            try:
                self._json = json.loads(self.answer.body)
            except ValueError:
                self._json = None
        return self._json


class _Rule(BaseModel):
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

    def values(self, of: ParsedAnswer) -> list[str]:
        """Everything that the rule finds, as text."""
        if self.css is not None:
            return self._selected(of)
        if self.json_path is not None:
            value = of.json
            found = selectors.json_path(self.json_path).findall(value) if isinstance(value, (dict, list)) else []
            return [each if isinstance(each, str) else json.dumps(each) for each in found if each is not None]
        if self.regex is not None:
            matches = selectors.expression(self.regex).finditer(of.answer.text)
            return [match[1] if match.re.groups else match[0] for match in matches if match[0] is not None]
        return of.answer.headers.get_all(self.header) if self.header is not None else []

    def _selected(self, of: ParsedAnswer) -> list[str]:
        if of.tree is None or self.css is None:
            return []
        elements = selectors.selector(self.css)(of.tree)
        if self.attribute is None:
            return [" ".join(each.text_content().split()) for each in elements]
        return [each.get(self.attribute) for each in elements if each.get(self.attribute) is not None]


class Extract(_Rule):
    """A value to feed on: one way of finding it, and which of several is taken."""

    pick: Literal["first", "last", "random"] = "first"
    optional: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> Extract:
        _exactly_one(self, "css", "json_path", "regex", "header")
        return self

    def value(self, of: ParsedAnswer, random: Random) -> str | None:
        """The value; None when there is none."""
        found = self.values(of)
        if not found:
            return None
        if self.pick == "random":
            return random.choice(found)
        return found[0] if self.pick == "first" else found[-1]


class Sign(_Rule):
    """Something that an answer shows: a text, an element, a value, a header, a status, an address."""

    text: str | None = None
    status: tuple[int, ...] | None = None
    url: str | None = None
    contains: str | None = None

    @field_validator("url")
    @classmethod
    def _is_address(cls, found: str | None) -> str | None:
        if found is not None:
            selectors.expression(found)
        return found

    @model_validator(mode="after")
    def _one_sign(self) -> Sign:
        _exactly_one(self, "css", "json_path", "regex", "header", "text", "status", "url")
        return self

    def shown(self, of: ParsedAnswer) -> bool:
        """Whether the answer shows it."""
        if self.status is not None:
            return of.answer.status in self.status
        if self.text is not None:
            return any(each in of.answer.body for each in _encoded(self.text))
        if self.url is not None:
            return selectors.expression(self.url).search(of.answer.url) is not None
        found = self.values(of)
        return any(self.contains in each for each in found) if self.contains is not None else _true(found)


def shown(signs: tuple[Sign, ...], of: ParsedAnswer) -> bool:
    """Whether an answer shows one of these signs."""
    return any(each.shown(of) for each in signs)


@lru_cache(maxsize=512)
def _encoded(text: str) -> tuple[bytes, ...]:
    """A text as it may stand in a body: no body is decoded for a sign."""
    return tuple({text.encode(), text.encode("latin-1", "ignore"), escape(text).encode()})


def _true(found: list[str]) -> bool:
    """Something was found, and not only JSON's own words for nothing."""
    return any(each not in ("false", "null", "[]", "{}", '""') for each in found)


def _exactly_one(rule: BaseModel, *names: str) -> None:
    given = [name for name in names if getattr(rule, name) is not None]
    if len(given) != 1:
        raise ValueError(f"expected one of {', '.join(names)}; found {', '.join(given) or 'none'}")

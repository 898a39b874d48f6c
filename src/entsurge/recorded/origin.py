"""Where a value that a request sends was first seen: in a field, a meta tag, a link, a JSON answer, a header, a cookie.

A rule is kept only if the driver's own reader finds the value by it in the answer that was recorded. Nothing of the
answer but names stands in a rule.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from entsurge.client.response import Headers, Response
from entsurge.drivers.extraction import Extract
from entsurge.recorded.rules import around, in_controls, in_json, in_page
from entsurge.recorded.sensitive import harmless_name
from entsurge.recorded.step import same
from entsurge.signs import ParsedAnswer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from entsurge.recorded.rules import Rule, Sought
    from entsurge.recorded.step import Step

NOTHING: frozenset[str] = frozenset()
NOT_HEADERS = frozenset({"location", "set-cookie", "date", "content-length", "etag", "last-modified"})
_BREAK = re.compile(r"[?&#]")
_RUN = re.compile(r"[A-Za-z]+|[0-9]+")


@dataclass(frozen=True, slots=True)
class Origin:
    """The step that showed a value first, and the rule that finds it there; `cookie` for a cookie's value."""

    step: int
    rule: Rule
    cookie: str = ""


class Origins:
    """Traces values to the answers of a visit's steps."""

    def __init__(self, steps: list[Step]) -> None:
        self.steps = steps
        self._told = [index for index, step in enumerate(steps) if not step.is_asset]  # whose answers count
        self._cookies = _first_seen(((each, steps[each].cookies) for each in self._told), NOTHING)
        self._headers = _first_seen(((each, steps[each].answer_headers) for each in self._told), NOT_HEADERS)
        self._texts: dict[tuple[int, str], list[str]] = {}
        self._parsed: dict[int, ParsedAnswer] = {}
        self._json: dict[int, dict[str, dict[str, None]]] = {}
        self._holding: dict[str, list[int]] = {}  # by run of letters or digits: the steps whose answers hold it
        self._controls: dict[tuple[str, str], list[int]] = {}  # by a control's name and value
        self._pieces: dict[str, set[str]] = {}  # by a piece of a query: the pages with a link that has it
        for index in self._told:
            for control in steps[index].facts.controls:
                if control.name and control.value:
                    self._controls.setdefault((control.name, control.value), []).append(index)
            for run in set(_RUN.findall(steps[index].body)):
                self._holding.setdefault(run, []).append(index)

    def of(self, value: str, sought: Sought, first: int, before: int) -> Origin | None:
        """The first step, from `first` to before this one, by whose answer the value can be found again.

        Numbers count only in fields, links and JSON; what a browser fetches for a page's looks does not count.
        """
        number = value.isdigit()
        cookies = {} if number else dict(reversed(self._cookies.get(value, [])))
        headers = {} if number else dict(reversed(self._headers.get(value, [])))
        ways = _ways(value)
        for index in sorted({*self._likely(value), *cookies, *headers}):
            if not first <= index < before:
                continue
            if index in cookies:
                return Origin(index, {}, cookies[index])
            if any(way in self.steps[index].body for way in ways):
                rule = self._rule(value, sought, index)
            else:
                rule = self._proven({"header": headers[index]}, value, index) if index in headers else None
            if rule is not None:
                return Origin(index, rule)
        sent = "" if number or before >= len(self.steps) else self._named(value, self.steps[before].sent_cookies)
        return Origin(before, {}, sent) if sent else None

    def of_control(self, value: str, name: str, first: int, before: int) -> Origin | None:
        """The last page before this step in whose form the field stood with this value: what was there to be sent."""
        for index in reversed(self._controls.get((name, value), [])):
            if first <= index < before:
                rules = in_controls(value, self.steps[index], name)
                rule = next((found for each in rules if (found := self._proven(each, value, index))), None)
                return Origin(index, rule) if rule is not None else None
        return None

    def on_pages(self, ending: str) -> int:
        """On how many pages a link has this piece of a query."""
        if not self._pieces:
            for index in self._told:
                links = {piece for _, link in self.steps[index].facts.links for piece in _BREAK.split(link)[1:]}
                for piece in links:
                    self._pieces.setdefault(piece, set()).add(same(self.steps[index].landed))
        return len(self._pieces.get(ending, ()))

    def _likely(self, value: str) -> list[int]:
        """The steps whose answer may hold a value: every run of letters or digits in it stands there by itself."""
        runs = _RUN.findall(value)
        return min((self._holding.get(run, []) for run in runs), key=len) if runs else self._told

    @staticmethod
    def _named(value: str, cookies: dict[str, str]) -> str:
        return next((key for key, given in cookies.items() if given == value and harmless_name(key)), "")

    # -- rules -----------------------------------------------------------------------------------------------------

    def _rule(self, value: str, sought: Sought, index: int) -> Rule | None:
        """The first rule by which the answer really gives the value."""
        step = self.steps[index]
        if step.kind.endswith("json"):
            ways = self._in_json(value, index)
        elif step.is_page:
            ways = in_page(value, sought, step)
        else:
            ways = iter(()) if value.isdigit() else around(value, step.body)
        return next((found for rule in ways if (found := self._proven(rule, value, index))), None)

    def _proven(self, rule: Rule, value: str, index: int) -> Rule | None:
        """The rule, with which of several is taken; None where it does not give the value."""
        found = self._found(rule, index)
        if not found or value not in found:
            return None
        if rule.get("pick") == "random" or found[0] == value:
            return rule
        return {**rule, "pick": "last"} if found[-1] == value and "json_path" not in rule else _of_several(rule)

    def _found(self, rule: Rule, index: int) -> list[str]:
        """Everything that the driver's reader finds by a rule in an answer."""
        key = index, json.dumps(rule)
        if key not in self._texts:
            try:
                self._texts[key] = Extract.model_validate(rule).texts(self.answer(index))
            except ValueError:
                self._texts[key] = []
        return self._texts[key]

    def answer(self, index: int) -> ParsedAnswer:
        """The recorded answer as the driver would have it."""
        if index not in self._parsed:
            step = self.steps[index]
            kind = f"{step.kind or 'text/html'}; charset=utf-8".encode("ascii", "replace")
            others = [(name, value) for name, value in step.answer_headers.items() if name != "content-type"]
            fields = [(b"content-type", kind)]
            fields += [(name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in others
                       if name != "content-encoding"]  # fmt: skip
            body = step.body.encode("utf-8", "replace")
            self._parsed[index] = ParsedAnswer(Response("GET", step.landed, step.status, Headers(fields), body))
        return self._parsed[index]

    def _in_json(self, value: str, index: int) -> Iterator[Rule]:
        if index not in self._json:
            self._json[index] = in_json(self.steps[index].body)
        yield from ({"json_path": path} for path in self._json[index].get(value, ()))


def _ways(value: str) -> set[str]:
    """A value as it may stand in an answer: as it is, or escaped."""
    escaped = json.dumps(value)[1:-1]
    return {value, html.escape(value), escaped, escaped.replace("/", "\\/")}


def _first_seen(
    found: Iterable[tuple[int, dict[str, str]]], without: frozenset[str]
) -> dict[str, list[tuple[int, str]]]:
    """By value: where it stands, and under which name."""
    seen: dict[str, list[tuple[int, str]]] = {}
    for index, given in found:
        for name, value in given.items():
            if name not in without and harmless_name(name):
                seen.setdefault(value, []).append((index, name))
    return seen


def _of_several(rule: Rule) -> Rule | None:
    """A member of a list: whoever recorded chose one of those shown. Of fields of one name none is like another."""
    return {**rule, "pick": "random"} if "json_path" in rule else None

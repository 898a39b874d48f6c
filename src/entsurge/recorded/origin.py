"""Where a value that a request sends was first seen: in a field, a meta tag, a link, a JSON answer, a header, a cookie.

A rule is kept only if the driver's own reader finds the value by it in the answer that was recorded. Nothing of the
answer but names stands in a rule.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from entsurge.client.response import Headers, Response
from entsurge.drivers.extraction import Extract
from entsurge.recorded import json_text
from entsurge.recorded.sensitive import by_look, harmless_name
from entsurge.signs import ParsedAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from entsurge.recorded.step import Step

Rule = dict[str, str]
DEEPEST = 12
AROUND = 80  # characters before a value in which its name may stand
PAGING = re.compile(r"page|size|limit|offset|count|start", re.IGNORECASE)
CHOSEN = frozenset({"option", "radio", "checkbox", "submit", ""})  # what a person has picked one of
NOT_HEADERS = frozenset({"location", "set-cookie", "date", "content-length", "etag", "last-modified"})
_NAMED = re.compile(r"""[A-Za-z_$][\w$-]{1,60}["']?\s{0,3}[:=(]\s{0,3}(?:["'`]|&quot;)?$""")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z_]*\d?")
_NAME = re.compile(r"[\w.:\[\]-]+")


@dataclass(frozen=True, slots=True)
class Origin:
    """The step that showed a value first, and the rule that finds it there; `cookie` for a cookie's value."""

    step: int
    rule: Rule
    cookie: str = ""


@dataclass(frozen=True, slots=True)
class Sought:
    """Where a request sends a value: in its path, its query, its body, a header.

    `before` is what may stand before the value in a link, the most telling first.
    """

    where: str
    name: str = ""
    before: tuple[str, ...] = ()


class Origins:
    """Traces values to the answers of a visit's steps."""

    def __init__(self, steps: list[Step]) -> None:
        self.steps = steps
        self._holding: dict[str, list[int]] = {}
        self._parsed: dict[int, ParsedAnswer] = {}
        self._json: dict[int, Any] = {}

    def of(self, value: str, sought: Sought, first: int, before: int) -> Origin | None:
        """The first step, from `first` to before this one, by whose answer the value can be found again.

        Numbers count only in fields, links and JSON; what a browser fetches for a page's looks does not count.
        """
        number = value.isdigit()
        for index in range(first, before):
            step = self.steps[index]
            cookie = "" if number else self._cookie(value, step)
            if cookie:
                return Origin(index, {}, cookie)
            if index in self._holders(value):
                rule = self._rule(value, sought, index)
            else:
                rule = None if number else self._in_headers(value, index)
            if rule is not None:
                return Origin(index, rule)
        sent = "" if number or before >= len(self.steps) else self._named(value, self.steps[before].sent_cookies)
        return Origin(before, {}, sent) if sent else None

    def shown(self, value: str, first: int, before: int) -> bool:
        """Whether an earlier answer held the value, found again or not."""
        return any(
            first <= index < before for index in self._holders(value)
        ) or any(self._cookie(value, step) for step in self.steps[first:before])  # fmt: skip

    def _cookie(self, value: str, step: Step) -> str:
        return self._named(value, step.cookies)

    @staticmethod
    def _named(value: str, cookies: dict[str, str]) -> str:
        return next((key for key, given in cookies.items() if given == value and harmless_name(key)), "")

    def _holders(self, value: str) -> list[int]:
        """The steps in whose answer the value stands, as it is or escaped."""
        found = self._holding.get(value)
        if found is None:
            escaped = json.dumps(value)[1:-1]
            ways = {value, html.escape(value), escaped, escaped.replace("/", "\\/")}
            found = self._holding[value] = [
                index for index, step in enumerate(self.steps)
                if not step.is_asset and any(way in step.body for way in ways)
            ]  # fmt: skip
        return found

    # -- rules -----------------------------------------------------------------------------------------------------

    def _rule(self, value: str, sought: Sought, index: int) -> Rule | None:
        """The first rule by which the answer really gives the value."""
        step = self.steps[index]
        if step.kind.endswith("json"):
            ways = self._in_json(value, index)
        elif step.is_page:
            ways = self._in_page(value, sought, step)
        else:
            ways = iter(()) if value.isdigit() else _around(value, step.body)
        return next((found for rule in ways if (found := self._proven(rule, value, index))), None)

    def _proven(self, rule: Rule, value: str, index: int) -> Rule | None:
        """The rule, with which of several is taken; None where it does not give the value."""
        try:
            found = Extract.model_validate(rule).texts(self._answer(index))
        except ValueError:
            return None
        if not found or value not in found:
            return None
        if rule.get("pick") == "random" or found[0] == value:
            return rule
        return {**rule, "pick": "last"} if found[-1] == value and "json_path" not in rule else _of_several(rule)

    def _answer(self, index: int) -> ParsedAnswer:
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

    def _in_headers(self, value: str, index: int) -> Rule | None:
        given = self.steps[index].answer_headers.items()
        names = (name for name, said in given if said == value and name not in NOT_HEADERS and harmless_name(name))
        return next((found for name in names if (found := self._proven({"header": name}, value, index))), None)

    def _in_json(self, value: str, index: int) -> Iterator[Rule]:
        if index not in self._json:
            try:
                self._json[index] = json_text.read(self.steps[index].body)
            except ValueError:
                self._json[index] = None
        yield from ({"json_path": path} for path in _paths(self._json[index], value, "$", 0))

    @staticmethod
    def _in_page(value: str, sought: Sought, step: Step) -> Iterator[Rule]:
        """Of numbers in an address only links: where no link has one, it is meant as it is."""
        if sought.where in ("path", "query"):
            yield from _in_links(value, sought, step)
            if value.isdigit():
                return
        for each in step.facts.controls:
            if each.value == value and _NAME.fullmatch(each.name) and harmless_name(each.name):
                tag = (
                    f'select[name="{each.name}"] option' if each.tag == "option" else f'{each.tag}[name="{each.name}"]'
                )
                rule = {"css": tag, "attribute": "content" if each.tag == "meta" else "value"}
                yield {**rule, "pick": "random"} if each.tag == "option" or each.kind in ("radio", "checkbox") else rule
        if not value.isdigit():
            yield from _around(value, step.body)


def _of_several(rule: Rule) -> Rule | None:
    """A member of a list: whoever recorded chose one of those shown. Of fields of one name none is like another."""
    return {**rule, "pick": "random"} if "json_path" in rule else None


def _paths(node: Any, value: str, path: str, depth: int) -> Iterator[str]:
    """JSON paths of the places that hold the value; a list's place stands for any of its members."""
    if depth > DEEPEST:
        return
    if isinstance(node, dict):
        for key, each in node.items():
            step = f".{key}" if _PLAIN_KEY.fullmatch(key) and not by_look(key) else "[*]"
            yield from _paths(each, value, path + step, depth + 1)
    elif isinstance(node, list):
        for each in node:
            yield from _paths(each, value, f"{path}[*]", depth + 1)
    elif isinstance(node, str) and node == value:
        yield path


def _in_links(value: str, sought: Sought, step: Step) -> Iterator[Rule]:
    """A value in a link, by what stands before it: `issue12`, `?id=12`, `/messages/12`."""
    if sought.where == "query" and PAGING.search(sought.name):
        return
    kind = r"\d+" if value.isdigit() else r"""[^"'/?&#<>\s]+"""
    for before in sought.before:
        if not before or by_look(before):
            continue
        ends = re.compile(
            rf"(?<![\w%]){re.escape(before)}{re.escape(value)}" + (r"(?!\d)" if value.isdigit() else r"(?![^/?&#])")
        )
        for attribute in dict.fromkeys(name for name, link in step.facts.links if ends.search(link)):
            rule = {"regex": rf"""{attribute}=["'](?:[^"']*[^\w%"'])?{re.escape(before)}({kind})"""}
            yield {**rule, "pick": "random"}  # whoever recorded chose one of those shown


def _around(value: str, text: str) -> Iterator[Rule]:
    """An expression by the name that stands before the value, `"sesskey":"`, and by what ends it."""
    at = text.find(value)
    if at < 0:
        return
    named = _NAMED.search(text[max(0, at - AROUND) : at])
    after = text[at + len(value) : at + len(value) + 1]
    if named is None or by_look(named[0]) or after.isalnum():
        return
    stop = re.escape(after) if after else ""
    inside = f"[^{stop}]+" if stop and after != "\n" else r"\S+"
    yield {"regex": f"{re.escape(named[0])}({inside})"}

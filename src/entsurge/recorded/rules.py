"""The rules by which a value is found in an answer again: in a control of a page, a link, a script, JSON."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from entsurge.recorded import json_text
from entsurge.recorded.sensitive import by_look, harmless_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from entsurge.recorded.step import Step

Rule = dict[str, str]
DEEPEST = 12
AROUND = 80  # characters before a value in which its name may stand
PAGING = re.compile(r"page|size|limit|offset|count|start", re.IGNORECASE)
PICKED = frozenset({"radio", "checkbox"})  # what a person has picked one of
_NAMED = re.compile(r"""[A-Za-z_$][\w$-]{1,60}["']?\s{0,3}[:=(]\s{0,3}(?:["'`]|&quot;)?$""")
_PLAIN_KEY = re.compile(r"[A-Za-z_]+\d?")
_NAME = re.compile(r"[\w.:\[\]-]+")


@dataclass(frozen=True, slots=True)
class Sought:
    """Where a request sends a value: in its path, its query (`entrance`: of a page for anybody), its body, a header.

    `before` is what may stand before the value in a link, the most telling first.
    """

    where: str
    name: str = ""
    before: tuple[str, ...] = ()


def in_page(value: str, sought: Sought, step: Step) -> Iterator[Rule]:
    """Of numbers in an address only links: where no link has one, it is meant as it is."""
    if sought.where in ("path", "query"):
        yield from _in_links(value, sought, step)
        if value.isdigit():
            return
    yield from in_controls(value, step)
    if not value.isdigit():
        yield from around(value, step.body)


def in_controls(value: str, step: Step, named: str = "") -> Iterator[Rule]:
    """A value in a control of a page, of whatever name or of this one; of several to pick from, one of them."""
    for each in step.facts.controls:
        if each.value != value or named not in ("", each.name) or not _NAME.fullmatch(each.name):
            continue
        if harmless_name(each.name):
            option = f'select[name="{each.name}"] option:not([value=""])'
            css = option if each.tag == "option" else f'{each.tag}[name="{each.name}"]'
            rule = {"css": css, "attribute": "content" if each.tag == "meta" else "value"}
            yield {**rule, "pick": "random"} if each.tag == "option" or each.kind in PICKED else rule


def in_json(body: str) -> dict[str, dict[str, None]]:
    """By value: the JSON paths that lead to it; a list's place stands for any of its members."""
    found: dict[str, dict[str, None]] = {}
    try:
        _walk(json_text.read(body), "$", 0, found)
    except ValueError:
        return {}
    return found


def _walk(node: Any, path: str, depth: int, found: dict[str, dict[str, None]]) -> None:
    if isinstance(node, str):
        found.setdefault(str(node), {})[path] = None
    elif depth < DEEPEST:
        for key, each in node.items() if isinstance(node, dict) else ():
            _walk(each, path + _step(key), depth + 1, found)
        for each in node if isinstance(node, list) else ():
            _walk(each, f"{path}[*]", depth + 1, found)


@lru_cache(maxsize=4096)
def _step(key: str) -> str:
    """The part of a path that a name is; any name in place of one that may be somebody's."""
    return f".{key}" if _PLAIN_KEY.fullmatch(key) and not by_look(key) else "[*]"


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


def around(value: str, text: str) -> Iterator[Rule]:
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

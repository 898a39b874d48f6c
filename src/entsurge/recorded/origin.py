"""Where a value that a request sends was first seen: in a field, a meta tag, a link, a JSON answer, a header."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lxml import etree
from lxml import html as pages

if TYPE_CHECKING:
    from entsurge.recorded.har import Step

SHORTEST, SURELY = 6, 16
DEEPEST = 12
AROUND = 24
PAGING = re.compile(r"page|size|limit|offset|count|start", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Origin:
    """The step that showed a value first, and the rule that finds it there; `cookie` for a cookie's value."""

    step: int
    rule: dict[str, str]
    cookie: str = ""


@dataclass(frozen=True, slots=True)
class Sought:
    """Where a request sends a value: in its path, its query, its body, a header.

    `before` is what may stand before the value in a link, the most telling first.
    """

    where: str
    name: str = ""
    before: tuple[str, ...] = ()


def worth_looking(value: str) -> bool:
    """Whether a value may be a token or a number that the server gave: no word, no sentence."""
    if any(letter.isspace() for letter in value) or len(value) > 4096:
        return False
    if value.isdigit():
        return value not in ("0", "1")
    if any(letter.isdigit() for letter in value):
        return len(value) >= SHORTEST
    return len(value) >= SURELY and not value.islower() and not value.isupper()


def origin(value: str, sought: Sought, steps: list[Step], first: int, before: int) -> Origin | None:
    """The first step, from `first` to before this one, whose answer held the value.

    Numbers count only in fields, links and JSON; what a browser fetches for a page's looks does not count.
    """
    for index in range(first, before):
        step = steps[index]
        if step.is_asset:
            continue
        cookie = next((key for key, given in step.cookies.items() if given == value), "")
        if cookie and not value.isdigit():
            return Origin(index, {}, cookie)
        if value not in step.body and html.escape(value) not in step.body:
            header = next((key for key, given in step.answer_headers.items() if given == value), "")
            if header and header != "location" and not value.isdigit():
                return Origin(index, {"header": header})
            continue
        rule = _rule(value, sought, step)
        if rule is not None:
            return Origin(index, rule)
    return None


def _rule(value: str, sought: Sought, step: Step) -> dict[str, str] | None:
    if step.kind.endswith("json"):
        return _in_json(value, step)
    if step.kind.startswith(("text/html", "application/xhtml")):
        return _in_page(value, sought, step)
    return None if value.isdigit() else _around(value, step.body)


def _in_json(value: str, step: Step) -> dict[str, str] | None:
    try:
        whole = json.loads(step.body)
    except (ValueError, RecursionError):
        return None
    path = _path(whole, value, "$", 0)
    return {"json_path": path} if path else None


def _path(node: Any, value: str, path: str, depth: int) -> str:
    """The JSON path of the first place that holds the value; a list's place stands for any of its members."""
    if depth > DEEPEST:
        return ""
    if isinstance(node, dict):
        for key, each in node.items():
            step = f".{key}" if re.fullmatch(r"[A-Za-z_]\w*", key) else f"[{json.dumps(key)}]"
            found = _path(each, value, path + step, depth + 1)
            if found:
                return found
    elif isinstance(node, list):
        return next((found for each in node if (found := _path(each, value, f"{path}[*]", depth + 1))), "")
    elif not isinstance(node, bool) and node is not None and str(node) == value:
        return path
    return ""


def _in_page(value: str, sought: Sought, step: Step) -> dict[str, str] | None:
    try:
        tree = pages.document_fromstring(step.body.encode())
    except (etree.LxmlError, ValueError):
        return None
    if value.isdigit() and sought.where != "body":  # in an address a number is followed from a link, or meant as it is
        return _in_links(value, sought, tree)
    for element in tree.iter("input", "meta", "button", "option"):
        attribute = "content" if element.tag == "meta" else "value"
        called = element.get("name")
        if element.get(attribute) == value and called:
            return {"css": f"{element.tag}[name={json.dumps(called)}]", "attribute": attribute}
    return None if value.isdigit() else _around(value, step.body)


def _in_links(value: str, sought: Sought, tree: Any) -> dict[str, str] | None:
    """A number in a link, by what stands before it: `issue12`, `?id=12`, `/messages/12`."""
    if sought.where == "query" and PAGING.search(sought.name):
        return None
    for before in sought.before:
        seen = re.compile(rf"(?<![\w%]){re.escape(before)}{value}(?!\d)")
        for element in tree.iter("a", "form", "link"):
            attribute = "href" if element.get("href") else "action"
            if seen.search(element.get(attribute) or ""):
                rule = {"regex": rf"""{attribute}=["'](?:[^"']*[^\w%"'])?{re.escape(before)}(\d+)"""}
                return {**rule, "pick": "random"}  # whoever recorded chose one of those shown
    return None


def _around(value: str, text: str) -> dict[str, str] | None:
    """An expression by what stands on either side of the value."""
    at = text.find(value)
    if at < 0:
        return None
    before = text[max(0, at - AROUND) : at].rsplit("\n", 1)[-1]
    after = text[at + len(value) : at + len(value) + 1]
    if len(before.strip()) < 3 or after.isalnum():
        return None
    stop = re.escape(after) if after else ""
    inside = f"[^{stop}]+" if stop and after != "\n" else r"\S+"
    return {"regex": f"{re.escape(before)}({inside})"}

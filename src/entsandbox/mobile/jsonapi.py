"""JSON:API 1.0 documents: resources, what is included with them, sparse fieldsets, pages, errors.

A relationship given as a function is read only when a request includes it, so that a list without includes costs no
more than its own rows; one given as a resource is referred to in any case. A relationship that is included stays in
its resource even where a sparse fieldset leaves it out: the mobile app asks for `fields[homework]=title` and
`include=subject` together.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from starlette.datastructures import QueryParams

MEDIA_TYPE = "application/vnd.api+json"
MOST_ON_A_PAGE = 100
_FIELDS = re.compile(r"fields\[([A-Za-z]+)\]")
_STATUS_TITLES = {
    400: "BAD_REQUEST", 401: "UNAUTHORIZED", 403: "FORBIDDEN", 404: "NOT_FOUND", 409: "CONFLICT",
    415: "UNSUPPORTED_MEDIA_TYPE", 429: "TOO_MANY_REQUESTS", 503: "SERVICE_UNAVAILABLE",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource; a relationship is a resource, several, none, or a function that finds them."""

    type: str
    id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    relationships: Mapping[str, Related | Callable[[], Related]] = field(default_factory=dict)

    @property
    def identity(self) -> dict[str, str]:
        """What refers to it."""
        return {"type": self.type, "id": self.id}


Related = Resource | list[Resource] | None


class Refused(Exception):  # the answer is an error document, whatever the cause
    """A request that is answered with a JSON:API error."""

    def __init__(self, status: int, detail: str, *, title: str = "", source: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.title = title or _STATUS_TITLES.get(status, "ERROR")
        self.source = source


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for."""

    limit: int = 20
    offset: int = 0

    def of(self, whole: Sequence[Any]) -> list[Any]:
        """That part of a list."""
        return list(whole[self.offset : self.offset + self.limit])


@dataclass(frozen=True, slots=True)
class Query:
    """What the address of a request asks for: paths to include, fields by type, a page, filters."""

    include: frozenset[str]
    fields: Mapping[str, frozenset[str]]
    page: Page
    parameters: Mapping[str, str]

    def filter(self, name: str) -> str:
        """The value of `filter[name]`, or nothing; `date][GE` reads `filter[date][GE]`."""
        return self.parameters.get(f"filter[{name}]", "")


def read_query(parameters: QueryParams, includable: frozenset[str]) -> Query:
    """What an address asks for; `includable` are the paths there are. Raises Refused, all faults of a kind at once."""
    asked = [*parameters.getlist("include"), *parameters.getlist("include[]")]
    paths = frozenset(path for one in asked for path in one.split(",") if path)
    unknown = sorted(paths - includable)
    if unknown:
        raise Refused(400, f"cannot include {', '.join(unknown)}", source={"parameter": "include"})
    fields = {
        match[1]: frozenset(filter(None, value.split(",")))
        for name, value in parameters.items()
        if (match := _FIELDS.fullmatch(name))
    }
    page = Page(
        limit=_whole(parameters, "page[limit]", Page().limit, 1, MOST_ON_A_PAGE),
        offset=_whole(parameters, "page[offset]", Page().offset, 0, 1_000_000),
    )
    return Query(_with_parents(paths), fields, page, dict(parameters))


def document(
    data: Resource | list[Resource],
    include: frozenset[str] = frozenset(),
    fields: Mapping[str, frozenset[str]] | None = None,
    meta: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The document of a resource or a list, each included resource in it once."""
    writing = _Writing(include, fields or {})
    primary = data if isinstance(data, list) else [data]
    for resource in primary:
        writing.place(resource, "")
    written = [writing.done[resource.type, resource.id] for resource in primary]
    first = {(resource.type, resource.id) for resource in primary}
    made: dict[str, Any] = {"data": written if isinstance(data, list) else written[0]}
    if include:
        made["included"] = [each for key, each in writing.done.items() if key not in first]
    return made | ({"meta": dict(meta)} if meta else {})


def answer(document: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A document as an answer."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    kept = {"cache-control": "private, no-store", **(headers or {})}
    return Response(body, status, kept, media_type=MEDIA_TYPE)


def refusal(refused: Refused, headers: Mapping[str, str] | None = None) -> Response:
    """An error document as an answer."""
    error: dict[str, Any] = {"status": str(refused.status), "title": refused.title, "detail": refused.detail}
    if refused.source:
        error["source"] = dict(refused.source)
    return answer({"errors": [error]}, refused.status, headers)


class _Writing:
    """One document in the making: every resource is written once, whatever leads to it."""

    def __init__(self, include: frozenset[str], fields: Mapping[str, frozenset[str]]) -> None:
        self._fields = fields
        self._next: dict[str, list[str]] = {}
        for path in include:
            before, _, last = path.rpartition(".")
            self._next.setdefault(before, []).append(last)
        self.done: dict[tuple[str, str], dict[str, Any]] = {}

    def place(self, resource: Resource, path: str) -> None:
        """Write a resource found at a path, then what is included with it."""
        key = (resource.type, resource.id)
        written = self.done.get(key)
        if written is None:
            written = self.done[key] = {**resource.identity, "attributes": self._attributes(resource)}
            self._refer(resource, written)
        for name in self._next.get(path, ()):
            if name not in resource.relationships:
                continue
            links = written.setdefault("relationships", {})
            found = resource.relationships[name]
            related = found() if callable(found) else found
            links[name] = {"data": _linkage(related)}
            deeper = f"{path}.{name}" if path else name
            for each in _several(related):
                self.place(each, deeper)

    def _refer(self, resource: Resource, written: dict[str, Any]) -> None:
        """Name the one resource that each known relationship leads to, without including it."""
        kept = self._fields.get(resource.type)
        for name, found in resource.relationships.items():
            if isinstance(found, Resource) and (kept is None or name in kept):
                written.setdefault("relationships", {})[name] = {"data": found.identity}

    def _attributes(self, resource: Resource) -> dict[str, Any]:
        kept = self._fields.get(resource.type)
        if kept is None:
            return dict(resource.attributes)
        return {name: value for name, value in resource.attributes.items() if name in kept}


def _several(related: Related) -> Iterable[Resource]:
    if related is None:
        return ()
    return related if isinstance(related, list) else (related,)


def _linkage(related: Related) -> Any:
    if isinstance(related, list):
        return [each.identity for each in related]
    return related.identity if related is not None else None


def _with_parents(paths: frozenset[str]) -> frozenset[str]:
    """Every path and what lies on the way to it: `a.b` includes `a`."""
    parts = (path.split(".") for path in paths)
    return frozenset(".".join(each[: n + 1]) for each in parts for n in range(len(each)))


def _whole(parameters: QueryParams, name: str, default: int, least: int, most: int) -> int:
    """A whole number of the address within its bounds; above them, the bound."""
    text = parameters.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit()) or int(text[:9]) < least:
        raise Refused(400, f"{name} is {text[:40]!r}, not a whole number from {least}", source={"parameter": name})
    return min(int(text) if len(text) < 9 else most, most)

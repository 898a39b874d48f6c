"""Reads a HAR file: the requests of a recorded visit, redirects joined, third parties dropped. Garbage-proof."""

from __future__ import annotations

import base64
import binascii
import json
from collections import Counter
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from entsurge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

LARGEST_BYTES = 512 * 1024 * 1024
ASSETS = ("text/css", "image/", "font/", "application/font", "text/javascript", "application/javascript",
          "application/x-javascript", "audio/", "video/", "application/wasm", "application/manifest")  # fmt: skip
REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(slots=True)
class Step:
    """One request and the answer at which its redirects ended. Headers by their name in lower case."""

    method: str
    url: str
    status: int
    kind: str
    body: str
    headers: dict[str, str]
    sent: str = ""
    sent_kind: str = ""
    form: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    answer_headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    resource: str = ""

    @property
    def path(self) -> str:
        """The address without its host."""
        parts = urlsplit(self.url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    @property
    def is_asset(self) -> bool:
        """Whether a browser fetches it by itself, for a page's looks."""
        if self.resource in ("stylesheet", "image", "font", "script", "media", "manifest"):
            return True
        return not self.resource and self.method == "GET" and self.kind.startswith(ASSETS)

    @property
    def is_document(self) -> bool:
        """Whether it is a page that a person opened."""
        if self.resource:
            return self.resource == "document"
        return self.kind.startswith(("text/html", "application/xhtml")) and "x-requested-with" not in self.headers


@dataclass(frozen=True)
class Visit:
    """A recorded visit: its steps in order, the hosts that were kept, and how much was dropped from which others."""

    steps: list[Step]
    hosts: list[str]
    dropped: Counter[str]


def read(path: Path, hosts: Iterable[str] = ()) -> Visit:
    """The visit in a HAR file; only requests to these hosts (none given: that of the first page).

    Raises UsageError for what is no HAR, or holds nothing of these hosts.
    """
    entries = [step for entry in _entries(path) if (step := _step(entry)) is not None]
    if not entries:
        raise UsageError(f"{path}: no request in it that brought an answer")
    kept = [host.lower() for host in hosts]
    if not kept:
        first = next((step for step in entries if step.is_document), entries[0])
        kept = [_host(first.url)]
    dropped = Counter(_host(step.url) for step in entries if _host(step.url) not in kept)
    ours = [step for step in entries if _host(step.url) in kept]
    if not ours:
        seen = ", ".join(host for host, _ in dropped.most_common(8))
        raise UsageError(f"{path}: nothing of {', '.join(kept)}", hint=f"hosts in it: {seen}")
    return Visit(list(_joined(ours)), kept, dropped)


def _entries(path: Path) -> list[dict[str, Any]]:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise UsageError(f"{path}: larger than {LARGEST_BYTES // 1024**2} MiB; record a shorter visit")
        whole = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise UsageError(f"{path}: not a HAR file; expected JSON") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    log = whole.get("log") if isinstance(whole, dict) else None
    entries = log.get("entries") if isinstance(log, dict) else None
    if not isinstance(entries, list):
        raise UsageError(f"{path}: log.entries: missing; expected a HAR file")
    found = [each for each in entries if isinstance(each, dict)]
    return sorted(found, key=lambda each: str(each.get("startedDateTime", "")))


def _step(entry: dict[str, Any]) -> Step | None:
    """An entry as a step; None for what was no request over HTTP, or brought no answer."""
    asked, answer = _table(entry, "request"), _table(entry, "response")
    url, method, status = asked.get("url"), asked.get("method"), answer.get("status")
    if not isinstance(url, str) or not isinstance(method, str) or not isinstance(status, int) or status < 200:
        return None
    try:
        if urlsplit(url).scheme not in ("http", "https") or not _host(url):
            return None
    except ValueError:
        return None
    content, posted = _table(answer, "content"), _table(asked, "postData")
    sent, sent_kind = str(posted.get("text") or ""), str(posted.get("mimeType") or "").lower()
    form, files = _form(posted, sent, sent_kind)
    return Step(
        method=method.upper(), url=url.split("#", 1)[0], status=status,
        kind=str(content.get("mimeType") or "").lower().split(";")[0].strip(), body=_text(content),
        headers=_headers(asked), sent=sent, sent_kind=sent_kind, form=form, files=files,
        answer_headers=_headers(answer), cookies=_cookies(answer),
        resource=str(entry.get("_resourceType") or "").lower(),
    )  # fmt: skip


def _joined(steps: list[Step]) -> Iterator[Step]:
    """Steps with the redirects that follow them taken in: a driver follows them by itself."""
    waiting: dict[str, Step] = {}
    kept: list[Step] = []
    for step in steps:
        first = waiting.pop(step.url, None) if step.method == "GET" else None
        if first is not None:
            first.status, first.kind, first.body = step.status, step.kind, step.body
            first.cookies |= step.cookies
            location = step.answer_headers.get("location", "")
            first.answer_headers = step.answer_headers
        else:
            first, location = step, step.answer_headers.get("location", "")
            kept.append(step)
        if step.status in REDIRECTS and location:
            waiting[urljoin(step.url, location).split("#", 1)[0]] = first
    yield from kept


def _table(of: dict[str, Any], name: str) -> dict[str, Any]:
    found = of.get(name)
    return found if isinstance(found, dict) else {}


def _pairs(of: dict[str, Any], name: str) -> Iterator[tuple[str, str]]:
    """Name and value of a HAR list, whatever else is in it."""
    found = of.get(name)
    for each in found if isinstance(found, list) else ():
        if isinstance(each, dict) and isinstance(each.get("name"), str):
            yield each["name"], str(each.get("value") or "")


def _headers(of: dict[str, Any]) -> dict[str, str]:
    return {name.lower(): value for name, value in _pairs(of, "headers")}


def _cookies(answer: dict[str, Any]) -> dict[str, str]:
    found = dict(_pairs(answer, "cookies"))
    for name, value in _pairs(answer, "headers"):
        if name.lower() == "set-cookie":
            for line in value.split("\n"):
                key, _, rest = line.partition("=")
                found[key.strip()] = rest.partition(";")[0].strip()
    return found


def _form(posted: dict[str, Any], sent: str, kind: str) -> tuple[dict[str, str], list[str]]:
    given = posted.get("params")
    files = [
        each["name"] for each in (given if isinstance(given, list) else ())
        if isinstance(each, dict) and isinstance(each.get("name"), str) and each.get("fileName")
    ]  # fmt: skip
    fields = {name: value for name, value in _pairs(posted, "params") if name not in files}
    if not fields and kind.startswith("application/x-www-form-urlencoded"):
        fields = dict(parse_qsl(sent, keep_blank_values=True))
    if not fields and not files and kind.startswith("multipart/form-data"):
        return _multipart(sent, str(posted.get("mimeType")))
    return fields, files


def _multipart(sent: str, kind: str) -> tuple[dict[str, str], list[str]]:
    """Fields and files of a multipart form that a browser kept as text."""
    head = f"Content-Type: {kind}\r\n\r\n"
    message = BytesParser(policy=HTTP).parsebytes((head + sent).encode("utf-8", "replace"))
    fields: dict[str, str] = {}
    files: list[str] = []
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        if not isinstance(name, str):
            continue
        if part.get_filename() is not None:
            files.append(name)
        else:
            content = part.get_payload(decode=True)
            fields[name] = content.decode("utf-8", "replace") if isinstance(content, bytes) else ""
    return fields, files


def _text(content: dict[str, Any]) -> str:
    text = content.get("text")
    if not isinstance(text, str):
        return ""
    if content.get("encoding") != "base64":
        return text
    try:
        return base64.b64decode(text, validate=False).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""

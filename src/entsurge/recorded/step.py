"""One request of a recorded visit and its answer, read out of a HAR's entry whatever else is in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from entsurge.client.charset import text_of
from entsurge.client.failure import ProtocolBroken
from entsurge.client.url import split
from entsurge.recorded.page_facts import PageFacts, page_facts
from entsurge.recorded.posted import Posted, essence, in_base64, posted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ASSETS = ("text/css", "image/", "font/", "application/font", "text/javascript", "application/javascript",
          "application/x-javascript", "audio/", "video/", "application/wasm", "application/manifest")  # fmt: skip
ASSET_ROLES = frozenset({"stylesheet", "style", "image", "font", "script", "media", "audio", "video", "manifest",
                         "track", "texttrack", "worker", "sharedworker", "serviceworker"})  # fmt: skip
FRAMES = frozenset({"iframe", "frame", "embed", "object", "fencedframe"})
BESIDE = frozenset({"ping", "preflight", "csp-violation-report", "cspviolationreport", "signed-exchange", "websocket"})
_ASSET_NAMES = re.compile(
    r"\.(?:css|m?js|png|jpe?g|gif|svg|webp|avif|ico|woff2?|ttf|otf|eot|map|mp[34]|webm|wasm|webmanifest)$",
    re.IGNORECASE,
)
_PARTS = re.compile(r"(https?)://([^/?#\\]*)([^?#]*)(\?[^#]*)?", re.IGNORECASE | re.DOTALL)
LARGEST_BESIDE = 32 * 1024 * 1024  # of a body that a recorder has put into a file of its own


@dataclass(slots=True)
class Step:
    """One request and the answer at which its redirects ended. Headers by their name in lower case.

    `url` is as it was on the wire, without credentials and fragment; `landed` is where the redirects ended.
    """

    method: str
    url: str
    status: int
    kind: str
    body: str
    headers: dict[str, str]
    sent: Posted = field(default_factory=Posted)
    answer_headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    sent_cookies: dict[str, str] = field(default_factory=dict)
    resource: str = ""
    landed: str = ""
    hops: list[str] = field(default_factory=list)
    in_frame: bool = False
    shown_with: str = ""  # the page of the recording that it belongs to, where the recorder says so
    _facts: PageFacts | None = None

    @property
    def role(self) -> str:
        """What the browser wanted it for, as it said itself; empty where it said nothing."""
        return self.headers.get("sec-fetch-dest", "").lower() or self.resource

    @property
    def is_asset(self) -> bool:
        """Whether a browser fetches it by itself, for a page's looks."""
        role = self.resource if self.resource in ASSET_ROLES else self.role
        if role in ASSET_ROLES:
            return True
        if self.method != "GET" or role in ("document", "xhr", "fetch", "empty", "eventsource"):
            return False
        return self.kind.startswith(ASSETS) or (not self.kind and _ASSET_NAMES.search(address(self.url)[2]) is not None)

    @property
    def is_document(self) -> bool:
        """Whether it is a page that a person opened: not one inside another."""
        if self.in_frame or self.role in FRAMES:
            return False
        if self.role:
            return self.role == "document"
        if "x-requested-with" in self.headers:
            return False
        return self.is_page or (not self.kind and self._wanted_as_page)

    @property
    def _wanted_as_page(self) -> bool:
        """Whether a request whose answer says no type was one for a page: a browser says so, or confirmed its own."""
        accept = self.headers.get("accept", "")
        if self.is_asset or self.method != "GET":
            return False
        return accept.startswith("text/html") or (not accept and self.status == 304)

    @property
    def is_page(self) -> bool:
        """Whether the answer is a page."""
        return self.kind.startswith(("text/html", "application/xhtml"))

    @property
    def facts(self) -> PageFacts:
        """What the page holds; nothing for what is no page."""
        if self._facts is None:
            page = self.is_page or (not self.kind and self.body.lstrip()[:1] == "<")
            self._facts = page_facts(self.body) if page else PageFacts()
        return self._facts


def address(url: str) -> tuple[str, str, str, str]:
    """Scheme, host with port (no credentials), path, and query with its question mark, as they stand in a URL."""
    found = _PARTS.match(url)
    if found is None:
        return "", "", "", ""
    return found[1].lower(), found[2].rpartition("@")[2], found[3], found[4] or ""


def host(url: str) -> str:
    """The host of a URL as connections have it: lower case, no brackets, no port; empty for none."""
    try:
        return split(url).origin.host
    except ProtocolBroken:
        return ""


def same(url: str) -> str:
    """A URL as two are compared: as they would go over the wire."""
    try:
        found = split(url)
    except ProtocolBroken:
        return url
    return f"{found.origin.secure}:{found.origin.host}:{found.origin.port}{found.target.decode('ascii')}"


def step(entry: dict[str, Any], folder: Path) -> Step | None:
    """An entry as a step; None for what was no request over HTTP, or brought no answer."""
    asked, answer = _table(entry, "request"), _table(entry, "response")
    url, method, status = asked.get("url"), asked.get("method"), _number(answer.get("status"))
    if not isinstance(url, str) or not isinstance(method, str) or not 200 <= status <= 599 or not host(url):
        return None
    scheme, authority, path, query = address(url)
    content, headers, answered = _table(answer, "content"), _headers(asked), _headers(answer)
    said = content.get("mimeType")
    kind = said if isinstance(said, str) and said else answered.get("content-type", "")
    if "charset" not in kind.lower() and essence(kind) == essence(answered.get("content-type", "")):
        kind = answered.get("content-type", "") or kind
    redirect = answer.get("redirectURL")
    if isinstance(redirect, str) and redirect:
        answered.setdefault("location", redirect)
    whole = f"{scheme}://{authority}{path}{query}"
    resource, page = entry.get("_resourceType"), entry.get("pageref")
    return Step(
        method=method.upper(), url=whole, status=status, kind=essence(kind), body=_body(content, kind, folder),
        headers=headers, sent=posted(asked.get("postData"), headers.get("content-type", "")),
        answer_headers=answered, cookies=_cookies(answer), sent_cookies=_sent_cookies(asked),
        resource=resource.lower() if isinstance(resource, str) else "", landed=whole, hops=[whole],
        shown_with=page if isinstance(page, str) else "",
    )  # fmt: skip


def _number(found: Any) -> int:
    """A status, be it written as a text or as a decimal; 0 for none."""
    if isinstance(found, str) and re.fullmatch(r"[0-9]{3}", found.strip()):
        return int(found)
    if isinstance(found, float):
        return int(found) if found == found // 1 and abs(found) < 1000 else 0
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


def _table(of: dict[str, Any], name: str) -> dict[str, Any]:
    found = of.get(name)
    return found if isinstance(found, dict) else {}


def _pairs(of: dict[str, Any], name: str) -> Iterator[tuple[str, str]]:
    """Name and value of a HAR list, whatever else is in it."""
    found = of.get(name)
    for each in found if isinstance(found, list) else ():
        if isinstance(each, dict) and isinstance(each.get("name"), str):
            value = each.get("value")
            yield each["name"], value if isinstance(value, str) else ""


def _headers(of: dict[str, Any]) -> dict[str, str]:
    return {name.strip().lower(): value for name, value in _pairs(of, "headers") if not name.startswith(":")}


def _cookies(answer: dict[str, Any]) -> dict[str, str]:
    """The cookies that an answer sets, by name."""
    found = dict(_pairs(answer, "cookies"))
    for name, value in _pairs(answer, "headers"):
        if name.lower() == "set-cookie":
            for line in value.split("\n"):
                key, _, rest = line.partition("=")
                found[key.strip()] = rest.partition(";")[0].strip()
    return found


def _sent_cookies(asked: dict[str, Any]) -> dict[str, str]:
    """The cookies that a request has sent, by name."""
    found = dict(_pairs(asked, "cookies"))
    for name, value in _pairs(asked, "headers"):
        if name.lower() == "cookie":
            for each in value.split(";"):
                key, _, rest = each.partition("=")
                found[key.strip()] = rest.strip()
    return found


def _body(content: dict[str, Any], kind: str, folder: Path) -> str:
    """The text: base64 undone in the charset that its type names; out of the file beside that Playwright writes."""
    text, encoding = content.get("text"), content.get("encoding")
    if isinstance(text, str):
        encoded = isinstance(encoding, str) and encoding.lower() == "base64"
        return text_of(in_base64(text), kind).text if encoded else text
    name = content.get("_file")
    return text_of(_beside(folder, name), kind).text if isinstance(name, str) else ""


def _beside(folder: Path, name: str) -> bytes:
    """A file of this folder, and of no other; nothing if it is not there."""
    if not re.fullmatch(r"[\w-][\w.-]*", name):
        return b""
    try:
        path = folder / name
        return path.read_bytes() if path.is_file() and path.stat().st_size <= LARGEST_BESIDE else b""
    except OSError:
        return b""


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, well-known ports left out; empty for none."""
    try:
        found = split(url)
    except ProtocolBroken:
        return ""
    return f"{'https' if found.origin.secure else 'http'}://{found.authority}"


def on(url: str, root: str) -> bool:
    """Whether a URL is on this origin; http and https of one host are one where their ports go without saying."""
    try:
        one, other = split(url).origin, split(root).origin
    except ProtocolBroken:
        return False
    usual = {one.port, other.port} <= {80, 443}
    return one == other or (one.host == other.host and usual and (one.port == 443) == one.secure)


def path_of(url: str) -> str:
    """The path of a URL as it stands there; `/` for none."""
    return address(url)[2] or "/"

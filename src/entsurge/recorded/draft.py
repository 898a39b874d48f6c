"""Drafts a driver from a recorded visit: sign-on, pages, what feeds on what; secrets masked, doubts said."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit

from entsurge.recorded import signing
from entsurge.recorded.origin import Origin, Sought, origin, worth_looking

if TYPE_CHECKING:
    from entsurge.recorded.har import Step, Visit

MASKED = "MASKED"
WORDS = {
    "messages": r"messag|mail|conversation|inbox|courrier",
    "homework": r"homework|devoir|travail|assign|task|todo|issue|exerci",
    "lesson-book": r"cahier|lesson|diary|course|cours\b|seance",
    "files": r"files?\b|fichier|document|workspace|drive|porte",
    "marks": r"\bnotes?\b|marks?\b|grade|evaluation|bulletin",
    "absences": r"absen|presence|retard",
    "news": r"news|actualit|blog|article",
    "chat": r"chat|forum|discussion|salon",
    "video-class": r"visio|video|bbb|meet",
}
SECRET = re.compile(r"pass|pwd|mdp|secret|token|csrf|key|auth|session|jwt|sid\b|code", re.IGNORECASE)
KEPT_HEADERS = re.compile(r"x-requested-with|accept$|x-.*(csrf|xsrf|token)", re.IGNORECASE)


@dataclass
class Draft:
    """A driver as tables, and what a person should look at."""

    file: dict[str, Any]
    notes: list[str] = field(default_factory=list)


class Drafting:
    """Turns the steps of one visit into a draft."""

    def __init__(self, visit: Visit) -> None:
        self.steps = visit.steps
        self.notes: list[str] = []
        self.rules: dict[int, dict[str, dict[str, str]]] = {}  # by step: name, rule
        self.names: dict[tuple[int, str], str] = {}
        self.cookies: dict[str, str] = {}
        self.signed = signing.found(self.steps)
        self.sign_on = self.signed.step
        self.notes += self.signed.notes
        self.root = urlsplit(self.steps[0].url)

    def draft(self) -> Draft:
        """The driver."""
        begin = self.sign_on + 1
        pages = self._pages(begin)
        if not any(not each.get("writes") for each in pages):  # nothing was opened but by sending something
            pages.insert(0, self._landing_page())
        readable = [each["service"] for each in pages if not each.get("writes")]
        for each in pages:
            if each["service"] not in readable:
                each["service"] = readable[0]
        file: dict[str, Any] = {"title": self.root.hostname or "", "door": self._door()}
        if self.sign_on >= 0:
            file["sign_on"] = self.signed.table
        file["signs"] = signing.signs(self.steps, self.sign_on, self.notes)
        landing = {name: rule for n in range(begin) for name, rule in self.rules.get(n, {}).items()}
        if landing:
            file["landing"] = {"extract": landing}
        if self.cookies:
            file["cookies"] = {name: cookie for cookie, name in self.cookies.items()}
        file["page"] = pages
        return Draft(file, self.notes)

    def _door(self) -> str:
        path = urlsplit(self.steps[0].url).path or "/"
        return path.replace("{", "{{").replace("}", "}}")

    # -- pages -----------------------------------------------------------------------------------------------------

    def _pages(self, begin: int) -> list[dict[str, Any]]:
        groups: list[list[int]] = []
        for n in range(begin, len(self.steps)):
            step = self.steps[n]
            if step.is_document or not groups:
                groups.append([])
            groups[-1].append(n)
        made: list[dict[str, Any]] = []
        for group in groups:
            made += self._page(group, made)
        return made

    def _page(self, group: list[int], before: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The page of a group; what it sends besides is a page of its own that writes."""
        steps = [(n, self.steps[n]) for n in group]
        service = self._service(steps[0][1], before)
        reads = [(n, step) for n, step in steps if step.method == "GET" and not step.is_asset]
        sends = [(n, step) for n, step in steps if step.method != "GET"]
        seen = {json.dumps(each["request"][0]["url"]) for each in before}
        made = []
        if reads:
            page = self._table(service, before, reads, writes=False)
            if any(step.is_asset for _, step in steps):
                page["assets"] = True
            if json.dumps(page["request"][0]["url"]) not in seen or len(page["request"]) > 1:
                made.append(page)
            else:
                self._keep_rules(before, page)
        if sends:
            made.append(self._table(service, [*before, *made], sends, writes=True))
            self.notes.append(f"page {made[-1]['action']}: taken to write; say writes = false if it only asks")
        return made

    @staticmethod
    def _keep_rules(before: list[dict[str, Any]], page: dict[str, Any]) -> None:
        """A page opened again: what its answer showed belongs to the page that is there."""
        first = page["request"][0]
        for each in before:
            if each["request"][0]["url"] == first["url"]:
                each["request"][0]["steps"] += first["steps"]
                return

    def _table(
        self, service: str, before: list[dict[str, Any]], steps: list[tuple[int, Step]], *, writes: bool
    ) -> dict[str, Any]:
        verb = "send" if writes else "open"
        names = {each["action"] for each in before}
        action, number = f"{verb}-{service}", 2
        while action in names:
            action, number = f"{verb}-{service}-{number}", number + 1
        page: dict[str, Any] = {"service": service, "action": action}
        if writes:
            page["writes"] = True
        asked: dict[str, dict[str, Any]] = {}
        page["request"] = []
        for n, step in steps:
            request = self._request(n, step, first=not page["request"])
            line = json.dumps(request, sort_keys=True)
            if line not in asked:
                asked[line] = {**request, "steps": []}
                page["request"].append(asked[line])
            asked[line]["steps"].append(n)
        return page

    def _landing_page(self) -> dict[str, Any]:
        return {"service": "home", "action": "open-home", "request": [{"url": self._door()}]}

    def _service(self, step: Step, before: list[dict[str, Any]]) -> str:
        path = urlsplit(step.url).path.lower()
        found = next((service for service, words in WORDS.items() if re.search(words, path)), "")
        if not found and step.method != "GET" and before:
            return str(before[-1]["service"])
        return found or "home"

    def _request(self, n: int, step: Step, *, first: bool) -> dict[str, Any]:
        request: dict[str, Any] = {"url": self._address(n, step)}
        if step.method != "GET":
            request["method"] = step.method
            if not first:
                request["role"] = "document"
        headers = {
            name: self._text(value, n, Sought("header", name)) for name, value in step.headers.items()
            if KEPT_HEADERS.search(name) and not (name == "accept" and (first or value == "*/*"))
        }  # fmt: skip
        if headers:
            request["headers"] = headers
        if step.method != "GET":
            request |= self._sent(n, step)
        if step.status not in (200, 204):
            request["expect"] = [step.status]
        return request

    def _sent(self, n: int, step: Step) -> dict[str, Any]:
        if step.files:
            fields = {name: self._text(value, n, Sought("body", name)) for name, value in step.form.items()}
            return {"form": fields, "upload": {"field": step.files[0]}}
        if step.form:
            return {"form": {name: self._text(value, n, Sought("body", name)) for name, value in step.form.items()}}
        if step.sent_kind.startswith("application/json"):
            try:
                return {"json": self._json(json.loads(step.sent), n, "")}
            except (ValueError, RecursionError):
                pass
        return {"body": self._raw(step.sent)} if step.sent else {}

    def _raw(self, text: str) -> str:
        """A body of no known kind: as it is, but for who signed on and how."""
        plain = text.replace("{", "{{").replace("}", "}}")
        if self.signed.password:
            plain = plain.replace(self.signed.password, MASKED)
        return plain.replace(self.signed.login, "{login}") if self.signed.login else plain

    def _json(self, value: Any, n: int, name: str) -> Any:
        if isinstance(value, dict):
            return {key: self._json(each, n, key) for key, each in value.items() if each is not None}
        if isinstance(value, list):
            return [self._json(each, n, name) for each in value if each is not None]
        return self._text(value, n, Sought("body", name)) if isinstance(value, str) else value

    # -- values ----------------------------------------------------------------------------------------------------

    def _address(self, n: int, step: Step) -> str:
        """The address with a place for everything that an earlier answer showed; whole when on another host."""
        parts = urlsplit(step.url)
        host = "" if parts.netloc == self.root.netloc else f"{parts.scheme}://{parts.netloc}"
        given = (parts.path or "/").split("/")
        segments = [self._segment(each, before, n) for before, each in zip(["", *given], given, strict=False)]
        query = parse_qsl(parts.query, keep_blank_values=True)
        tails = ("/".join(given[-2:]).lstrip("/"), given[-1]) if given[-1] else ()
        asked = []
        for number, (name, value) in enumerate(query):
            before = (*(f"{tail}?{name}=" for tail in tails if number == 0), f"{name}=")
            asked.append(f"{quote(name, safe='@[]:')}={self._text(value, n, Sought('query', name, before))}")
        text = "&".join(asked)
        return host + "/".join(segments) + (f"?{text}" if text else "")

    def _segment(self, segment: str, before: str, n: int) -> str:
        """A part of a path: `issue12`, `12` after `messages`, or text (a token may end in a digit as well)."""
        found = re.fullmatch(r"([A-Za-z_-]*)(\d+)", segment)
        if found is not None:
            place = self._place(found[2], n, Sought("path", found[1] or before, (found[1] or f"{before}/",)))
            if place or not found[1]:
                return found[1] + place if place else segment
        return segment if "." in segment else self._text(segment, n, Sought("path"))

    def _text(self, value: str, n: int, sought: Sought) -> str:
        """A value as it stands in the draft: a place, a mask, or itself with its braces doubled."""
        if value and value == self.signed.login:
            return "{login}"
        if value and value == self.signed.password:
            return MASKED
        place = self._place(value, n, sought)
        if place:
            return place
        name, address = sought.name, sought.where in ("path", "query")
        if name and SECRET.search(name) and worth_looking(value):
            self.notes.append(f"{name}: its value is secret or made by a script, and was masked: say where it is from")
            return MASKED
        plain = value.replace("{", "{{").replace("}", "}}")
        return quote(plain, safe="{}@,:.-_~!*'();$/+=" if address else "") if address else plain

    def _place(self, value: str, n: int, sought: Sought) -> str:
        if not worth_looking(value):
            return ""
        found = origin(value, sought, self.steps, max(self.sign_on, 0), n)
        if found is None:
            return ""
        return f"{{{self._name(found, sought.name)}}}"

    def _name(self, found: Origin, wanted: str) -> str:
        """The name of a value: the field's own, made unlike every other."""
        identity = (found.step, json.dumps([found.rule, found.cookie]))
        if identity in self.names:
            return self.names[identity]
        plain = re.sub(r"[^a-z0-9]+", "_", wanted.lower()).strip("_") or "value"
        base = plain if plain[0].isalpha() else f"v_{plain}"
        taken, name, number = set(self.names.values()) | RESERVED, base, 2
        while name in taken:
            name, number = f"{base}_{number}", number + 1
        self.names[identity] = name
        if found.cookie:
            self.cookies[found.cookie] = name
        else:
            self.rules.setdefault(found.step, {})[name] = found.rule
        return name


RESERVED = frozenset({"base", "login", "school", "tenant", "persona", "sentence", "number", "today", "week_start",
                      "week_end", "created"})  # fmt: skip


def draft(visit: Visit) -> Draft:
    """The driver that a visit drafts, its extractions put where their answers are."""
    drafting = Drafting(visit)
    made = drafting.draft()
    for page in made.file["page"]:
        for request in page["request"]:
            for n in request.pop("steps", ()):
                if n in drafting.rules:
                    request.setdefault("extract", {}).update(drafting.rules[n])
    return made

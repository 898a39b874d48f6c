"""Drafts a driver from a recorded visit: sign-on, pages, what feeds on what; secrets masked, doubts said."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from entsurge.errors import UsageError
from entsurge.recorded import address, bodies, people, signing
from entsurge.recorded.masks import masks
from entsurge.recorded.naming import action_of, service_of, unopened
from entsurge.recorded.playable import playable
from entsurge.recorded.scrub import scrubbed
from entsurge.recorded.secrets_of import Secrets
from entsurge.recorded.sign_on_table import SignOnTable
from entsurge.recorded.signs_of import signs
from entsurge.recorded.step import host, on, path_of, same
from entsurge.recorded.values import Values

if TYPE_CHECKING:
    from entsurge.recorded.har import Visit
    from entsurge.recorded.step import Step

Table = dict[str, Any]


@dataclass
class Draft:
    """A driver as tables, and what a person should look at."""

    file: dict[str, Any]
    notes: list[str] = field(default_factory=list)


class Drafting:
    """Turns the steps of one visit into a draft."""

    def __init__(self, visit: Visit) -> None:
        self.root, self.said = visit.root, list(visit.notes)
        self.secrets = Secrets(visit.steps)
        self.signed = signing.found(visit.steps, self.secrets)
        self.secrets.know(self.signed.login, self.signed.password)
        self.secrets.people = people.names(visit.steps[max(self.signed.step, 0) :], self.signed.login)
        self.steps, left_out = playable(visit.steps, self.signed.step, self.secrets)
        self.said += left_out
        self.values = Values(self.steps, self.secrets, max(self.signed.step, 0))
        self.opened: dict[str, Table] = {}  # the first request of each page that reads, as it is written

    # -- the file --------------------------------------------------------------------------------------------------

    def draft(self) -> Draft:
        """The driver. Raises UsageError where there is nothing to draft from."""
        begin = self.signed.step + 1
        file: Table = {"title": host(self.root), **self._entrance()}
        file["signs"] = signs(self.steps, self.signed.step, self.values, self.root)
        method = file.get("sign_on", {}).get("method", "")
        if begin and (method in ("", "json-session") or "check" in file["signs"]):
            self.values.first = begin  # the driver does not see what the sign-on was answered
        pages = self._with_home(self._pages(begin), file["door"])
        landing = self.values.rules.pop(self.signed.step, {}) if begin else {}
        doubts = self._doubts(pages)
        for page in pages:
            self._extract(page)
        if landing:
            file["landing"] = {"extract": landing}
        if self.values.cookies:
            file["cookies"] = {name: cookie for cookie, name in self.values.cookies.items()}
        file["page"] = pages
        notes = dict.fromkeys([*self.said, *self.values.notes, *doubts])
        clean, said = scrubbed(file, list(notes), self.secrets)
        return Draft(clean, [*said, *masks(clean), *unopened(clean["page"])])

    def _doubts(self, pages: list[Table]) -> list[str]:
        """What is to be said of single requests, by the page that they are of."""
        where: dict[int, str] = {}
        for page in pages:
            for number, request in enumerate(page["request"], 1):
                where |= dict.fromkeys(request.get("steps", ()), f"{page['action']}, request {number}, ")
        return [f"{where.get(n, '')}{text}" for n, text in self.values.doubts]

    def _entrance(self) -> Table:
        """The door, and how to sign on."""
        if self.signed.step < 0:
            self.said.append("no sign-on was found in the recording: add [sign_on], or record from before it")
            return {"door": self._door("")}
        sign_on = SignOnTable(self.steps, self.signed, self.values, self.root)
        table = sign_on.table()
        self.said += sign_on.notes
        door = self._door(sign_on.service if table.get("login_url") else "")
        return {"door": door, **({"sign_on": table} if table else {})}

    def _door(self, service: str) -> str:
        """What a visitor wants first: the page that a CAS leads back to, else the first page that was opened."""
        if service and on(service, self.root):
            return address.plain(service, 0, self.values, self.root)
        first = next((step for step in self.steps if step.method == "GET" and step.is_document), None)
        first = first or next((step for step in self.steps if step.method == "GET" and not step.is_asset), None)
        return address.plain(first.url, 0, self.values, self.root) if first else "/"

    def _with_home(self, pages: list[Table], door: str) -> list[Table]:
        """The pages, with a home page that only reads, and every service with one that does: a run needs them."""
        readable = {each["service"] for each in pages if not each.get("writes")}
        if "home" not in readable:
            landed = self.steps[self.signed.step].landed if self.signed.step >= 0 else ""
            same_page = not landed or same(landed) == same(self.steps[self.signed.step].url)
            url = door if same_page else address.plain(landed, 0, self.values, self.root)
            pages.insert(0, {"service": "home", "action": "open-home", "request": [{"url": url}]})
            readable.add("home")
        for each in pages:
            if each["service"] not in readable:
                each["service"] = "home"
        return pages

    # -- pages -----------------------------------------------------------------------------------------------------

    def _pages(self, begin: int) -> list[Table]:
        groups: list[list[int]] = []
        for n in range(begin, len(self.steps)):
            if self.steps[n].is_document or not groups:
                groups.append([])
            groups[-1].append(n)
        made: list[Table] = []
        for group in groups:
            self._page(group, made)
        return made

    def _page(self, group: list[int], made: list[Table]) -> None:
        """The page of a group; what it sends besides is a page of its own that writes."""
        asked = [n for n in group if not self.steps[n].is_asset]
        if not asked:
            return
        service = self._service(self.steps[asked[0]], made)
        if self.steps[asked[0]].method != "GET":
            reads, sends = [], asked  # a form that was sent, and what its answer asked for
        else:
            reads = [n for n in asked if self.steps[n].method == "GET"]
            sends = [n for n in asked if self.steps[n].method != "GET"]
        if reads:
            page = self._table(service, made, reads, writes=False)
            late = self._feeding_on(page, sends)
            if late:
                page = self._table(service, made, [n for n in reads if n not in late], writes=False)
                sends = sorted([*sends, *late])
            if any(self.steps[n].is_asset for n in group):
                page["assets"] = True
            if not self._taken_in(page):
                made.append(page)
        if sends:
            page = self._table(service, made, sends, writes=True)
            made.append(page)
            said = f"page {page['action']}: taken to write: look at whom it reaches; writes = false if it only asks"
            self.values.notes[said] = None

    def _feeding_on(self, page: Table, sends: list[int]) -> list[int]:
        """The steps of a page that need what only the answers to these shows."""
        places = [f"{{{name}}}" for n in sends for name in self.values.rules.get(n, {})]
        needing = [each for each in page["request"][1:] if any(place in json.dumps(_bare(each)) for place in places)]
        return [n for each in needing for n in each["steps"]]

    def _taken_in(self, page: Table) -> bool:
        """Whether the page is there already: then what its answers showed belongs to it."""
        first = page["request"][0]
        known = self.opened.setdefault(json.dumps(_bare(first)), first)
        if known is first or len(page["request"]) > 1:
            return False
        known["steps"] += first["steps"]
        return True

    def _table(self, service: str, before: list[Table], group: list[int], *, writes: bool) -> Table:
        page: Table = {"service": service, "action": ""}
        if writes:
            page["writes"] = True
        asked: dict[str, Table] = {}
        page["request"] = []
        for n in group:
            request = self._request(n, first=not page["request"])
            line = json.dumps(request, sort_keys=True)
            if line not in asked:
                asked[line] = {**request, "steps": []}
                page["request"].append(asked[line])
            asked[line]["steps"].append(n)
        page["action"] = action_of(page, {each["action"] for each in before})
        return page

    def _service(self, step: Step, before: list[Table]) -> str:
        found = service_of(path_of(step.url))
        if not found and step.method != "GET" and before:
            return str(before[-1]["service"])
        return found or "home"

    def _request(self, n: int, *, first: bool) -> Table:
        step = self.steps[n]
        request: Table = {"url": address.written(step.url, n, self.values, self.root)}
        if step.method != "GET":
            request["method"] = step.method
            if not first:
                request["role"] = "document"
        elif step.kind == "text/event-stream" and not first:
            request["background"] = True
        sent = bodies.body(n, step, self.values) if step.method != "GET" else {}
        headers = {**bodies.headers(n, step, self.values, first=first), **sent.pop("headers", {})}
        if headers:
            request["headers"] = headers
        request |= sent
        if step.status not in (200, 204, 304) and not 300 <= step.status < 400:
            request["expect"] = [step.status]
        return request

    def _extract(self, page: Table) -> None:
        """Put the rules where their answers are; what only a later answer showed need not be in every one."""
        for request in page["request"]:
            steps = request.pop("steps", [])
            for n in steps:
                for name, rule in self.values.rules.get(n, {}).items():
                    request.setdefault("extract", {})[name] = rule if n == steps[0] else {**rule, "optional": True}


def _bare(request: Table) -> Table:
    return {name: value for name, value in request.items() if name != "steps"}


def draft(visit: Visit) -> Draft:
    """The driver that a visit drafts, its extractions put where their answers are."""
    made = Drafting(visit)
    if not any(not step.is_asset for step in made.steps):
        raise UsageError(
            "nothing in the recording can be drafted from: no page or answer to one, or all of them failed",
            hint="record a visit that goes well, from before the sign-on",
        )
    return made.draft()

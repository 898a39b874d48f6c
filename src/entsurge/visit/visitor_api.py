"""The half of a visitor that drivers and sign-on methods see: `entsurge.visit.session`, on the visitor's client."""

from __future__ import annotations

import json
import random
import traceback
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import gevent
from urllib3.filepost import encode_multipart_formdata

from entsurge.client.referrer import page_headers
from entsurge.record.schema import Key
from entsurge.visit.background import LONGEST_SECONDS, BackgroundRequests
from entsurge.visit.live_recorder import LiveRecorder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from entsurge.client.allow_list import AllowList
    from entsurge.client.client import Client
    from entsurge.client.failure import ClientError
    from entsurge.client.image_sources import Screen
    from entsurge.client.response import Response
    from entsurge.client.websocket import WebSocket
    from entsurge.plan.arrivals import VisitPlan
    from entsurge.record.schema import Cohort
    from entsurge.visit.driver import Driver
    from entsurge.visit.outcome import Outcome, PageResult
    from entsurge.visit.run_context import RunContext
    from entsurge.visit.session import Memory, Session

SENTENCES = (
    "Lire le chapitre 3 et répondre aux questions 1 à 4.",
    "La classe en visio commence à dix heures, merci de vous connecter cinq minutes avant.",
    "Voici le travail de la semaine ; le corrigé sera en ligne vendredi.",
    "Bonjour, je n’arrive pas à ouvrir le document de mathématiques.",
)


class VisitorApi:
    """A `Session`; `service` and `action` are those of the page being opened."""

    memory: Memory

    client: Client
    plan: VisitPlan
    random: random.Random
    service: str
    action: str
    cohort: Cohort = "control"
    page_url = ""  # of the page that the visitor looks at; empty before there is one
    _page_origin = ""

    @property
    def run_context(self) -> RunContext:
        """The shared surroundings."""
        raise NotImplementedError

    @property
    def allow(self) -> AllowList:
        """The hosts that may be spoken to."""
        return self.run_context.allow

    @property
    def driver(self) -> Driver:
        """What speaks to the side of the ENT that the visit's device asks."""
        return self.run_context.driver_of(self.plan.device)

    @property
    def screen(self) -> Screen:
        """What pages are shown on."""
        return self.run_context.equipped(self.plan.device).screen

    @property
    def run_name(self) -> str:
        """The run's name, such as may stand in an address."""
        return self.run_context.run_name

    @property
    def deadline_seconds(self) -> float:
        """How long each request of a page may take in all."""
        return self.run_context.deadline_seconds

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Response:
        """One request within the page's deadline, redirects not followed."""
        return self.client.request(method, url, headers=headers, body=body, deadline_seconds=self.deadline_seconds)

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Response:
        """GET a document, redirects followed within the page's deadline."""
        given = self.page_headers("GET", url, headers)
        return self._shown(self.client.get(url, headers=given, deadline_seconds=self.deadline_seconds))

    def post_form(
        self, url: str, fields: Mapping[str, str] | list[tuple[str, str]], headers: Mapping[str, str] | None = None
    ) -> Response:
        """POST a form; the answer as it is, redirects not followed."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._posted(url, {**kind, **(headers or {})}, urlencode(fields).encode())

    def post_json(self, url: str, value: object, headers: Mapping[str, str] | None = None) -> Response:
        """POST a value as JSON; the answer as it is."""
        kind = {"Content-Type": "application/json"}
        return self._posted(url, {**kind, **(headers or {})}, json.dumps(value).encode())

    def post_file(
        self, url: str, fields: Mapping[str, str] | list[tuple[str, str]], filename: str, data: bytes, *,
        field: str = "fichier", headers: Mapping[str, str] | None = None,
    ) -> Response:  # fmt: skip
        """POST a multipart form with one file in `field`."""
        pairs = fields if isinstance(fields, list) else fields.items()
        parts: list[tuple[str, Any]] = [*pairs, (field, (filename, data, "text/plain"))]
        body, kind = encode_multipart_formdata(parts, boundary="entsurge-7f3a9c")
        return self._posted(url, {"Content-Type": kind, **(headers or {})}, body)

    def _posted(self, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        return self._shown(self.request("POST", url, headers=self.page_headers("POST", url, headers), body=body))

    def follow(self, response: Response) -> Response:
        """Follow an answer's redirects to the page they lead to."""
        return self._shown(self.client.follow(response, deadline_seconds=self.deadline_seconds))

    def fetch_many(self, urls: list[str], headers: Mapping[str, str] | None = None) -> list[Response | ClientError]:
        """Assets and XHR of a page, in parallel as a browser fetches them."""
        elsewhere = next((url for url in urls if not url.startswith(self._page_origin)), "")
        given = self.page_headers("GET", elsewhere or self.page_url, headers)
        return self.client.fetch_many(urls, headers=given, deadline_seconds=self.deadline_seconds)

    def page_headers(self, method: str, url: str, headers: Mapping[str, str] | None = None) -> Mapping[str, str] | None:
        """These headers, and what a browser adds of the page that the visitor looks at: `Referer`, and `Origin`."""
        added = page_headers(self.page_url, method, url)
        if not added or "Referer" in self.run_context.access.headers:
            return headers
        return {**added, **headers} if headers else added

    def _shown(self, answer: Response) -> Response:
        """The answer; the visitor looks at it from now on, if it is a page."""
        if answer.headers.get("content-type").startswith("text/html") and not answer.redirects_to:
            self.page_url = answer.url
            self._page_origin = "/".join(answer.url.split("/", 3)[:3]) + "/"
        return answer

    def websocket(self, url: str, *, headers: Mapping[str, str], deadline_seconds: float) -> WebSocket:
        """An open WebSocket; it lasts as long as the visit at most."""
        return self.client.websocket(url, headers=headers, deadline_seconds=deadline_seconds)

    def cookie(self, name: str) -> str:
        """The value of a cookie that the visitor has by now, as a page's script reads it; empty for none."""
        return self.client.cookies.value(name)

    def live_recorder(self, service: str, where: str) -> LiveRecorder:
        """Who records what the visitor lives through in a room at this address."""
        return LiveRecorder(self.run_context, self.plan, service, where)

    def hop(
        self, step: str, method: str, url: str, *,
        headers: Mapping[str, str] | None = None, body: bytes | None = None,
    ) -> Response:  # fmt: skip
        """One request of a sign-on; its requests are kept under the step's name."""
        self.action = step
        try:
            return self._shown(self.request(method, url, headers=headers, body=body))
        finally:
            self.action = "sign-on"

    def hopped(self, step: str, outcome: Outcome, microseconds: int) -> None:
        """Record one hop of a sign-on: of kind `hop`, so that hops are never counted as page views."""
        plan = self.plan
        key = Key(
            "hop", plan.persona, plan.group, "sign-on", step, plan.phase, outcome.word, attempt=plan.kind,
            device=plan.device,
        )  # fmt: skip
        self.run_context.record.request(key, microseconds)

    def background(self, ask: Callable[[Session], PageResult]) -> None:
        """Ask beside the page, which does not wait; what goes wrong is kept as an example, and no page's failure."""
        beside = _Beside(self)
        self.memory.of(BackgroundRequests).start(lambda: beside.live(ask))

    def leave_page(self) -> None:
        """Break off whatever the page still asks for in the background."""
        self.memory.of(BackgroundRequests).close()

    def pause(self, seconds: float) -> None:
        """Wait before trying something again."""
        gevent.sleep(seconds)

    def sentence(self) -> str:
        """Something to write: synthetic, the same for the same visit."""
        return self.random.choice(SENTENCES)

    def created(self, action: str, url: str, values: Mapping[str, str] | None = None) -> None:
        """Keep what was written on the target, for clean-up; `values` are what removing it needs to know."""
        plan = self.plan
        who = {"persona": plan.persona, "group": plan.group, "account": plan.account}
        who |= {"device": plan.device} if plan.device else {}
        self.run_context.record.created(
            {"service": self.service, "action": action, "url": url, "visit": plan.name, **who,
             "values": dict(values or {})}
        )  # fmt: skip


class _Beside(VisitorApi):
    """The visitor's session as a request in the background has it: the same client and memory, chances of its own.

    So that what a visitor does next is the same whenever the answer comes.
    """

    def __init__(self, visitor: VisitorApi) -> None:
        self.memory, self.client, self.plan, self._context = (
            visitor.memory, visitor.client, visitor.plan, visitor.run_context
        )  # fmt: skip
        self.random = random.Random(visitor.random.getrandbits(64))
        self.service, self.action, self.cohort = visitor.service, visitor.action, visitor.cohort
        self.page_url, self._page_origin = visitor.page_url, visitor._page_origin  # noqa: SLF001  its own class

    @property
    def run_context(self) -> RunContext:
        return self._context

    @property
    def deadline_seconds(self) -> float:
        """As long as the visitor stays on the page."""
        return LONGEST_SECONDS

    def live(self, ask: Callable[[Session], PageResult]) -> None:
        """Ask, and record what the client does not: a failure's example, a request that was broken off."""
        started_us = self._context.now_us()
        try:
            result = ask(self)
        except gevent.GreenletExit:
            self._broken_off(self._context.now_us() - started_us)
            raise
        except Exception as error:
            row = {"request": {"url": ""}, "response": None, "traceback": traceback.format_exc()}
            self._failed("lost", type(error).__name__, row)
            return
        if not result.ok:
            known = result.example or {"request": {"url": ""}, "response": None}
            self._failed(str(result.outcome), result.reason, {**known, "traceback": None})

    def _broken_off(self, microseconds: int) -> None:
        """The server has seen this request: it counts, with an outcome that is neither well nor ill."""
        plan = self.plan
        key = Key(
            "request", plan.persona, plan.group, self.service, self.action, plan.phase, "cancelled", self.cohort,
            attempt=plan.kind, device=plan.device,
        )  # fmt: skip
        self._context.record.request(key, microseconds)

    def _failed(self, outcome: str, reason: str, example: Mapping[str, Any]) -> None:
        row = {"outcome": outcome, "persona": self.plan.persona, "service": self.service, "page": self.action}
        signature = f"{self.service} {self.action} in the background: {reason}"
        self._context.record.failure(self._context.now_us() / 1e6, signature, {**row, **example})

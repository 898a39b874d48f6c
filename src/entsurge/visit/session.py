"""What drivers and sign-on methods see of a visitor: requests within the page's deadline, a memory, something to write.

`entsurge.visit.visitor_api` is the one implementation; tests may give another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

    from entsurge.client.allow_list import AllowList
    from entsurge.client.failure import ClientError
    from entsurge.client.image_sources import Screen
    from entsurge.client.response import Response
    from entsurge.client.websocket import WebSocket
    from entsurge.visit.live_recorder import LiveRecorder
    from entsurge.visit.outcome import Outcome, PageResult

T = TypeVar("T")


class Memory:
    """What drivers and sign-on methods keep of one visitor: one object of each of their own classes."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: dict[type[Any], Any] = {}

    def of(self, kind: type[T]) -> T:
        """The visitor's object of this class, made without arguments when it is first asked for."""
        found = self._kept.get(kind)
        if found is None:
            found = self._kept[kind] = kind()
        return found

    def keep(self, state: object) -> None:
        """Keep this object as the visitor's one of its class."""
        self._kept[type(state)] = state


class Session(Protocol):
    """One visitor, as a driver sees it. Every request raises a ClientError when no usable answer comes."""

    memory: Memory
    random: random.Random
    action: str

    @property
    def allow(self) -> AllowList:
        """The hosts that may be spoken to."""
        ...

    @property
    def screen(self) -> Screen:
        """What pages are shown on: which of their files are asked for depends on it."""
        ...

    @property
    def run_name(self) -> str:
        """The run's name, such as may stand in an address."""
        ...

    @property
    def deadline_seconds(self) -> float:
        """How long each request of a page may take in all."""
        ...

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Response:
        """One request, redirects not followed."""
        ...

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Response:
        """GET a document, redirects followed."""
        ...

    def post_form(
        self, url: str, fields: Mapping[str, str] | list[tuple[str, str]], headers: Mapping[str, str] | None = None
    ) -> Response:
        """POST a form; the answer as it is, redirects not followed."""
        ...

    def post_json(self, url: str, value: object, headers: Mapping[str, str] | None = None) -> Response:
        """POST a value as JSON; the answer as it is."""
        ...

    def post_file(
        self, url: str, fields: Mapping[str, str] | list[tuple[str, str]], filename: str, data: bytes, *,
        field: str = "fichier", headers: Mapping[str, str] | None = None,
    ) -> Response:  # fmt: skip
        """POST a multipart form with one file in `field`."""
        ...

    def page_headers(self, method: str, url: str, headers: Mapping[str, str] | None = None) -> Mapping[str, str] | None:
        """These headers, and what a browser adds of the page that the visitor looks at: `Referer`, and `Origin`.

        `request` and `hop` send what they are given and no more, as an app does; everything else adds them.
        """
        ...

    def follow(self, response: Response) -> Response:
        """Follow an answer's redirects to the page they lead to."""
        ...

    def fetch_many(self, urls: list[str], headers: Mapping[str, str] | None = None) -> list[Response | ClientError]:
        """Assets and XHR of a page, in parallel as a browser fetches them; failures stand in the list."""
        ...

    def websocket(self, url: str, *, headers: Mapping[str, str], deadline_seconds: float) -> WebSocket:
        """An open WebSocket."""
        ...

    def cookie(self, name: str) -> str:
        """The value of a cookie that the visitor has by now, as a page's script reads it; empty for none."""
        ...

    def hop(
        self, step: str, method: str, url: str, *,
        headers: Mapping[str, str] | None = None, body: bytes | None = None,
    ) -> Response:  # fmt: skip
        """One request of a sign-on; its requests are kept under the step's name."""
        ...

    def hopped(self, step: str, outcome: Outcome, microseconds: int) -> None:
        """Record one hop of a sign-on: of kind `hop`, so that hops are never counted as page views."""
        ...

    def background(self, ask: Callable[[Session], PageResult]) -> None:
        """Ask beside the page, which does not wait, with a session of its own; broken off when the visitor leaves it.

        What goes wrong there is kept as an example and is no page's failure.
        """
        ...

    def pause(self, seconds: float) -> None:
        """Wait before trying something again."""
        ...

    def sentence(self) -> str:
        """Something to write: synthetic, the same for the same visit."""
        ...

    def created(self, action: str, url: str, values: Mapping[str, str] | None = None) -> None:
        """Keep what was written on the target, for clean-up; `values` are what removing it needs to know."""
        ...

    def live_recorder(self, service: str, where: str) -> LiveRecorder:
        """Who records what the visitor lives through in a room at this address."""
        ...

"""Locust's own page, on loopback: fed with what this run counts; its STOP ends the run, its START starts nothing.

Locust believes in one user that waits (local.py) and knows nothing of visits; left to itself it would show that user,
empty charts, and a STOP that stops nothing.
"""

from __future__ import annotations

import contextlib
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import gevent
from flask import Response, jsonify, request
from locust.stats import CachedResponseTimes, update_stats_history
from locust.web import WebUI

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from locust.env import Environment

    from entsurge.engine.book import Book

HOST, OURS = "127.0.0.1", ("127.0.0.1", "localhost")
KEPT_SECONDS = 30  # of response times, for Locust's percentiles of the last ten
HISTORY_SECONDS, MOST_POINTS = 5, 720  # of Locust's charts: an hour as it was, a longer run ever more coarsely
NO_START = "the plan of the run decides who comes, and when; STOP ends the run"


@contextlib.contextmanager
def web_page(port: int, environment: Environment, book: Book, stop: Callable[[str], None]) -> Iterator[None]:
    """Serve Locust's page while the context lives; nothing at port 0. `stop` ends the run, with the reason."""
    if not port:
        yield
        return
    page: Any = RunPage(environment, port, book, stop)
    feeding = gevent.spawn(page.feed)
    page.start()
    try:
        yield
    finally:
        feeding.kill()
        if page.server is not None:
            page.stop()


class RunPage(WebUI):
    """The page of one run."""

    def __init__(self, environment: Environment, port: int, book: Book, stop: Callable[[str], None]) -> None:
        self.book, self._stop_run, self.every_seconds = book, stop, HISTORY_SECONDS
        super().__init__(environment, HOST, port, delayed_start=True)
        app: Any = self.app
        views = app.view_functions
        self._requests = views["locust.request_stats"]
        views.update({
            "locust.stop": self._stop, "locust.swarm": self._start, "locust.request_stats": self._told,
        })  # fmt: skip
        app.before_request(self._refused)

    def update_template_args(self) -> None:
        """What the page begins with."""
        super().update_template_args()  # type: ignore[no-untyped-call]
        self.template_args |= {"state": "running", "user_count": self.visitors}

    @property
    def visitors(self) -> int:
        """Those present now."""
        return sum(self.book.progress.present.values())

    def feed(self) -> None:
        """Once a second, until killed: what Locust's charts are drawn from, which its own runner would keep."""
        second = 0
        while True:
            gevent.sleep(1)
            second += 1
            self.keep(second)

    def keep(self, second: int) -> None:
        """Keep what the charts show of this second; of a long run every other point, then every fourth."""
        self._keep_times()
        if second % self.every_seconds:
            return
        runner: Any = self.environment.runner
        update_stats_history(runner)
        latest = runner.stats.history[-1]
        latest["user_count"] = [latest["time"], self.visitors]
        if len(runner.stats.history) > MOST_POINTS:
            del runner.stats.history[1::2]
            self.every_seconds *= 2

    def _keep_times(self) -> None:
        """The response times so far, under this second."""
        total, now = self.environment.stats.total, int(time.time())
        if total.response_times_cache is None:
            total.response_times_cache = OrderedDict()
        total.response_times_cache[now] = CachedResponseTimes(
            response_times=dict(total.response_times), num_requests=total.num_requests,
            num_none_requests=total.num_none_requests,
        )  # fmt: skip
        while len(total.response_times_cache) > KEPT_SECONDS:
            total.response_times_cache.popitem(last=False)

    def _told(self) -> Response:
        """What the page asks for every two seconds."""
        found: Any = self._requests()
        told = found.get_json() if isinstance(found, Response) else found
        return jsonify(told | {"state": "running", "user_count": self.visitors})

    def _stop(self) -> Response:
        """End the run in order, as Ctrl-C does."""
        self._stop_run("interrupted")
        return jsonify({"success": True, "message": "The run is ending; verdict and report follow"})

    def _start(self) -> Response:
        return jsonify({"success": False, "message": NO_START, "host": self.environment.host})

    def _refused(self) -> Response | None:
        """Another page in the same browser, or a name made to resolve to this machine, presses nothing here."""
        mine = {f"{name}:{self.port}" for name in OURS}
        origin = request.headers.get("Origin", "")
        foreign = request.method == "POST" and origin and urlsplit(origin).netloc not in mine
        return Response("not this page's\n", 403) if foreign or request.host not in mine else None

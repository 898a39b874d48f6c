"""What the worked measures of docs/examples/measures are tried with: a portal, people with cookies, the file."""

import contextlib
import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from entsurge.chaos.check import faults_of, filled
from entsurge.chaos.experiment import load
from entsurge.chaos.faults.fault import Fault, make

WORKED = Path(__file__).parents[2] / "docs" / "examples" / "measures"


class Got(NamedTuple):
    """One answer; status 0 for none."""

    status: int
    headers: dict[str, str]
    body: str


def worked(product: str, name: str) -> Fault:
    """The measure of a worked experiment, which must be valid, with what the environment says filled in."""
    path = WORKED / product / f"{name}.json"
    assert faults_of(str(path)) == []
    one = load(str(path))
    (held,) = one.faults
    return make(held["fault"], filled(held["settings"], one.configuration))


@contextlib.contextmanager
def in_force(measure: Fault) -> Iterator[None]:
    """The measure on, twice over, for the length of a block; off, twice over, after it."""
    before = measure.prepare()
    measure.apply(2.0)
    measure.apply(2.0)
    try:
        yield
    finally:
        measure.undo(before)
        measure.undo(before)


class Portal:
    """A portal that says who asked for what; /slow answers when the test lets it."""

    def __init__(self) -> None:
        self.let, self.served = threading.Event(), []
        outer = self

        class Page(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.do_GET()

            def do_GET(self) -> None:
                outer.served.append(self.path)
                if self.path == "/slow":
                    outer.let.wait(20)
                body = f"the portal's {self.path}".encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None
        self.port = self.server.server_port


@contextlib.contextmanager
def portal() -> Iterator[Portal]:
    """A portal on loopback."""
    one = Portal()
    thread = threading.Thread(target=one.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield one
    finally:
        one.let.set()
        one.server.shutdown()
        one.server.server_close()
        thread.join(5)


def get(url: str, method: str = "GET", **cookies: str) -> Got:
    """One request on a connection of its own."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())} if cookies else {}
    try:
        connection.request(method, parts.path or "/", headers=headers)
        answer = connection.getresponse()
        return Got(answer.status, dict(answer.getheaders()), answer.read().decode())
    except (OSError, http.client.HTTPException):
        return Got(0, {}, "")
    finally:
        connection.close()


class Asking(threading.Thread):
    """A request that is under way while the test goes on."""

    def __init__(self, url: str, **cookies: str) -> None:
        super().__init__(daemon=True)
        self.url, self.cookies, self.got = url, cookies, Got(0, {}, "")
        self.start()

    def run(self) -> None:
        """Ask, and keep the answer."""
        self.got = get(self.url, **self.cookies)

    def answer(self) -> Got:
        """The answer, once it is there."""
        self.join(20)
        assert not self.is_alive(), f"{self.url}: no answer"
        return self.got

"""A small ENT whose behaviour is told beforehand: `serve(JSON)` in a process of its own prints its port, then serves.

Sign-on is a form; a page is one request, `/page?persona=…`. What is told, all of it optional: `seconds` a page takes;
`every`: the n-th page of `who` is `what`: slow (`slow_seconds`), error (500), shed (503), cut, hang, or reset (and
reset again when the same visitor asks once more, as browsers do);
`sign_on_shed`: the n-th sign-on is turned away (all for 1), `sign_on_error`: all fail, `first_fails`: each account's
first sign-on fails; `frozen`: [begin, end] in seconds after the first page in which nothing is answered; `gone`: when
the process ends.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

FORM = b'<form method="post" action="/login"><input name="login"><input type="password" name="password"></form>'
FULL = "<p>Vous êtes très nombreux à vouloir vous connecter.</p>".encode()
FOR_EVER = 600.0


class Known:
    """What was told, and what has been asked so far."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.told, self.lock = told, threading.Lock()
        self.pages: Counter[str] = Counter()
        self.sign_ons = 0
        self.seen: set[str] = set()
        self.reset: set[str] = set()
        self.begun = 0.0

    def page(self, persona: str, visitor: str) -> str:
        """What becomes of the next page of this persona: ok, or as told."""
        with self.lock:
            self.begun = self.begun or time.monotonic()
            if visitor in self.reset:
                self.reset.remove(visitor)
                return "reset"
            self.pages[persona] += 1
            every = self.told.get("every", 0)
            mine = self.told.get("who", "*") in ("*", persona)
            what = str(self.told["what"]) if every and mine and self.pages[persona] % every == 0 else "ok"
            if what == "reset":
                self.reset.add(visitor)
            return what

    def sign_on(self, login: str) -> str:
        """What becomes of the next sign-on: ok, shed or error."""
        with self.lock:
            self.sign_ons += 1
            shed, new = self.told.get("sign_on_shed", 0), login not in self.seen
            self.seen.add(login)
        if self.told.get("sign_on_error") or (new and self.told.get("first_fails")):
            return "error"
        return "shed" if shed and self.sign_ons % shed == 0 else "ok"

    def wait(self, seconds: float) -> None:
        """As long as it takes, and as long as nothing is answered."""
        time.sleep(seconds)
        begin, end = self.told.get("frozen") or (FOR_EVER, FOR_EVER)
        now = time.monotonic() - self.begun if self.begun else 0.0
        if begin <= now < end:
            time.sleep(min(FOR_EVER, end - now))


class Handler(BaseHTTPRequestHandler):
    """Answers as it was told."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    known: Known

    def do_GET(self) -> None:
        """The form, or a page."""
        parts = urlsplit(self.path)
        if parts.path == "/login":
            self.answer(200, FORM)
            return
        if parts.path == "/welcome":
            self.answer(200, b"<p>Bonjour</p>")
            return
        persona = parse_qs(parts.query).get("persona", [""])[0]
        what = self.known.page(persona, self.headers.get("Cookie", ""))
        self.known.wait(float(self.known.told.get("slow_seconds" if what == "slow" else "seconds", 0.02)))
        if what in ("ok", "slow"):
            self.answer(200, b"<p>Bonjour</p>" + b"." * 2000)
        elif what in ("error", "shed"):
            self.answer(*((500, b"<p>panne</p>") if what == "error" else (503, FULL)))
        elif what == "hang":
            time.sleep(FOR_EVER)
        else:
            self.break_off(said=what == "cut")

    def do_POST(self) -> None:
        """A sign-on."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        login = parse_qs(body).get("login", [""])[0]
        what = self.known.sign_on(login)
        self.known.wait(0.0)
        if what == "ok":
            self.answer(302, b"", f"Location: /welcome\r\nSet-Cookie: s={login}; Path=/\r\n")
        else:
            self.answer(*((500, b"<p>panne</p>") if what == "error" else (503, FULL)))

    def answer(self, status: int, body: bytes, more: str = "") -> None:
        """One whole answer."""
        head = f"HTTP/1.1 {status} X\r\nContent-Type: text/html; charset=utf-8\r\n{more}"
        head += f"Content-Length: {len(body)}\r\n\r\n"
        self.wfile.write(head.encode() + body)

    def break_off(self, *, said: bool) -> None:
        """Close in the middle of an answer, or before it."""
        if said:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n<p>Bonjour")
            self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


class Server(ThreadingHTTPServer):
    """With room for everybody who is waiting."""

    request_queue_size = 1024
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A visitor that leaves is no news."""


def serve(text: str) -> None:
    """Serve as told, on loopback, until the input ends."""
    Handler.known = Known(json.loads(text))
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    gone = Handler.known.told.get("gone")
    if gone:
        threading.Thread(target=_leave, args=(float(gone),), daemon=True).start()
    sys.stdin.read()
    os._exit(0)


def _leave(seconds: float) -> None:
    """End the process so long after the first page."""
    while not Handler.known.begun or time.monotonic() - Handler.known.begun < seconds:
        time.sleep(0.05)
    os._exit(0)

"""A server of the standard library for products that tests stand in for: routes, forms, cookies, sessions."""

import json
import re
import secrets
import sys
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from html import escape
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Asked:
    """One request, taken apart."""

    method: str
    path: str
    query: dict
    headers: dict
    cookies: dict
    form: dict
    files: dict
    json: object
    base: str
    groups: tuple = ()
    socket: object = None


@dataclass
class Answer:
    """One answer."""

    body: str | bytes = ""
    status: int = 200
    headers: dict = field(default_factory=dict)
    cookies: list = field(default_factory=list)


class Web:
    """Routes by method and pattern; sessions by cookie or token, kept by who asks."""

    def __init__(self) -> None:
        self.routes = []
        self.kept = {}

    def on(self, method, pattern):
        def keep(function):
            self.routes.append((method, re.compile(pattern), function))
            return function

        return keep

    def answer(self, asked) -> Answer:
        for method, pattern, function in self.routes:
            match = pattern.fullmatch(asked.path)
            if match and method == asked.method:
                asked.groups = match.groups()
                return function(asked)
        return Answer("nothing here", 404)

    def token(self, thing) -> str:
        token = secrets.token_urlsafe(18)
        self.kept[token] = thing
        return token

    def take(self, token):
        return self.kept.pop(token, None)

    def serve(self) -> None:
        """Serve on a free port of loopback until standard input ends; print the address first."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        import threading

        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        sys.stdin.read()


def html(text, status=200, **more) -> Answer:
    page = f"<!doctype html><html><head><meta charset=utf-8><title>x</title></head><body>{text}</body></html>"
    return Answer(page, status, {"Content-Type": "text/html; charset=utf-8", **more.pop("headers", {})}, **more)


def js(value, status=200, **more) -> Answer:
    return Answer(json.dumps(value), status, {"Content-Type": "application/json", **more.pop("headers", {})}, **more)


def to(url, *cookies, status=302) -> Answer:
    return Answer("", status, {"Location": url}, list(cookies))


def hidden(**fields) -> str:
    return "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in fields.items())


def _handler(web):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # head and body are two writes: the second would wait 40 ms for the first's ACK

        def log_message(self, *_):
            pass

        def _do(self):
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            form, files, value = _body(self.headers.get("Content-Type") or "", body)
            cookies = {name: each.value for name, each in SimpleCookie(self.headers.get("Cookie") or "").items()}
            base = f"http://{self.headers['Host']}"
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            asked = Asked(
                self.command, parts.path, query, headers, cookies, form, files, value, base, socket=self.connection
            )  # fmt: skip
            try:
                found = web.answer(asked)
            except ConnectionAbortedError:
                self.close_connection = True
                return
            data = found.body.encode() if isinstance(found.body, str) else found.body
            self.send_response(found.status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            for cookie in found.cookies:
                self.send_header("Set-Cookie", cookie)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = _do  # noqa: N815  the library's names

    return Handler


def _body(kind, body):
    if kind.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(body.decode(), keep_blank_values=True)), {}, None
    if kind.startswith("application/json"):
        try:
            return {}, {}, json.loads(body)
        except ValueError:
            return {}, {}, None
    if kind.startswith("multipart/form-data"):
        message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
        form, files = {}, {}
        for part in message.iter_parts():
            name = part.get_param("name", header="content-disposition")
            content = part.get_payload(decode=True)
            if part.get_filename():
                files[name] = content
            else:
                form[name] = content.decode()
        return form, files, None
    return {}, {}, None

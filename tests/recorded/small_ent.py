"""A small ENT to try drafts on: a sign-on, pages, an API, something to write; it keeps what it was asked."""

import contextlib
import json
import secrets
import ssl
from collections.abc import Iterator
from html import escape
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

PASSWORD = "juste"


class SmallEnt:
    """Sessions and tokens are drawn anew for each visitor; `asked` are request lines, `sent` the messages."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.sent: list[dict] = []
        self.sessions: dict[str, str] = {}
        self.tokens: set[str] = set()
        self.url = ""

    def answer(self, method: str, path: str, cookies: dict, form: dict) -> tuple[int, dict, str]:
        """Status, headers, body."""
        who = self.sessions.get(cookies.get("SID", ""))
        if path == "/connexion":
            if method == "POST" and form.get("p") == PASSWORD:
                session = secrets.token_urlsafe(12) + "9a"
                self.sessions[session] = form["u"]
                return 302, {"Location": "/bureau", "Set-Cookie": f"SID={session}; Path=/; HttpOnly"}, ""
            return 200, {}, "<p>Identifiants incorrects</p>" * (method == "POST") + FORM
        if who is None:
            return 302, {"Location": "/connexion?profil=%E9l%E8ve"}, ""
        return self._inside(method, path, who, form)

    def _inside(self, method: str, path: str, who: str, form: dict) -> tuple[int, dict, str]:
        if path == "/messagerie/api/liste":
            return 200, {"Content-Type": "application/json"}, json.dumps({"messages": [{"id": 48213}], "a": who})
        if path == "/messagerie/envoi" and method == "POST":
            if form.get("jeton") not in self.tokens:
                return 403, {}, "jeton"
            self.sent.append(form)
            return 200, {}, f"{OUT}<p>envoyé</p>"
        if path == "/messagerie/nouveau":
            token = secrets.token_urlsafe(12) + "7b"
            self.tokens.add(token)
            return 200, {}, f"{OUT}<form><input type=hidden name=jeton value='{escape(token)}'></form>"
        known = ("/", "/bureau", "/messagerie/", "/actualites/caf%C3%A9/%E9", "/messagerie/48213")
        return (200, {}, f"{OUT}<p>{escape(who)}</p>") if path in known else (404, {}, "rien")


FORM = "<form method=post action=/connexion><input name=u><input type=password name=p></form>"
OUT = "<a href='/deconnexion'>Déconnexion</a>"


def _handler(ent: SmallEnt) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_):
            pass

        def _do(self):
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            form = dict(parse_qsl(sent, keep_blank_values=True))
            cookies = {name: each.value for name, each in SimpleCookie(self.headers.get("Cookie") or "").items()}
            ent.asked.append(f"{self.command} {self.path}")
            status, headers, text = ent.answer(self.command, urlsplit(self.path).path, cookies, form)
            body = text.encode()
            self.send_response(status)
            for name, value in {"Content-Type": "text/html; charset=utf-8", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _do  # noqa: N815  the library's names

    return Handler


@contextlib.contextmanager
def serving(chain: str = "", key: str = "") -> Iterator[SmallEnt]:
    """The ENT on a free port of loopback, over TLS with these files."""
    ent = SmallEnt()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(ent))
    server.daemon_threads = True
    if chain:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    ent.url = f"{'https' if chain else 'http'}://localhost:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield ent
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)

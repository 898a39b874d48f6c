"""An ENT over TLS with its sign-on on another host: nginx with a private authority, a small application behind it."""

import base64
import contextlib
import hashlib
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from chaos_parts import command_alive, free_port
from chaos_subject import until
from tests.authority import Authority

from entsurge.client.access import Access

PORTAL, CAS = "localhost", "127.0.0.2"
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
NGINX = """
daemon off; worker_processes 1; {user} error_log stderr crit; pid {folder}/pid;
events {{ worker_connections 500; }}
http {{
  access_log off;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; client_max_body_size 20m;
  map $http_upgrade $hop {{ default upgrade; "" ""; }}
  proxy_http_version 1.1; proxy_set_header Host $http_host; proxy_set_header Connection $hop;
  proxy_set_header Upgrade $http_upgrade; proxy_set_header X-Spoken $server_protocol;
  proxy_set_header X-Shown $ssl_client_s_dn; proxy_set_header X-Name $ssl_server_name;
  {servers}
}}
"""
SERVER = """
  server {{ listen {address}:{port}{how};
    {certificate} {client} location / {{ proxy_pass http://127.0.0.1:{behind}; }} }}
"""


class Application(BaseHTTPRequestHandler):
    """Portal and CAS in one, told apart by the Host that was asked for: signs on over both, by Secure cookies."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self.server.asked.append((self.headers["Host"], self.path))
        path, cookies = self.path.partition("?")[0], self.headers.get("Cookie", "")
        if path == "/cas/login":
            self._answer(302, location=f"{self.server.portal}/?ticket=ST-1", cookie="TGC=1")
        elif path == "/ws":
            self._socket()
        elif path == "/chunks":
            self._chunks()
        elif path == "/big":
            self._answer(200, "x" * 300_000)
        elif "ticket=" in self.path:
            self._answer(302, location=f"{self.server.portal}/", cookie="session=1")
        elif path == "/" and "session=1" not in cookies and self.headers["Host"] in self.server.portal:
            self._answer(302, location=f"{self.server.cas}/cas/login?service=x")
        else:
            told = [self.headers.get(name, "") for name in ("Host", "X-Spoken", "Cookie", "X-Shown", "X-Name")]
            self._answer(200, "|".join(told))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self._answer(200, f"{len(body)} {hashlib.sha256(body).hexdigest()}")

    def _answer(self, status: int, text: str = "", *, location: str = "", cookie: str = "") -> None:
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        if cookie:
            self.send_header("Set-Cookie", f"{cookie}; Path=/; HttpOnly{'; Secure' * self.server.secure}")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def _chunks(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in (b"one ", b"two ", b"three", b""):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))

    def _socket(self) -> None:
        """Accept, and send one frame back as it came, unmasked."""
        key = hashlib.sha1(self.headers["Sec-WebSocket-Key"].encode() + MAGIC).digest()  # noqa: S324  RFC 6455
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(key).decode())
        self.end_headers()
        head = self.rfile.read(2)
        mask, size = self.rfile.read(4), head[1] & 0x7F
        text = bytes(each ^ mask[place % 4] for place, each in enumerate(self.rfile.read(size)))
        self.wfile.write(bytes([head[0], size]) + text)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@dataclass
class House:
    """Where portal, CAS and a portal for those with a client certificate are; `asked`: Host and path of each GET."""

    portal: str
    cas: str
    guarded: str
    access: Access
    authority: Authority | None
    asked: list[tuple[str, str]] = field(default_factory=list)


@contextlib.contextmanager
def house(folder: Path, how: str, *, named: str = f"DNS:{PORTAL}") -> Iterator[House]:
    """`how`: http, https (HTTP/1.1 alone), or h2; `named`: what the portal's certificate is for."""
    secure = how != "http"
    authority = Authority(folder) if secure else None
    ports = [free_port() for _ in range(3)]
    portal, cas, guarded = (
        f"http{'s' * secure}://{host}:{port}" for host, port in zip((PORTAL, CAS, PORTAL), ports, strict=True)
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), Application)
    server.asked, server.portal, server.cas, server.secure = [], portal, cas, secure
    server.handle_error = lambda *_: None
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    text = _configured(folder, server.server_port, ports, how, authority, named)
    (folder / "nginx.conf").write_text(text, encoding="utf-8")
    command = [shutil.which("nginx"), "-c", str(folder / "nginx.conf"), "-p", str(folder)]
    try:
        with command_alive(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
            until(lambda: all(map(_listening, ("127.0.0.1", CAS, "127.0.0.1"), ports)), 10, "nginx")
            access = Access(hosts=(PORTAL, CAS), certificates=str(authority.root) if authority else "")
            yield House(portal, cas, guarded, access, authority, server.asked)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def _configured(folder: Path, behind: int, ports: list[int], how: str, authority: Authority | None, named: str) -> str:
    text = {"http": "", "https": " ssl", "h2": " ssl http2"}[how]
    servers = []
    for name, address, port in (
        ("portal", "127.0.0.1", ports[0]),
        ("cas", CAS, ports[1]),
        ("own", "127.0.0.1", ports[2]),
    ):
        certificate = client = ""
        if authority is not None:
            names = f"IP:{CAS}" if name == "cas" else named
            made = authority.server(name, names=names)
            certificate = (
                f"ssl_certificate {made.with_suffix('.chain')}; ssl_certificate_key {made.with_suffix('.key')};"
            )
            if name == "own":
                client = f"ssl_verify_client on; ssl_client_certificate {authority.root};"
        servers.append(
            SERVER.format(address=address, port=port, how=text, certificate=certificate, client=client, behind=behind)
        )
    user = "user root;" if os.geteuid() == 0 else ""
    return NGINX.format(folder=folder, user=user, servers="".join(servers))


def _listening(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), 1).close()
    except OSError:
        return False
    return True

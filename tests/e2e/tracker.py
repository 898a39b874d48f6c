"""Sets up Roundup, an issue tracker from PyPI, with accounts and work set, and serves it until standard input ends."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

SETTINGS = {
    "backend": "sqlite", "domain": "ent.example", "password_pbkdf2_default_rounds": "1000", "login_attempts_min": "0",
}  # fmt: skip


class Server(ThreadingMixIn, WSGIServer):
    """A thread for each connection."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Says nothing of what it serves."""

    disable_nagle_algorithm = True

    def log_message(self, *_) -> None:
        pass


def set_up(home: Path, port: int, accounts: int) -> None:
    """An instance of Roundup's own classic template, with so many accounts whose password is `juste`."""
    admin = [sys.executable, "-c", "from roundup.scripts.roundup_admin import run; run()", "-i", str(home)]
    subprocess.run([*admin, "install", "classic", "sqlite"], check=True, capture_output=True)
    config = home / "config.ini"
    lines = config.read_text(encoding="utf-8").splitlines()
    wanted = {**SETTINGS, "web": f"http://127.0.0.1:{port}/"}
    seen = set()
    for number, line in enumerate(lines):
        name = line.lstrip("#").partition(" =")[0]
        if name in wanted and name not in seen and " =" in line:
            lines[number] = f"{name} = {wanted[name]}"
            seen.add(name)
    config.write_text("\n".join(lines), encoding="utf-8")
    subprocess.run([*admin, "initialise", "admin-1"], check=True, capture_output=True)
    from roundup import instance, password

    db = instance.open(str(home)).open("admin")
    secret = password.Password("juste", config=db.config)
    for persona in ("student", "teacher", "parent", "staff"):
        for number in range(accounts):
            name = f"{persona}-{number}"
            db.user.create(username=name, password=secret, roles="User", address=f"{name}@ent.example")
    for number in range(40):
        db.issue.create(title=f"Travail {number}")
    db.commit()
    db.close()


def main() -> None:
    home, accounts = Path(sys.argv[1]), int(sys.argv[2])
    os.environ["SENDMAILDEBUG"] = str(home.parent / "mail.txt")  # nothing is mailed
    server = make_server("127.0.0.1", 0, None, Server, Quiet)
    set_up(home, server.server_port, accounts)
    from roundup.cgi.wsgi_handler import RequestDispatcher

    server.set_app(RequestDispatcher(str(home)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()

"""A server whose answers are known in advance; `python server.py` prints its port and serves until its input ends.

/serial?s=S   one worker for everybody, first come first served, S seconds each
/now          at once
/busy?s=S     every second request is refused at once with 503, the others take S seconds
/drip         a byte every 50 ms, for ever
/ended        the monotonic time at which the worker was done with each request of /serial?s=S&n=N, by N, as JSON
"""

import itertools
import json
import os
import queue
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

waiting: queue.Queue[tuple[str, float, threading.Event]] = queue.Queue()
ended: dict[str, float] = {}
count = itertools.count()


def work() -> None:
    """The one worker. A request that follows another begins when that ended, however coarse the sleep."""
    free = 0.0
    while True:
        name, seconds, done = waiting.get()
        free = max(time.monotonic(), free) + seconds
        time.sleep(max(0.0, free - time.monotonic()))
        now = time.monotonic()
        if now - free > COARSE:  # this machine gave the processor to somebody else: the next begins when it is back
            free = now
        ended[name] = now
        done.set()


COARSE = 0.001  # seconds that a sleep may last too long without anybody's being asked


class Known(BaseHTTPRequestHandler):
    """Answers as its path says."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = parse_qs(parts.query)
        seconds = float(asked.get("s", ["0"])[0])
        if parts.path == "/serial":
            done = threading.Event()
            waiting.put((asked.get("n", [""])[0], seconds, done))
            done.wait()
        elif parts.path == "/ended":
            self.answer(200, json.dumps(ended).encode())
            return
        elif parts.path == "/busy":
            if next(count) % 2:
                self.answer(503)
                return
            time.sleep(seconds)
        elif parts.path == "/drip":
            self.drip()
            return
        self.answer(200)

    def answer(self, status: int, body: bytes = b"ok") -> None:
        self.wfile.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body))

    def drip(self) -> None:
        self.close_connection = True
        try:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while True:
                self.wfile.write(b".")
                time.sleep(0.05)
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        return


class Server(ThreadingHTTPServer):
    """With room for everybody who is waiting."""

    request_queue_size = 1024
    daemon_threads = True


if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), Known)
    threading.Thread(target=work, daemon=True).start()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()
    os._exit(0)

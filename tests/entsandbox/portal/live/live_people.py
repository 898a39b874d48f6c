"""People in chat rooms and video classes, through an independent WebSocket client (websocket-client)."""

import json
import re
import time
from contextlib import contextmanager
from html import unescape
from typing import NamedTuple

import websocket


def links(client, person, path):
    """The rooms that someone's page declares, by name."""
    page = client.get(f"/etab/{person.uai}/{path}")
    declared = unescape(re.search(r'data-live="([^"]*)"', page.text)[1]).split()
    return {link.partition("?")[0].rpartition("/")[2]: link for link in declared}


class Closing(NamedTuple):
    """The other side's closing."""

    code: int
    reason: str


class Someone:
    """One open socket, and what has been heard on it."""

    def __init__(self, socket):
        self.socket, self.media_bytes, self.numbers = socket, 0, []

    @property
    def chunks(self):
        """How many media chunks were heard."""
        return len(self.numbers)

    def leave(self):
        """Close, and give the descriptor back whatever the other side does."""
        self.socket.close(timeout=0)
        self.socket.shutdown()

    def say(self, **message):
        """Send a message."""
        self.socket.send(json.dumps(message))

    def next(self, seconds=10):
        """The next frame: a message, the length of a chunk, or a closing."""
        self.socket.settimeout(seconds)
        code, data = self.socket.recv_data()
        if code == websocket.ABNF.OPCODE_TEXT:
            return json.loads(data)
        if code == websocket.ABNF.OPCODE_BINARY:
            self.numbers.append(int.from_bytes(data[:8]))
            self.media_bytes += len(data)
            return len(data)
        return Closing(int.from_bytes(data[:2], "big"), data[2:].decode())

    def hear(self, kind, seconds=10, **holds):
        """The next message of a kind that holds these values; what comes before is passed over."""
        return self._until(
            lambda found: isinstance(found, dict) and {"type": kind, **holds}.items() <= found.items(), seconds
        )

    def closing(self, seconds=10):
        """The code with which the sandbox closes."""
        return self._until(lambda found: isinstance(found, Closing), seconds).code

    def _until(self, wanted, seconds):
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            found = self.next(left)
            if wanted(found):
                return found
            assert not isinstance(found, Closing), found
        raise AssertionError("waited in vain")


def connect(sandbox, client, link, *, origin=None, cookie=None):
    """Open a socket with a browser's cookies; raises WebSocketBadStatusException when refused."""
    jar = "; ".join(f"{each.name}={each.value}" for each in client.cookies.jar if each.path.startswith("/etab"))
    return Someone(
        websocket.create_connection(
            sandbox.url.replace("http", "ws") + link,
            cookie=jar if cookie is None else cookie,
            origin=origin or sandbox.url,
            timeout=10,
            enable_multithread=False,
        )
    )


@contextmanager
def inside(sandbox, person, path, room=None):
    """Someone signed on and in a room (their first) until the block ends."""
    with sandbox.client() as client:
        sandbox.sign_on(client, person)
        found = links(client, person, path)
        someone = connect(sandbox, client, found[room] if room else next(iter(found.values())))
        try:
            yield someone
        finally:
            someone.leave()

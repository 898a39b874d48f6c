"""A visitor in chat rooms and video classes: what counts as joined, shed, failed; what breaks behind the page."""

import importlib.util
import json
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import gevent
import pytest
from tests.lone_session import LoneSession
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Message, TextMessage

from entsurge.drivers import live
from entsurge.drivers.portal import PortalDriver
from entsurge.drivers.portal_pages import PortalState
from entsurge.drivers.registry import Setting
from entsurge.visit.outcome import Outcome
from entsurge.visit.visitor_api import SENTENCES


def beside(folder, name):
    """A file of another test folder as a module."""
    path = Path(__file__).parent.parent / folder / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"{folder}_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ok, Raw = beside("client", "conftest").ok, beside("client", "conftest").Raw
accepting = beside("client", "test_websocket").accepting
CHUNK = b"\0" * 1000
JOINED = {"type": "joined", "room": "2DE1", "present": 1, "heartbeat_seconds": 0.2, "history": []}
STREAM = {**JOINED, "receive_kbps": 160, "send_kbps": 80, "chunk_seconds": 0.05}  # 1000 bytes each 50 ms


class Visitor(LoneSession):
    """Somebody who is in the portal."""

    def __init__(self, url, deadline_seconds=2.0):
        super().__init__(deadline_seconds=deadline_seconds, zero=time.monotonic())
        self.memory.keep(PortalState(portal=f"{url}/etab/9990001X", csrf="token"))


def counts(record):
    return Counter((page, outcome) for _, page, outcome, _ in record.requests)


def page(service):
    live = "/etab/9990001X/direct/x/2DE1?a=1&amp;sceau=b"
    text = f'<meta name="ent-service" content="{service}"><body data-live="{live}">'
    return ok(text.encode(), b"Content-Type: text/html")


class Side:
    """The server's side of an open socket."""

    def __init__(self, sock, head):
        self.sock, self.frames, self.heard, self.media = sock, Connection(ConnectionType.SERVER), [], 0
        sock.sendall(accepting(head))

    def tell(self, *messages):
        for message in messages:
            data = message if isinstance(message, bytes) else json.dumps(message)
            self.sock.sendall(bytes(self.frames.send(Message(data=data))))

    def close(self, code):
        self.sock.sendall(bytes(self.frames.send(CloseConnection(code=code, reason="fini"))))
        while self.sock.recv(65536):  # a wire that is closed with something unread is reset
            pass

    def listen(self, answer=lambda message: None):
        """Answer messages until the visitor goes."""
        while data := self.sock.recv(65536):
            self.frames.receive_data(data)
            for event in self.frames.events():
                if isinstance(event, TextMessage):
                    self.heard.append(json.loads(event.data))
                    if (found := answer(self.heard[-1])) is not None:
                        self.tell(found)
                elif isinstance(event, BytesMessage):
                    self.media += len(event.data)
                elif isinstance(event, CloseConnection):
                    self.sock.sendall(bytes(self.frames.send(event.response())))
                    return


def beats(message):
    """Answers heartbeats."""
    return message if message["type"] == "heartbeat" else None


@pytest.fixture
def scene():
    """A server whose pages declare a room that behaves as `room(side)` says; opens one and stays so long."""
    made = []

    def play(service, action, room, seconds, **more):
        sides = []

        def answer(sock, head, _number):
            if b"Upgrade: websocket" not in head:
                sock.sendall(page(service))
                return None
            if isinstance(room, bytes):
                sock.sendall(room)
                return "close"
            sides.append(Side(sock, head))
            room(sides[-1])
            return "close"

        server = Raw(answer)
        visitor = Visitor(server.url, **more)
        made.append((server, visitor))
        result = PortalDriver(Setting(server.url)).open(visitor, service, action)
        if result.live is not None:
            result.live.until(visitor.run_context.now_us() + int(seconds * 1e6))
        return SimpleNamespace(
            result=result, record=visitor.record, written=visitor.written, counts=counts(visitor.record),
            sides=sides, heads=server.heads, visitor=visitor,
        )  # fmt: skip

    with gevent.Timeout(60):
        yield play
    for server, visitor in made:
        visitor.client.close()
        server.server.stop(timeout=0.1)


def talks(side):
    """A chat room with somebody else in it."""
    side.tell(JOINED, {"type": "said", "who": "autre", "text": "bonjour", "number": 1})

    def answer(message):
        if message["type"] == "say":
            return {"type": "said", "id": message["id"], "text": message["text"], "who": "moi", "number": 2}
        return beats(message)

    side.listen(answer)


def streams(side, seconds=60.0, answer=beats):
    """A video class that sends its stream for so long."""
    side.tell(STREAM)

    def send():
        limit, due = time.monotonic() + seconds, time.monotonic()
        while time.monotonic() < limit:
            side.tell(CHUNK)
            due += 0.05
            gevent.sleep(max(0, due - time.monotonic()))

    sending = gevent.spawn(send)
    try:
        side.listen(answer)
    finally:
        sending.kill()


def test_a_pupil_in_a_chat_room(scene) -> None:
    """Joins, says one sentence, hears it come back and the others; heartbeats go on; what was written is listed."""
    done = scene("chat", "say-in-chat", talks, 0.9)
    assert done.result.outcome is Outcome.OK
    assert done.result.live.room.heard == 1
    counts = done.counts
    assert (counts["live-connect", "ok"], counts["live-join", "ok"], counts["live-message", "ok"]) == (1, 1, 1)
    assert counts["live-heartbeat", "ok"] >= 2
    assert done.record.failures == []
    said = [message for message in done.sides[0].heard if message["type"] == "say"]
    assert [message["text"] for message in said] in ([each] for each in SENTENCES)
    ((action, url, _),) = done.written
    assert (action, url.rpartition("/etab")[2]) == ("say-in-chat", "/9990001X/chat/2")
    head = done.heads[-1]
    assert head.startswith(b"GET /etab/9990001X/direct/x/2DE1?a=1&sceau=b HTTP/1.1")
    assert b"Origin: http://127.0.0.1:" in head


def test_who_only_reads_says_nothing(scene) -> None:
    """The action that writes nothing writes nothing, in chat and in a video class."""
    chat = scene("chat", "open-chat", talks, 0.4)
    assert {message["type"] for message in chat.sides[0].heard} == {"heartbeat"}
    assert chat.record.writings == []
    video = scene("video-class", "open-video-class", streams, 0.4)
    assert video.sides[0].media == 0


def test_a_stay_lasts_as_long_as_the_page(scene) -> None:
    """The room is left in time: the next page is not late on its account."""
    began = time.monotonic()
    scene("video-class", "open-video-class", streams, 0.6)
    assert 0.4 <= time.monotonic() - began < 3  # the room itself would go on for ever


def test_media_keeps_its_bitrate(scene) -> None:
    """Bytes received are bitrate × seconds; a teacher's own go up at theirs."""
    done = scene("video-class", "hold-video-class", streams, 2.0)
    assert done.counts["live-first-media", "ok"] == 1
    assert done.counts["live-media", "ok"] == 1
    assert done.result.live.room.media_bytes == pytest.approx(160 * 125 * 1.8, rel=0.15)
    assert done.sides[0].media == pytest.approx(80 * 125 * 1.8, rel=0.15)
    assert done.record.failures == []


def test_media_that_stops_is_a_failed_request(scene) -> None:
    """A stream that dries up fails as stalled or starved, with an example; the page itself was joined."""
    done = scene("video-class", "open-video-class", lambda side: streams(side, seconds=0.3), 1.5)
    assert done.result.outcome is Outcome.OK
    assert done.counts["live-media", "failed"] == 1
    ((signature, row),) = done.record.failures
    assert signature == "video-class live-media starved"
    assert row["request"]["url"].endswith("/direct/x/2DE1")
    silence = next(us for _, name, _, us in done.record.requests if name == "live-media")
    assert silence > 800_000


def test_media_that_never_comes_is_a_failed_request(scene) -> None:
    """Joined, and nothing is shown."""

    def silent(side):
        side.tell(STREAM)
        side.listen(beats)

    done = scene("video-class", "open-video-class", silent, 1.3)
    assert done.counts["live-first-media", "failed"] == 1


def test_a_dropped_socket_is_a_failed_request(scene) -> None:
    """Closed in the middle, by word or without one: noted, and the visit goes on."""
    for drop, reason in ((lambda side: side.close(1011), "closed 1011"), (lambda side: None, "reset")):

        def drops(side, drop=drop):
            side.tell(JOINED)
            gevent.sleep(0.1)
            drop(side)

        done = scene("chat", "open-chat", drops, 0.5)
        assert done.result.outcome is Outcome.OK
        assert done.counts["live-socket", "failed"] == 1
        assert done.record.failures[0][0] == f"chat live-socket {reason}"


def test_a_visitor_comes_back_after_a_drop(scene, monkeypatch) -> None:
    """Dropped, refused once, then let in again: second attempts are told apart; the sentence is not said twice."""
    monkeypatch.setattr(live, "FIRST_PAUSE_SECONDS", 0.05)
    opened = []

    def falls(side):
        opened.append(side)
        if len(opened) == 1:
            side.tell(JOINED)
            side.listen(lambda message: side.sock.close() if message["type"] == "say" else None)
        elif len(opened) == 2:
            side.close(1013)
        else:
            talks(side)

    done = scene("chat", "say-in-chat", falls, 0.9)
    assert done.result.ok
    assert done.counts["live-socket", "failed"] == 1
    assert done.counts["live-join", "failed"] == 1
    joins = [attempt for page, attempt in done.record.attempts if page == "live-join"]
    assert joins == ["first", "retry", "retry"]
    assert [message["type"] for message in opened[2].heard].count("say") == 0
    assert done.counts["live-message", "ok"] == 0


def test_a_heartbeat_without_an_answer_is_a_failed_request(scene) -> None:
    """Every interval without an answer is one."""

    def deaf(side):
        side.tell(JOINED)
        side.listen()

    done = scene("chat", "open-chat", deaf, 0.8)
    assert done.counts["live-heartbeat", "failed"] >= 2
    assert done.counts["live-heartbeat", "ok"] == 0


def test_words_that_do_not_come_back(scene) -> None:
    """Unanswered is failed; refused for their number is shed; refused otherwise is failed."""

    def refuses(reason):
        def room(side):
            side.tell(JOINED)
            side.listen(
                lambda message: {"type": "refused", "id": "1", "reason": reason} if message["type"] == "say" else None
            )

        return room

    def ignores(side):
        side.tell(JOINED)
        side.listen(beats)

    assert scene("chat", "say-in-chat", ignores, 1.9).counts["live-message", "failed"] == 1
    assert scene("chat", "say-in-chat", refuses("too-fast"), 0.4).counts["live-message", "shed"] == 1
    assert scene("chat", "say-in-chat", refuses("unavailable"), 0.4).counts["live-message", "failed"] == 1


def test_a_measure_that_closes_the_room_sheds(scene) -> None:
    """Put out by a measure, before joining or after: shed, not failed."""

    def closes(side):
        side.tell(JOINED)
        gevent.sleep(0.05)
        side.close(4003)

    assert scene("chat", "open-chat", closes, 0.4).counts["live-socket", "shed"] == 1
    at_once = scene("chat", "open-chat", lambda side: side.close(4003), 0.6)
    assert (at_once.result.outcome, at_once.result.reason) == (Outcome.SHED, "closed-by-measure")


def test_waiting_is_the_page_s_own_time(scene) -> None:
    """Let in after a while: joined, and the wait is in the time of joining."""

    def lets_in(side):
        side.tell({"type": "waiting", "reason": "full", "position": 1})
        gevent.sleep(0.3)
        side.tell(JOINED)
        side.listen(beats)

    done = scene("video-class", "open-video-class", lets_in, 0.3)
    assert done.result.ok
    (join,) = [us for _, name, _, us in done.record.requests if name == "live-join"]
    assert join > 250_000


def test_still_waiting_at_the_deadline_is_shed(scene) -> None:
    """A waiting room that nobody calls from is a refusal on purpose; silence there is a failure."""

    def waits(side):
        side.tell({"type": "waiting", "reason": "full", "position": 9})
        side.listen()

    done = scene("video-class", "open-video-class", waits, 1, deadline_seconds=0.4)
    assert (done.result.outcome, done.result.reason, done.result.live) == (Outcome.SHED, "waiting-room", None)
    silent = scene("chat", "open-chat", lambda side: side.listen(), 1, deadline_seconds=0.4)
    assert (silent.result.outcome, silent.result.reason) == (Outcome.FAILED, "timeout")


@pytest.mark.parametrize(
    ("answer", "outcome", "reason"),
    [
        (ok(b"{}", status=b"429 Too Many Requests"), Outcome.SHED, "429"),
        (ok(b"La visio est suspendue", b"Content-Type: text/html"), Outcome.SHED, "200"),
        (ok(b"{}", status=b"403 Forbidden"), Outcome.FAILED, "403"),
        (ok(b"bonjour", b"Content-Type: text/html"), Outcome.FAILED, "200"),
        (b"", Outcome.FAILED, "reset"),
    ],
    ids=["too many", "closed by a measure", "forbidden", "no WebSocket", "dropped"],
)
def test_not_let_in(scene, answer, outcome, reason) -> None:
    """What is answered instead of a WebSocket is read as any page's answer is."""
    done = scene("video-class", "open-video-class", answer, 0.1)
    assert (done.result.outcome, done.result.reason) == (outcome, reason)
    assert done.counts["live-connect", "failed"] == 1


@pytest.mark.parametrize(
    "noise", ["{", "[]", "3", '"joined"', "[" * 100_000], ids=["begun", "list", "number", "text", "too deep"]
)
def test_nonsense_in_a_room_is_a_failure_never_a_crash(scene, noise) -> None:
    """What is no message of the protocol fails the page before joining, the socket after."""

    def before(side):
        side.sock.sendall(bytes(side.frames.send(Message(data=noise))))
        side.listen()

    def after(side):
        side.tell(JOINED)
        before(side)

    assert scene("chat", "open-chat", before, 0.5).result.reason == "protocol"
    assert scene("chat", "open-chat", after, 0.5).counts["live-socket", "failed"] == 1


def test_strange_values_are_lived_with(scene) -> None:
    """Numbers that are none, in what joining tells: defaults stand in."""

    def odd(side):
        side.tell(
            {**STREAM, "heartbeat_seconds": "soon", "chunk_seconds": 1e-9, "receive_kbps": -3, "send_kbps": 1e999}
        )
        side.listen(beats)

    assert scene("video-class", "hold-video-class", odd, 0.6).result.ok


def test_a_page_without_a_room_is_a_page(scene) -> None:
    """An ENT whose page declares nothing live has no stay, and no failure."""
    server = Raw(ok(b'<meta name="ent-service" content="chat"><body>'))
    visitor = Visitor(server.url)
    try:
        result = PortalDriver(Setting(server.url)).open(visitor, "chat", "open-chat")
        assert result.ok
        assert result.live is None
    finally:
        visitor.client.close()
        server.server.stop(timeout=0.1)

"""Viewers have bounded queues: who stops reading is dropped, and nobody else notices."""

import asyncio
import socket

import uvicorn

from entsurge.live import server as served
from entsurge.live.admission import LOOPBACK_NAMES, Admission
from entsurge.live.app import application
from entsurge.live.look import Look
from entsurge.live.server import Protocol, Server, bind, tell
from entsurge.live.viewers import MOST_VIEWERS, MOST_WAITING, Viewers


def test_a_full_queue_drops_its_viewer_alone() -> None:
    """Whoever takes what is told stays; whoever does not is dropped at the first event that has no room."""

    async def scene() -> None:
        viewers = Viewers()
        reads, sleeps = viewers.join(), viewers.join()
        for number in range(MOST_WAITING + 1):
            assert not sleeps.dropped.is_set()
            viewers.tell(str(number))
            assert await reads.waiting.get() == str(number)
        assert sleeps.dropped.is_set()
        assert viewers.present == {reads}
        assert sleeps.waiting.qsize() == MOST_WAITING

    asyncio.run(scene())


def test_a_newcomer_is_told_the_last_event_at_once() -> None:
    """A reload and a second viewer need no history."""

    async def scene() -> None:
        viewers = Viewers()
        viewers.tell("before")
        viewers.tell("last")
        assert viewers.join().waiting.get_nowait() == "last"

    asyncio.run(scene())


def test_there_are_only_so_many() -> None:
    """One more is refused; when one leaves there is room again, and when all have left nobody is there."""

    async def scene() -> None:
        viewers = Viewers()
        all_of_them = [viewers.join() for _ in range(MOST_VIEWERS)]
        assert viewers.join() is None
        assert not viewers.nobody.is_set()
        viewers.leave(all_of_them[0])
        assert viewers.join() is not None
        for each in list(viewers.present):
            viewers.leave(each)
        assert viewers.nobody.is_set()

    asyncio.run(scene())


async def connected(port: int, *, small: bool) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A viewer over TCP; a `small` one whose kernel keeps next to nothing for it."""
    made = socket.socket()
    if small:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.setblocking(False)
    await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=made, limit=2048 if small else 1 << 20)
    writer.write(f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    return reader, writer


def test_over_the_wire_who_stops_reading_is_hung_up_on(grow) -> None:
    """Two viewers over TCP, one of whom reads nothing: that one's connection goes, the other one has every event."""

    async def scene() -> None:
        viewers, bound = Viewers(), bind("127.0.0.1", 0)
        port = bound.getsockname()[1]
        app = application(Look(grow().path), viewers, Admission(LOOPBACK_NAMES, port))
        server = Server(uvicorn.Config(app, http=Protocol, ws="none", lifespan="off", log_config=None))
        serving = asyncio.create_task(server.serve([bound]))
        sleeper, asleep = await connected(port, small=True)
        awake, leaving = await connected(port, small=False)
        for each in (sleeper, awake):
            await each.readuntil(b"\r\n\r\n")
        told = 0
        while len(viewers.present) == 2 and told < 500:
            viewers.tell(f"data: {told} {'x' * 20_000}\n\n")
            await awake.readuntil(f"data: {told} ".encode())
            told += 1
        assert len(viewers.present) == 1
        viewers.tell("data: still there\n\n")
        await awake.readuntil(b"data: still there")
        for each in (asleep, leaving):
            each.close()
        server.should_exit = True
        await serving

    asyncio.run(asyncio.wait_for(scene(), 60))


def test_what_cannot_be_shown_ends_no_page(grow, monkeypatch, capsys) -> None:
    """A look that fails is said in one line; the next one is shown, and viewers are still there."""

    async def scene() -> None:
        viewers, look = Viewers(), Look(grow().path)
        viewer = viewers.join()
        with monkeypatch.context() as patched:
            patched.setattr(Look, "snapshot", lambda _: 1 / 0)
            await tell(look, viewers, "look")
        assert viewer.waiting.empty()
        await tell(look, viewers, "look")
        assert viewer.waiting.get_nowait().startswith("event: look\ndata: {")

    asyncio.run(scene())
    assert capsys.readouterr().err == "entsurge: live page: ZeroDivisionError: division by zero\n"


def test_a_viewer_who_stays_to_the_end_is_let_go_in_order(grow, monkeypatch, caplog) -> None:
    """Whoever keeps the stream open when the page ends has had the last word, is hung up on, and no error is logged."""
    monkeypatch.setattr(served, "LAST_SECONDS", 0.0)

    async def scene() -> None:
        viewers, bound, over = Viewers(), bind("127.0.0.1", 0), asyncio.Event()
        look = Look(grow().path)
        app = application(look, viewers, Admission(LOOPBACK_NAMES, bound.getsockname()[1]))
        config = uvicorn.Config(
            app, http=Protocol, ws="none", lifespan="off", log_config=None, timeout_graceful_shutdown=1
        )
        server = Server(config)
        looking = asyncio.create_task(served._look(look, viewers, over, server))
        serving = asyncio.create_task(server.serve([bound]))
        stays, held = await connected(bound.getsockname()[1], small=False)
        await stays.readuntil(b"event: look")
        over.set()
        await stays.readuntil(b"event: over")
        await serving
        await looking
        held.close()
        assert not viewers.present

    asyncio.run(asyncio.wait_for(scene(), 60))
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []

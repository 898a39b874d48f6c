"""Passes TCP on, both ways, so many seconds late. `python late_relay.py PORT HOST:PORT SECONDS`; until it is ended."""

import asyncio
import sys


async def late(source: asyncio.StreamReader, sink: asyncio.StreamWriter, seconds: float) -> None:
    """Everything that comes, in order, each piece so much later."""
    loop, pieces = asyncio.get_running_loop(), asyncio.Queue()

    async def hand_on() -> None:
        while True:
            due, piece = await pieces.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            if not piece:
                sink.close()
                return
            sink.write(piece)

    handing = asyncio.create_task(hand_on())
    while piece := await source.read(65_536):
        pieces.put_nowait((loop.time() + seconds, piece))
    pieces.put_nowait((loop.time() + seconds, b""))
    await handing


async def main(port: int, there: str, seconds: float) -> None:
    host, _, there_port = there.rpartition(":")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(host, int(there_port))
        except OSError:  # nobody there yet
            writer.close()
            return
        await asyncio.gather(
            late(reader, far_writer, seconds), late(far_reader, writer, seconds), return_exceptions=True
        )

    async with await asyncio.start_server(serve, "127.0.0.1", port) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], float(sys.argv[3])))

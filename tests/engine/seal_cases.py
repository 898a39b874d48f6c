"""Locust's sockets of a master and a worker with secrets of their own. `python seal_cases.py MASTERS WORKERS`.

Prints what the master heard of three words, how many strangers it counted, and whether the worker was shut out.
"""

import locust  # isort: skip  # noqa: F401  it patches the process, as in the engine

import json
import sys
import time

import gevent
from locust.rpc import Message, zmqrpc

from entsurge.engine.seal import Seal


def main(masters: str, workers: str) -> None:
    heard, shut_out = [], []
    master = Seal(masters)
    master.install()
    server = zmqrpc.Server("127.0.0.1", 0)

    def listen() -> None:
        while True:
            identity, message = server.recv_from_client()
            heard.append(message.data)
            server.send_to_client(Message("heard", message.data, identity))

    listening = gevent.spawn(listen)
    Seal(workers, on_refusal=shut_out.append).install()
    client, told = zmqrpc.Client("127.0.0.1", server.port, "worker"), []
    for number in range(3):
        client.send(Message("word", number, "worker"))
    answers = gevent.spawn(lambda: [told.append(client.recv().data) for _ in range(3)])
    limit = time.monotonic() + 30
    while (
        not answers.ready()
        and not (shut_out and (master.strangers or not (masters and workers)))
        and time.monotonic() < limit
    ):
        gevent.sleep(0.01)
    listening.kill()
    answers.kill()
    print(json.dumps({"heard": heard, "told": told, "strangers": master.strangers > 0, "shut_out": bool(shut_out)}))


if __name__ == "__main__":
    main(*sys.argv[1:])

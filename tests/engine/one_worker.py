"""One worker process whose master is played here: no wire, nothing answers at the target. `python one_worker.py CASE`.

`descriptors`: too few for the plan, the master refuses; `early`: told to stop before the run begins; `leaves`: in the
middle; `over`: the run ends; `odd`: the master sends nonsense. Prints what the worker said, by name, and its code.
"""

import locust  # isort: skip  # noqa: F401  it patches the process, as in the engine

import json
import os
import resource
import signal
import sys
import tempfile
import time
from types import SimpleNamespace
from typing import Any

import gevent

from entsurge.engine import messages, worker
from entsurge.engine.messages import Message, to_wire
from entsurge.engine.shards import SHARDS
from entsurge.engine.spec import RunSpec

TARGET = "http://127.0.0.1:9"


class Master:
    """In the place of Locust's worker runner: answers what the worker says as the case has it."""

    def __init__(self, case: str, folder: str) -> None:
        self.case, self.said, self.listeners = case, [], {}
        self.spec = RunSpec(profile=sys.argv[2], url=TARGET, out=f"{folder}/run")
        self.greenlet = SimpleNamespace(kill=lambda block: None)

    def register_message(self, name: str, listener: Any, concurrent: bool = False) -> None:
        self.listeners[name] = listener

    def says(self, message: Message) -> None:
        self.says_data(message.name, to_wire(message))

    def says_data(self, name: str, data: object) -> None:
        gevent.spawn(self.listeners[f"entsurge-{name}"], msg=SimpleNamespace(node_id="w", data=data))

    def send_message(self, name: str, data: dict[str, Any]) -> None:
        name = name.removeprefix("entsurge-")
        self.said.append((name, data))
        if name == "hello":
            gevent.spawn_later(0.01, self.says, messages.Task(self.spec.to_json()))
        elif name == "ready":
            self.ready(data["problem"])
        elif name == "leaving" and self.case == "leaves":
            until_us = int((time.monotonic() - self.zero) * 1e6) + 500_000
            self.says(messages.Release(1, list(range(SHARDS)), until_us))
        elif name == "report":
            self.says(messages.Acknowledged(data["sequence"]))

    def ready(self, problem: str) -> None:
        if self.case == "descriptors":
            self.says(messages.Refused(problem))
        elif self.case == "early":
            os.kill(os.getpid(), signal.SIGTERM)
        elif self.case == "odd":
            self.says_data("begin", {"zero": "noon"})
        else:
            self.zero = time.monotonic()
            self.says(messages.Gain(list(range(SHARDS)), 0, []))
            self.says(messages.Begin(self.zero))
            if self.case == "leaves":
                gevent.spawn_later(1.5, os.kill, os.getpid(), signal.SIGTERM)
            else:
                gevent.spawn_later(1.5, self.says, messages.End(1_000_000))


def main(case: str) -> None:
    if case == "descriptors":
        resource.setrlimit(resource.RLIMIT_NOFILE, (80, 80))
    with tempfile.TemporaryDirectory() as folder:
        master = Master(case, folder)
        worker.Environment = lambda: SimpleNamespace(create_worker_runner=lambda host, port: master)  # type: ignore[misc]
        code = worker.Worker("127.0.0.1", 9).run()
    reports = [data for name, data in master.said if name == "report"]
    rows = [row for report in reports for row in report["parcel"]["visits"]]
    released = next((data["until_us"] for name, data in master.said if name == "released"), 0)
    print(json.dumps({
        "code": code, "said": [name for name, _ in master.said], "ended": dict(master.said).get("ended"),
        "reports": len(reports), "visits": len(rows), "last_due_us": max((row["due_us"] for row in rows), default=0),
        "released_us": released, "lived": time.monotonic() - getattr(master, "zero", time.monotonic()),
    }))  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1])

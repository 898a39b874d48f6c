"""A visitor's session without a visit: the real requests, memory and chances; hops and what was written are kept."""

import random
from types import SimpleNamespace

from entsurge.client.access import Access
from entsurge.client.allow_list import AllowList
from entsurge.client.client import Client
from entsurge.visit.run_context import RunContext
from entsurge.visit.session import Memory
from entsurge.visit.visitor_api import VisitorApi


class Record:
    """Keeps what is recorded."""

    def __init__(self):
        self.requests, self.failures, self.writings, self.attempts = [], [], [], []

    def request(self, key, microseconds):
        self.requests.append((key.service, key.page, key.outcome, microseconds))
        self.attempts.append((key.page, key.attempt))

    def failure(self, _t, signature, row):
        self.failures.append((signature, row))

    def created(self, row):
        self.writings.append(row)


def _as(allow: AllowList) -> Access:
    return Access(hosts=tuple(allow.hosts), networks=tuple(map(str, allow.networks)))


class LoneSession(VisitorApi):
    """What a driver or a sign-on method sees; it may speak to loopback."""

    def __init__(self, *, client: Client | None = None, deadline_seconds: float = 10.0, **context):
        self.record = Record()
        self.client = client or Client(allow=AllowList(), headers={"User-Agent": "test"})
        self._context = RunContext(
            driver=None, population=None, record=self.record, access=_as(self.client.allow), patience={},
            deadline_seconds=deadline_seconds, **context,
        )  # fmt: skip
        self.memory, self.random = Memory(), random.Random(1)
        self.plan = SimpleNamespace(
            persona="student", group="Lyon", phase="surge", name="v", account=0, kind="first", number=0, device=""
        )
        self.service, self.action = "", ""
        self.hops: list[tuple[str, str]] = []

    @property
    def run_context(self) -> RunContext:
        return self._context

    def hopped(self, step, outcome, microseconds):
        assert microseconds >= 0
        self.hops.append((step, str(outcome)))

    @property
    def written(self):
        """(action, URL, values) of everything that was written."""
        return [(row["action"], row["url"], row["values"]) for row in self.record.writings]

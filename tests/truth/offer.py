"""Offers visits of one page at given instants through the engine's own scheduler, client and recorder.

`python offer.py JSON` with {url, paths, dues_us, deadline}; prints {corrected, service, outcomes, lags_us, left, zero}.
"""

import locust  # isort: skip  # noqa: F401  it patches the process, as in the engine

import json
import sys
import time
from collections import Counter
from types import SimpleNamespace

import gevent
import numpy as np

from entsurge.audience.persona import PERSONAS
from entsurge.audience.shape import Patience
from entsurge.client.access import Access
from entsurge.client.failure import ClientError
from entsurge.engine.scheduler import Scheduler
from entsurge.plan.arrivals import PagePlan, VisitPlan
from entsurge.record.histogram import upper_ends
from entsurge.record.parcel import Outbox
from entsurge.record.recorder import Recorder
from entsurge.scenario import Visitor, journey
from entsurge.visit.driver import Account, ActionSpec
from entsurge.visit.outcome import Outcome, PageResult
from entsurge.visit.run_context import RunContext


class Plain:
    """A driver whose pages are single documents; nobody signs on."""

    actions = {"open-home": ActionSpec("home")}

    def __init__(self, url: str, paths: list[str]) -> None:
        self.url, self.paths = url, paths

    def sign_on(self, visitor: Visitor, account: Account) -> PageResult:
        return PageResult(Outcome.OK)

    def open(self, visitor: Visitor, service: str, action: str) -> PageResult:
        try:
            answer = visitor.get(self.url + self.paths[visitor.plan.account])
        except ClientError as error:
            return PageResult(Outcome.FAILED, error.reason)
        return PageResult(self.classify(answer), str(answer.status))

    def classify(self, response) -> Outcome:
        return Outcome.OK if response.status == 200 else Outcome.FAILED


class Caller(Visitor):
    """Opens one page."""

    persona = "student"

    @journey("home")
    def call(self):
        yield "open-home"

    def _account(self, context: RunContext) -> Account:
        return Account("student", "x", "x", "x", "x")


def main() -> None:
    told = json.loads(sys.argv[1])
    box = Outbox()
    recorder = Recorder(box)
    context = RunContext(
        driver=Plain(told["url"], told["paths"]), population=None, record=recorder, access=Access(),
        patience=dict.fromkeys(PERSONAS, Patience(shed=1, failed=2)), deadline_seconds=told["deadline"],
    )  # fmt: skip
    plans = [
        VisitPlan(str(number), "student", "g", number, due, "surge", (PagePlan("home", 0),))
        for number, due in enumerate(told["dues_us"])
    ]
    environment = SimpleNamespace(entsurge=context, events=SimpleNamespace(), runner=None, host="", stop_timeout=None)
    scheduler = Scheduler(plans, {"student": Caller}, environment, most=100_000)
    context.zero = time.monotonic() + 0.2
    limit = time.monotonic() + told["seconds"]
    scheduler.run()
    while len(scheduler.visits) and time.monotonic() < limit:
        gevent.sleep(0.01)
    lags = list(context.lags_us)
    recorder.fold(0)
    parcel = box.take(0)
    keys, buckets, counts = (np.frombuffer(column, np.int32) for column in parcel["columns"])
    found = {"corrected": [], "service": []}
    outcomes = Counter()
    for key, bucket, count in zip(
        keys.tolist(), upper_ends(buckets.astype(np.int64)).tolist(), counts.tolist(), strict=True
    ):
        described = parcel["keys"][key]
        if described["kind"] != "page" or described["service"] != "home":
            continue
        found[described["timing"]] += [[described["outcome"], bucket]] * count
        if described["timing"] == "service":
            outcomes[described["outcome"]] += count
    print(
        json.dumps(
            {**found, "outcomes": outcomes, "lags_us": lags, "left": len(scheduler.visits), "zero": context.zero}
        )
    )


if __name__ == "__main__":
    main()

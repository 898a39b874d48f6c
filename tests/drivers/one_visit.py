"""Lives one planned visit over a driver in TOML, in a process of its own; prints what was recorded as JSON."""

import json
import sys
import time
from types import SimpleNamespace

import locust

from entsurge.audience.shape import Patience
from entsurge.client.access import Access
from entsurge.drivers import registry
from entsurge.plan.arrivals import PagePlan, VisitPlan
from entsurge.targets.accounts import AccountBook, Person
from entsurge.visit.run_context import RunContext
from entsurge.visit.visitor import Visitor, journey


class Reader(Visitor):
    """Opens one page of home."""

    abstract = False
    persona = "student"

    @journey("home")
    def read(self):
        yield "open-home"


class Requests:
    """Keeps the requests of a page with their outcome."""

    def __init__(self, record, of):
        self.record, self.of = record, of

    def add(self, outcome, protocol, timing):
        self.record.request(self.of._replace(outcome=outcome), timing.total_us)

    def forgave(self, outcome, reason, microseconds):
        """Not looked at."""


class Record:
    """Keeps everything."""

    def __init__(self):
        self.kept = {"pages": [], "requests": [], "failures": [], "visits": []}

    def page(self, key, corrected_us, service_us):
        self.kept["pages"].append([key.page, key.outcome, service_us])

    def request(self, key, microseconds):
        self.kept["requests"].append([key.page, key.outcome, microseconds])

    def requests(self, of):
        return Requests(self, of)

    def connection(self, of, protocol, how, times_us):
        """Not looked at."""

    def failure(self, t, signature, row):
        self.kept["failures"].append(signature)

    def visit(self, row):
        self.kept["visits"].append([row["end"], row["end_us"]])


def main(url, driver, gaps):
    record = Record()
    context = RunContext(
        driver=registry.make(driver, registry.Setting(url)), record=record, access=Access(),
        population=AccountBook([Person("student", "alix", "juste", "e", "e", "all")]), deadline_seconds=5,
        patience={"student": Patience(shed=2, failed=2)},
    )  # fmt: skip
    context.zero = time.monotonic()
    pages = tuple(PagePlan("home", int(1000 * gap)) for gap in gaps)
    environment = SimpleNamespace(entsurge=context, events=locust.event.Events(), runner=None, host="")
    Reader(environment).visit(VisitPlan("student/all/1", "student", "all", 0, 0, "surge", pages))
    print(json.dumps(record.kept))


main(sys.argv[1], sys.argv[2], [float(each) for each in sys.argv[3:]])

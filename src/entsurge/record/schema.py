"""The shape of what a run directory holds (docs/run-directory.md): its columns, and what a key means."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import pyarrow as pa

Kind = Literal["page", "phased", "request", "hop", "transport", "forgiven"]
OutcomeName = Literal["ok", "shed", "failed", "lost", "cancelled"]
Cohort = Literal["control", "exposed"]
Attempt = Literal["first", "retry"]
KINDS: tuple[Kind, ...] = get_args(Kind)
PAGE_OUTCOMES: tuple[OutcomeName, ...] = ("ok", "shed", "failed", "lost")
PARTS = ("baseline", "fault", "recovery")  # of a window that faults cut up
TIMED_TWICE: tuple[Kind, ...] = ("page", "phased")  # with a corrected and a service time
NEVER_STARTED = frozenset({"not-started", "worker-lost"})  # ends of visits that the generator lost


class Key(NamedTuple):
    """What a time belongs to; becomes two entries of keys.json for a page: corrected and service.

    `device` is empty where the plan says nothing of devices, and for steps of transport.
    `phased` is the same page once more, under the part of the window that it is due in: baseline, fault, recovery.
    """

    kind: Kind
    persona: str
    group: str
    service: str
    page: str
    phase: str
    outcome: OutcomeName
    cohort: Cohort = "control"
    attempt: Attempt = "first"
    device: str = ""


SERIES = pa.schema(
    [
        ("second", pa.int32()), ("worker", pa.int16()), ("sequence", pa.int32()),
        ("key", pa.int32()), ("bucket", pa.int32()), ("count", pa.int32()),
    ]
)  # fmt: skip
_PAGES = ("planned", "ok", "shed", "failed", "lost")
VISITS = pa.schema(
    [
        *((name, pa.string()) for name in ("name", "persona", "group", "school", "phase")),
        *((name, pa.int64()) for name in ("due_us", "start_us", "end_us")),
        *((name, pa.int32()) for name in (*_PAGES, "unserved")),
        ("planned_gap_us", pa.int64()),
        ("waiting_us", pa.int64()),
        ("work_planned", pa.bool_()),
        ("work_served", pa.bool_()),
        (
            "services",
            pa.list_(pa.struct([("service", pa.string()), *((name, pa.int32()) for name in _PAGES)])),
        ),
        ("sign_on", pa.string()),
        ("end", pa.string()),
        ("device", pa.string()),
    ]
)
RETRIES = VISITS.append(pa.field("attempt", pa.int32()))

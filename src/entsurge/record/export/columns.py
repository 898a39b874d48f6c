"""The columns of what is exported, and of the data frames of `import entsurge`: name, type, unit, meaning."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True)
class Column:
    """One column. `unit` is empty for texts and for yes or no; `of` is its name in the run directory's file."""

    name: str
    kind: pa.DataType
    unit: str
    meaning: str
    of: str = ""

    @property
    def source(self) -> str:
        """What the run directory calls it."""
        return self.of or self.name


_TEXT, _COUNT, _SECONDS, _YES = pa.string(), pa.int64(), pa.float64(), pa.bool_()
_SERVED = ("ok", "shed", "failed", "lost")
_MEANINGS = {
    "ok": "answered as they should be",
    "shed": "refused on purpose",
    "failed": "not answered as they should be",
    "lost": "lost by the generator itself",
}

TIMES = (
    Column("second", _COUNT, "s of run time", "the second in which they ended"),
    Column("persona", _TEXT, "", "who opened them"),
    Column("academy", _TEXT, "", "of which academy", "group"),
    Column("cohort", _TEXT, "", "`control`, or `exposed` to faults at the edge"),
    Column("service", _TEXT, "", "what they belong to"),
    Column("page", _TEXT, "", "the action, or the name of the request"),
    Column("phase", _TEXT, "", "the phase in which they were due"),
    Column("attempt", _TEXT, "", "`first`, or `retry` of somebody who came back"),
    Column("device", _TEXT, "", "`computer`, `phone` or `app`; empty in a run without devices"),
    Column("timing", _TEXT, "", "`corrected` (from the planned start) or `service`; every page has one row of each"),
    Column("outcome", _TEXT, "", "`ok`, `shed`, `failed`, `lost`; of requests `cancelled` too"),
    Column("seconds", _SECONDS, "s", "how long each took: the upper end of its bucket, at most 0.1 % above"),
    Column("count", _COUNT, "", "how many"),
)
_PAGES = tuple(
    Column(name, _COUNT, "pages", meaning) for name, meaning in {"planned": "in the plan", **_MEANINGS}.items()
)
VISITS = (
    Column("visit", _TEXT, "", "its name in the plan", "name"),
    Column("persona", _TEXT, "", "who"),
    Column("academy", _TEXT, "", "of which academy", "group"),
    Column("school", _TEXT, "", "of which (synthetic) school"),
    Column("phase", _TEXT, "", "the phase in which it was due"),
    Column("due_s", _SECONDS, "s of run time", "when it was due", "due_us"),
    Column("start_s", _SECONDS, "s of run time", "when it began", "start_us"),
    Column("end_s", _SECONDS, "s of run time", "when it was over", "end_us"),
    *_PAGES,
    Column("unserved", _COUNT, "pages", "planned and not opened, as the visit ended before"),
    Column("planned_gap_s", _SECONDS, "s of run time", "the time planned for the visit", "planned_gap_us"),
    Column("waiting_s", _SECONDS, "s", "time spent waiting for pages", "waiting_us"),
    Column("work_planned", _YES, "", "came for their work: to read it, or to publish it"),
    Column("work_served", _YES, "", "and got to it"),
    Column("sign_on", _TEXT, "", "outcome of the sign-on"),
    Column("device", _TEXT, "", "`computer`, `phone` or `app`; empty in a run without devices"),
    Column("end", _TEXT, "", "why it ended: `completed`, `shed`, `failed`, `sign-on`, `lost` …"),
)
RETRIES = (*VISITS, Column("attempt", _COUNT, "", "1, 2 …: attempts after the first"))
VISIT_SERVICES = (
    Column("visit", _TEXT, "", "the visit's name", "name"),
    Column("service", _TEXT, "", "one of its services"),
    *_PAGES,
)
TABLES: dict[str, tuple[Column, ...]] = {
    "pages": TIMES,
    "requests": TIMES,
    "visits": VISITS,
    "visit-services": VISIT_SERVICES,
    "retries": RETRIES,
}


def schema(columns: tuple[Column, ...]) -> pa.Schema:
    """These columns as Arrow has them; Parquet files keep unit and meaning as each column's metadata."""
    return pa.schema(
        [pa.field(each.name, each.kind, metadata={"unit": each.unit, "meaning": each.meaning}) for each in columns]
    )

"""Pages, waiting and continuity by device as the cells of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsurge.findings.devices import Devices
    from entsurge.render.numbers import Numbers

COLUMNS = (
    "device", "visits", "planned", "served", "refused", "failed", "p50", "p95", "waiting", "requests", "students",
    "teachers",
)  # fmt: skip
"""The table's columns, by the words that head them."""


def cells(found: Devices | None, words: Mapping[str, Any], numbers: Numbers) -> list[list[str]]:
    """A row a device; none of a run without devices."""
    names = words["devices"]
    return [
        [
            names[row.device],
            f"{numbers.number(row.visits)} ({numbers.ratio(row.share)})",
            *(numbers.number(count) for count in (row.planned, row.ok, row.shed, row.failed)),
            *(numbers.fine(seconds) for seconds in (row.p50_s, row.p95_s, row.waiting_s)),
            numbers.number(row.requests_per_page, 1),
            *(numbers.number(work.per_100) for work in (row.students, row.teachers)),
        ]
        for row in (found.rows if found else ())
    ]


def note(found: Devices, words: Mapping[str, Any], *, simulated: bool) -> str:
    """What is said beneath the table: of paper, of the app's driver, or that nobody came by an app."""
    names = words["devices"]
    if simulated:
        return str(names["simulated"])
    return str(names["app_driver"].format(driver=found.app) if found.app else names["no_app"])

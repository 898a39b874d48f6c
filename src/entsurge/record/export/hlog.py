"""Logs in HdrHistogram's own format, one for each phase, persona and service: served pages, times in µs.

Buckets are HdrHistogram's (1 µs to 1 h, 3 digits), so nothing is recorded anew: the counts of a run are written in its
encoding V2 (a header, counts as ZigZag LEB128 with runs of zeros as negative numbers, deflated, in base 64).
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

import numpy as np

from entsurge.record.histogram import BUCKETS, HIGHEST_US, highest
from entsurge.record.reading.tally import LATE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from entsurge.record.reading.run import Run
    from entsurge.record.reading.series import Rows

ENCODED, COMPRESSED, DIGITS = 0x1C849313, 0x1C849314, 3
TIMINGS = ("corrected", "service")
_LEGEND = '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"\n'


class Cell(NamedTuple):
    """What one log is of."""

    timing: str
    phase: str
    persona: str
    service: str

    @property
    def file(self) -> str:
        """`corrected/surge.student.homework.hlog`; names are escaped as in an address."""
        parts = (quote(each, safe="") for each in self[1:])
        return f"{self.timing}/{'.'.join(parts)}.hlog"


def write_logs(run: Run, folder: Path, *, interval_seconds: int) -> list[Path]:
    """Write the logs of first attempts into this folder, a line for each so many seconds of run time; the files.

    What came over half a minute late has a second line of its interval, at the end: all lines add up to the run's
    counts. Raises OSError.
    """
    head, files = _head(run, interval_seconds), {}
    for cell, lines in _lines(run, interval_seconds):
        path = folder / cell.file
        if cell not in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"#[{cell.timing} times of {cell.persona}, {cell.service}, {cell.phase}]\n{head}", "utf-8")
            files[cell] = path
        with path.open("a", encoding="ascii") as stream:
            stream.writelines(lines)
    return sorted(files.values())


def _head(run: Run, interval_seconds: int) -> str:
    told = f"run {run.name}: values in microseconds, Interval_Max in milliseconds, lines of {interval_seconds} s"
    lines = ["#[Histogram log format version 1.3]", f"#[{ascii(told)[1:-1]}]"]
    if started := _epoch(str(run.manifest.get("started_utc", ""))):
        lines += [f"#[StartTime: {started:.3f} (seconds since epoch)]",
                  f"#[BaseTime: {started:.3f} (seconds since epoch)]"]  # fmt: skip
    return "\n".join([*lines, _LEGEND])


def _epoch(utc: str) -> float:
    """Seconds since 1970; 0 of a run that does not say when it began."""
    try:
        found = datetime.fromisoformat(utc)
    except ValueError:
        return 0.0
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _lines(run: Run, interval_seconds: int) -> Iterator[tuple[Cell, list[str]]]:
    """Lines of one log at a time, in order of their intervals but for what came late."""
    cells: dict[Cell, int] = {}
    of_key = np.full(max(1, len(run.series.keys)), -1)
    for number, key in enumerate(run.series.keys):
        if key is not None and (key.kind, key.attempt, key.outcome) == ("page", "first", "ok"):
            of_key[number] = cells.setdefault(Cell(key.timing, key.phase, key.persona, key.service), len(cells))
    names, open_ = list(cells), defaultdict[tuple[int, int], list["Rows"]](list)
    newest = 0
    for rows in run.series.rows(run.series.chosen(kind="page", outcome="ok")):
        for (interval, cell), part in _apart(rows, of_key, interval_seconds, max(1, len(names))):
            open_[interval, cell].append(part)
        newest = max(newest, int(rows.second.max()))
        yield from _shut(open_, names, interval_seconds, (newest - LATE_SECONDS) // interval_seconds)
    yield from _shut(open_, names, interval_seconds, newest + 1)


def _apart(
    rows: Rows, of_key: NDArray[np.int64], interval_seconds: int, cells: int
) -> Iterator[tuple[tuple[int, int], Rows]]:
    """The rows of each interval and cell."""
    codes = rows.second // interval_seconds * cells + of_key[rows.key]
    order = np.argsort(codes, kind="stable")
    places, begins = np.unique(codes[order], return_index=True)
    for code, part in zip(places.tolist(), np.split(order, begins[1:]), strict=True):
        yield divmod(code, cells), type(rows)(*(column[part] for column in rows))


def _shut(
    open_: dict[tuple[int, int], list[Rows]], names: list[Cell], interval_seconds: int, before: int
) -> Iterator[tuple[Cell, list[str]]]:
    """The lines of all intervals before this one, which are let go."""
    by_cell = defaultdict(list)
    for interval, cell in sorted(each for each in open_ if each[0] < before):
        counts = np.zeros(BUCKETS, np.int64)
        for rows in open_.pop((interval, cell)):
            np.add.at(counts, rows.bucket, rows.times)
        by_cell[cell].append(_line(interval * interval_seconds, interval_seconds, counts))
    for cell, lines in by_cell.items():
        yield names[cell], lines


def _line(start: int, length: int, counts: NDArray[np.int64]) -> str:
    most = highest(int(np.flatnonzero(counts)[-1])) / 1000
    return f"{start:.3f},{length:.3f},{most:.3f},{encoded(counts)}\n"


def encoded(counts: NDArray[np.int64]) -> str:
    """A histogram of these counts by bucket, as HdrHistogram's logs hold one: V2, deflated, in base 64."""
    places = np.flatnonzero(counts)
    payload, at = bytearray(), 0
    for place in places.tolist():
        if zeros := place - at:
            payload += _zigzag(-zeros if zeros > 1 else 0)
        payload += _zigzag(int(counts[place]))
        at = place + 1
    head = struct.pack(">iiiiqqd", ENCODED, len(payload), 0, DIGITS, 1, HIGHEST_US, 1.0)
    packed = zlib.compress(head + payload)
    return base64.b64encode(struct.pack(">ii", COMPRESSED, len(packed)) + packed).decode("ascii")


def _zigzag(number: int) -> bytes:
    """ZigZag LEB128 of a number below 2⁵⁴."""
    left, found = (number << 1) ^ (number >> 63), bytearray()
    while left > 0x7F:
        found.append(left & 0x7F | 0x80)
        left >>= 7
    found.append(left)
    return bytes(found)

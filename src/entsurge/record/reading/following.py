"""Follows a run directory while it grows: what it says since the last look, whole batches and whole lines alone."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pyarrow as pa
from pydantic import TypeAdapter, ValidationError

from entsurge.errors import UsageError
from entsurge.record.layout import EVENTS, FINISH, GAUGES, KEYS, SERIES_FILE, VERDICT, is_run
from entsurge.record.reading.documents import EVENT, GAUGE, document, read_finish, read_manifest
from entsurge.record.reading.series import COLUMNS, Rows, Series
from entsurge.record.schema import SERIES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from entsurge.record.reading.shapes import Event, Finish, Gauge, Manifest

_Row = TypeVar("_Row")
MOST_AT_ONCE = 64 << 20  # bytes of lines at one look: what is more waits for the next


@dataclass(frozen=True)
class News:
    """What was written since the last look. `series` says what the keys of `rows` mean, as far as is known now."""

    series: Series
    rows: list[Rows]
    gauges: list[Gauge]
    events: list[Event]


@dataclass
class Following:
    """One run directory under way. It may not be there yet, and may end in mid-batch at every look."""

    folder: Path
    _manifest: Manifest | None = None
    _offsets: dict[str, int] = field(default_factory=dict)
    _schema: pa.Schema | None = None
    _series: Series | None = None
    _keys_seen: tuple[int, int] = (0, 0)

    def manifest(self) -> Manifest | None:
        """What the run is to be; None as long as that is not written, or cannot be read."""
        if self._manifest is None and is_run(self.folder):
            try:
                self._manifest = read_manifest(self.folder)
            except UsageError:
                return None
        return self._manifest

    def look(self) -> News:
        """What is new. A second look with nothing written in between has nothing."""
        batches = list(self._batches())  # before the keys: these are written first
        series = self._known()
        rows = [found for batch in batches if len((found := series.only_possible(_columns(batch))).key)]
        return News(series, rows, list(self._lines(GAUGES, GAUGE)), list(self._lines(EVENTS, EVENT)))

    def finish(self) -> Finish | None:
        """How the run ended; None before its end."""
        return read_finish(self.folder, []) if (self.folder / FINISH).is_file() else None

    def verdict(self) -> str:
        """PASS, FAIL, INCONCLUSIVE or INVALID; empty before it is written."""
        found = (document(self.folder / VERDICT, dict, []) or {}).get("verdict")
        return found if isinstance(found, str) else ""

    def _known(self) -> Series:
        """What the keys mean, read anew only when their file is another."""
        try:
            about = (self.folder / KEYS).stat()
            seen = about.st_ino, about.st_mtime_ns
        except OSError:
            seen = 0, 0
        if self._series is None or seen != self._keys_seen:
            self._series, self._keys_seen = Series.of(self.folder, []), seen
        return self._series

    def _batches(self) -> Iterator[pa.RecordBatch]:
        """The batches that are whole; what of the file is damaged is never passed."""
        path = self.folder / SERIES_FILE
        if not path.is_file():
            return
        with pa.OSFile(str(path)) as source:
            try:
                if self._schema is None:
                    self._schema = pa.ipc.read_schema(source)
                    self._offsets[SERIES_FILE] = source.tell()
                if not self._schema.equals(SERIES):
                    return
                source.seek(self._offsets[SERIES_FILE])
                while source.tell() < source.size():
                    batch = pa.ipc.read_record_batch(pa.ipc.read_message(source), self._schema)
                    batch.validate(full=True)
                    self._offsets[SERIES_FILE] = source.tell()
                    yield batch
            except (pa.ArrowException, OSError, EOFError, MemoryError):
                return

    def _lines(self, name: str, row: TypeAdapter[_Row]) -> Iterator[_Row]:
        """The lines that are whole and mean something."""
        path = self.folder / name
        if not path.is_file():
            return
        with path.open("rb") as stream:
            stream.seek(self._offsets.get(name, 0))
            whole, newline, _ = stream.read(MOST_AT_ONCE).rpartition(b"\n")
        self._offsets[name] = self._offsets.get(name, 0) + len(whole) + len(newline)
        for line in whole.split(b"\n"):
            try:
                yield row.validate_python(json.loads(line))
            except (ValueError, RecursionError, ValidationError):
                continue


def _columns(batch: pa.RecordBatch) -> Rows:
    return Rows(*(batch.column(name).to_numpy(zero_copy_only=False).astype(np.int64) for name in COLUMNS))

"""Writes a run directory (docs/run-directory.md): append-only, readable after a crash as far as it goes."""

from __future__ import annotations

import json
import os
from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa

from entsurge.errors import CannotRecord, EntsurgeError
from entsurge.record.layout import KEYS, MANIFEST, RETRIES_FILE, SERIES_FILE, VISITS_FILE
from entsurge.record.schema import RETRIES, SERIES, VISITS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_LONE = "backslashreplace"  # a lone surrogate, of a path that is not in UTF-8, becomes what JSON writes it as


class RunDirectory:
    """An open run directory. Every method raises CannotRecord when the disk refuses."""

    def __init__(self, path: Path, *, lazily: bool = False) -> None:
        """Open the folder now, or (`lazily`) only when `open` is called: a run that never begins leaves none."""
        self.path = path
        self._lines: dict[str, IO[str]] = {}
        self._series: Any = None
        self._visits: Any = None
        self._retries: Any = None
        self._keys: list[str] = []
        if not lazily:
            self.open()

    def open(self) -> None:
        """Make the folder and its streams."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if (self.path / MANIFEST).exists():
                raise CannotRecord(f"{self.path}: holds a run already", hint="name another folder with --out")
            self._series = pa.ipc.new_stream(pa.OSFile(str(self.path / SERIES_FILE), "wb"), SERIES)
            self._visits = pa.ipc.new_stream(pa.OSFile(str(self.path / VISITS_FILE), "wb"), VISITS)
        except OSError as error:
            raise CannotRecord(f"{self.path}: {error.strerror or error}") from None

    def write_json(self, name: str, value: object, *, durably: bool = False) -> None:
        """Write a whole JSON file, atomically; `durably` waits for the disk, which may stall every visit."""
        try:
            write_json(self.path / name, value, durably=durably)
        except OSError as error:
            raise self._refused(error) from None

    def keys(self, described: Sequence[Mapping[str, str]]) -> None:
        """Write what the keys mean, a line each; `described` is what was given before and perhaps more.

        (What was written before is not put into words again: of 5,000 keys that took 50 ms, in which no visit moves.)
        """
        more = described[len(self._keys) :]
        self._keys += [json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in more]
        try:
            _write(self.path / KEYS, "[\n" + ",\n".join(self._keys) + "\n]\n", durably=False)
        except OSError as error:
            raise self._refused(error) from None

    def append(self, name: str, row: Mapping[str, Any]) -> None:
        """Append one line to a `.jsonl` file."""
        try:
            if name not in self._lines:
                self._lines[name] = (self.path / name).open("a", encoding="utf-8", errors=_LONE)
            self._lines[name].write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
            self._lines[name].flush()
        except OSError as error:
            raise self._refused(error) from None

    def series(self, columns: Sequence[Any]) -> None:
        """Append one batch of histogram counts; columns in the order of the schema."""
        try:
            self._series.write_batch(pa.record_batch(list(columns), schema=SERIES))
        except OSError as error:
            raise self._refused(error) from None

    def visits(self, rows: list[dict[str, Any]]) -> None:
        """Append finished visits; attempts after the first go to a stream of their own, made when there is one."""
        first = [row for row in rows if not row.get("attempt")]
        more = [row for row in rows if row.get("attempt")]
        if first:
            self.visit_batch(pa.RecordBatch.from_pylist(first, schema=VISITS))
        if more:
            self.visit_batch(pa.RecordBatch.from_pylist(more, schema=RETRIES), retries=True)

    def visit_batch(self, batch: pa.RecordBatch, *, retries: bool = False) -> None:
        """Append finished visits that are columns already, in the schema of their stream."""
        try:
            if retries and self._retries is None:
                self._retries = pa.ipc.new_stream(pa.OSFile(str(self.path / RETRIES_FILE), "wb"), RETRIES)
            (self._retries if retries else self._visits).write_batch(batch)
        except OSError as error:
            raise self._refused(error) from None

    def close(self) -> None:
        """Close every file; what the disk refuses now is lost, and has been said before."""
        for each in (self._series, self._visits, self._retries, *self._lines.values()):
            if each is None:
                continue
            try:
                each.close()
            except (OSError, EntsurgeError, pa.ArrowException):
                continue

    def _refused(self, error: OSError) -> CannotRecord:
        return CannotRecord(f"{self.path}: {error.strerror or error}")


def write_json(path: Path, value: object, *, durably: bool = True) -> None:
    """Write a JSON file so that a reader sees the old one or the new one, never a part."""
    _write(path, json.dumps(value, ensure_ascii=False, indent=1), durably=durably)


def _write(path: Path, text: str, *, durably: bool) -> None:
    fresh = path.with_name(f".{path.name}.new")
    with fresh.open("w", encoding="utf-8", errors=_LONE) as stream:
        stream.write(text)
        stream.flush()
        if durably:
            os.fsync(stream.fileno())
    fresh.replace(path)

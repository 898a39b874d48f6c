"""Writes what is exported of a run: a folder that is there when it is whole, or not at all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.csv
import pyarrow.parquet

from entsurge.errors import CannotRecord, UsageError
from entsurge.record.export.columns import TABLES, schema
from entsurge.record.export.hlog import write_logs
from entsurge.record.export.tables import empty, tables
from entsurge.said import said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entsurge.record.reading.run import Run

FORMATS = ("parquet", "csv", "hlog")


def export(run: Run, folder: Path, formats: Sequence[str], *, interval_seconds: int = 10) -> list[Path]:
    """Write a run's TABLES (`parquet`, `csv`) and its logs (`hlog`) into a new folder; the files, in order.

    Raises UsageError for a folder that holds something or is the current one, CannotRecord where it cannot be written;
    then there is none.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(said("{folder}: is not an empty folder", folder=folder), hint="name another folder with --out")
    whole = folder.resolve()
    if whole == Path.cwd():  # it would be another of that name afterwards, and the shell in none
        raise UsageError(said("{folder}: is the current folder", folder=folder), hint="name another folder with --out")
    part = whole.with_name(f".{whole.name}.{os.getpid()}.part")
    try:
        part.mkdir(parents=True)
        found = [path for each in formats for path in _written(run, part, each, interval_seconds)]
        part.replace(whole)
    except OSError as error:
        why = error.strerror or str(error)
        raise CannotRecord(
            said("{path}: {value}", path=folder, value=why), hint="name another folder with --out"
        ) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return [folder / path.relative_to(part) for path in found]


def _written(run: Run, folder: Path, kind: str, interval_seconds: int) -> list[Path]:
    if kind == "hlog":
        return write_logs(run, folder / "hlog", interval_seconds=interval_seconds)
    names = [name for name in TABLES if name != "retries" or run.has_retries]
    return [_table(run, folder / f"{name}.{kind}", name) for name in names]


def _table(run: Run, path: Path, name: str) -> Path:
    of = schema(TABLES[name])
    is_csv = path.suffix == ".csv"
    with pyarrow.csv.CSVWriter(path, of) if is_csv else pyarrow.parquet.ParquetWriter(path, of) as writer:
        writer.write_table(empty(name))
        for piece in tables(run, name):
            writer.write_table(piece)
    return path

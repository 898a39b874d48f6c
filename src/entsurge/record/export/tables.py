"""A run's pages and visits as tables of plain columns (`columns`), in pieces of bounded size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from entsurge.record.export.columns import RETRIES, TABLES, TIMES, VISIT_SERVICES, VISITS, Column, schema
from entsurge.record.histogram import upper_ends

if TYPE_CHECKING:
    from collections.abc import Iterator

    from entsurge.record.reading.run import Run

_MICROSECONDS = "_us"
_KINDS = {"pages": "page", "requests": "request"}


def tables(run: Run, name: str) -> Iterator[pa.Table]:
    """The pieces of one of TABLES, all of one schema; none where there is nothing of it.

    `pages` and `requests` hold retries too, which their column `attempt` tells apart.
    """
    if name in _KINDS:
        return _times(run, _KINDS[name])
    if name == "visit-services":
        return _services(run)
    return _visits(run, RETRIES if name == "retries" else VISITS, retries=name == "retries")


def empty(name: str) -> pa.Table:
    """One of TABLES without a row."""
    return schema(TABLES[name]).empty_table()


def _times(run: Run, kind: str) -> Iterator[pa.Table]:
    keys = run.series.keys
    told = {
        each.name: pa.array(["" if key is None else str(getattr(key, each.source)) for key in keys], pa.string())
        for each in TIMES
        if each.kind == pa.string()
    }
    for rows in run.series.rows(run.series.chosen(first_attempts=False, kind=kind)):
        of = pa.array(rows.key)
        columns = {name: words.take(of) for name, words in told.items()}
        columns |= {"second": rows.second, "count": rows.times, "seconds": upper_ends(rows.bucket) / 1e6}
        yield pa.table([pa.array(columns[each.name], each.kind) for each in TIMES], schema=schema(TIMES))


def _visits(run: Run, columns: tuple[Column, ...], *, retries: bool) -> Iterator[pa.Table]:
    for piece in run.visit_tables(retries=retries):
        if piece.num_rows:
            yield pa.table([_plain(piece.column(each.source), each) for each in columns], schema=schema(columns))


def _plain(values: pa.ChunkedArray, column: Column) -> pa.ChunkedArray:
    """The values in the column's unit."""
    if column.source.endswith(_MICROSECONDS):
        return pc.divide(values.cast(pa.float64()), 1e6)
    return values.cast(column.kind)


def _services(run: Run) -> Iterator[pa.Table]:
    for piece in run.visit_tables():
        names, lists = piece.column("name").combine_chunks(), piece.column("services").combine_chunks()
        rows = pc.list_flatten(lists)
        if not len(rows):
            continue
        lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
        of = names.take(pa.array(np.repeat(np.arange(len(names)), lengths)))
        fields = [pc.fill_null(rows.field(each.name), "" if each.kind == pa.string() else 0).cast(each.kind)
                  for each in VISIT_SERVICES[1:]]  # fmt: skip
        yield pa.table([of, *fields], schema=schema(VISIT_SERVICES))

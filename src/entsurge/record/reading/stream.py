"""Reads an Arrow stream in pieces of bounded size, as far as it goes: a run's files may be larger than memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

ROWS = 1 << 16
MOST_SHORT = 32_000  # so many words are told apart by two bytes
# What has been read is given back to the system at once; Arrow's own pool would keep it.
pa.set_memory_pool(pa.system_memory_pool())


def pieces(
    path: Path, schema: pa.Schema, columns: Sequence[str], notes: list[str], rows: int = ROWS, newer: Sequence[str] = ()
) -> Iterator[pa.Table]:
    """Tables of these columns, each of a few batches and about so many rows, in the order of the file.

    What is missing, not Arrow, of other columns than the schema's, damaged, or ends in mid-batch adds one note and ends
    the iteration; what came before is given. Missing values are 0, empty or no; so are the texts of columns that are
    `newer` than the file.
    """
    if not path.is_file():
        notes.append(f"{path.name} is missing")
        return
    gathered: list[pa.RecordBatch] = []
    size = 0
    for batch in _batches(path, schema, columns, notes, frozenset(newer)):
        gathered.append(batch)
        size += batch.num_rows
        if size >= rows:
            yield _filled(pa.Table.from_batches(gathered))
            gathered, size = [], 0
    if size:
        yield _filled(pa.Table.from_batches(gathered))


def _batches(
    path: Path, wanted: pa.Schema, columns: Sequence[str], notes: list[str], newer: frozenset[str]
) -> Iterator[pa.RecordBatch]:
    try:
        with pa.OSFile(str(path)) as source:
            schema = pa.ipc.read_schema(source)
            older = [name for name in columns if name in newer and schema.get_field_index(name) < 0]
            columns = [name for name in columns if name not in older]
            places = [schema.get_field_index(name) for name in columns]
            absent = [name for name, place in zip(columns, places, strict=True) if place < 0]
            if absent:
                notes.append(f"{path.name}: {', '.join(absent)}: no such column; the file was not read")
                return
            other = [name for name, place in zip(columns, places, strict=True)
                     if schema.field(place).type != wanted.field(name).type]  # fmt: skip
            if other:
                notes.append(f"{path.name}: {', '.join(other)}: not of the type that is written; the file was not read")
                return
            source.seek(0)
            with pa.ipc.open_stream(source, options=pa.ipc.IpcReadOptions(included_fields=places)) as reader:
                for batch in reader:
                    batch.validate(full=True)
                    for name in older:
                        batch = batch.append_column(name, pa.array([""] * batch.num_rows, pa.string()))  # noqa: PLW2901
                    yield batch
    except (pa.ArrowException, OSError, MemoryError) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        notes.append(f"{path.name}: ends in the middle of a batch, or is damaged there; the rest was skipped ({said})")


def _filled(table: pa.Table) -> pa.Table:
    """Without missing values, which no version writes; lists are left as they are."""
    for place, field in enumerate(table.schema):
        column = table.column(place)
        if column.null_count and not pa.types.is_list(field.type):
            empty = "" if pa.types.is_string(field.type) else False if pa.types.is_boolean(field.type) else 0
            table = table.set_column(place, field, column.fill_null(empty))
    return table


class Words:
    """Numbers the distinct texts of a column, the same number in every piece."""

    def __init__(self) -> None:
        self.known: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """The number of one text, new or known."""
        if text not in self._numbers:
            self._numbers[text] = len(self.known)
            self.known.append(text)
        return self._numbers[text]

    def codes(self, column: pa.ChunkedArray) -> NDArray[np.integer[Any]]:
        """The number of every text in a column; a missing one counts as empty."""
        coded = column.combine_chunks().fill_null("").dictionary_encode()
        numbers = np.array([self.number(text) for text in coded.dictionary.to_pylist()] or [0])
        numbers = numbers.astype(np.int16 if len(self.known) < MOST_SHORT else np.int32)
        found: NDArray[np.integer[Any]] = numbers[coded.indices.to_numpy(zero_copy_only=False)]
        return found

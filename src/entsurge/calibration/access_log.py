"""Access logs to page views: each line parsed, told apart and counted in DuckDB, batch by batch.

Combined (Apache, nginx) and JSON lines may stand in one file. What is no page view is counted with its reason.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from entsurge.calibration import telling
from entsurge.errors import CannotRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from entsurge.calibration.lines import Batch, LogFiles
    from entsurge.calibration.rules import Rules

MEMORY = "1GB"
MOST_SHAPES = 100_000


@contextmanager
def asking() -> Iterator[None]:
    """DuckDB's mishaps as the command line knows them: Ctrl-C, and no room. Raises KeyboardInterrupt, CannotRecord."""
    try:
        yield
    except (duckdb.Error, RuntimeError) as error:
        if any(word in str(error) for word in ("KeyboardInterrupt", "interrupted", "Interrupted")):
            raise KeyboardInterrupt from None
        if isinstance(error, (duckdb.OutOfMemoryException, duckdb.IOException)):
            said = str(error).splitlines()[0]
            raise CannotRecord(f"no room to sort the visits: {said}", hint="free some disk or memory") from None
        raise


@dataclass
class Counts:
    """What became of every line: how many of each kind, what could not be parsed and where it stands first."""

    lines: int = 0
    blank: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    unparsed: Counter[tuple[str, str]] = field(default_factory=Counter)
    first_line: dict[tuple[str, str], int] = field(default_factory=dict)
    unknown_shapes: Counter[str] = field(default_factory=Counter)
    first_second: int | None = None
    last_second: int | None = None


class AccessLog:
    """Page views of access logs, in the DuckDB table `hits (visitor, second, service, persona)`."""

    def __init__(self, rules: Rules) -> None:
        self.rules, self.counts = rules, Counts()
        spill = Path(tempfile.gettempdir()) / f"entsurge-{os.getpid()}"  # DuckDB makes it when it must, and removes it
        config: dict[str, str | bool | int | float | list[str]] = {
            "threads": "1",
            "memory_limit": MEMORY,
            "temp_directory": str(spill),
        }
        self.database = duckdb.connect(config=config)
        self.database.execute("SET preserve_insertion_order = false")
        self.database.execute("SET TimeZone = ?", [rules.timezone])
        self.database.execute("CREATE TABLE hits (visitor UBIGINT, second BIGINT, service UTINYINT, persona UTINYINT)")

    def read(self, files: LogFiles, progress: Callable[[int], None] = lambda _: None) -> None:
        """Take in every line; `progress` hears how many bytes have been read."""
        for batch in files.batches():
            with asking():
                self._take(batch)
            progress(batch.bytes_read)

    def _take(self, batch: Batch) -> None:
        """One batch: combined and JSON lines each by their own statement."""
        count = len(batch.lines)
        numbers = pa.array(np.arange(batch.first_line, batch.first_line + count))
        blank = pc.sum(pc.equal(pc.utf8_trim(batch.lines, " "), "")).as_py()
        json = pc.sum(pc.starts_with(batch.lines, "{")).as_py()
        self.database.register("batch", pa.table({"line": batch.lines, "number": numbers}))
        self.counts.lines += count - blank
        self.counts.blank += blank
        if count > blank + json:
            self._tell_apart(telling.COMBINED, batch.file)
        if json:
            self._tell_apart(telling.json_lines(self.rules.json_fields), batch.file)
        self.database.unregister("batch")

    def _tell_apart(self, fields: str, file: Path) -> None:
        """Parse, tell apart each path and each browser once, count, keep the page views."""
        database = self.database
        database.execute(f"CREATE OR REPLACE TEMP TABLE parsed AS {telling.with_reason(fields)}")
        database.execute(f"CREATE OR REPLACE TEMP TABLE paths AS {telling.paths(self.rules)}")
        database.execute(f"CREATE OR REPLACE TEMP TABLE agents AS {telling.agents(self.rules)}")
        database.execute(f"CREATE OR REPLACE TEMP TABLE told AS {telling.KIND}")
        database.execute(f"INSERT INTO hits {telling.hits(self.rules)}")
        self._count(file)

    def _count(self, file: Path) -> None:
        counts, ask = self.counts, self.database.execute
        for kind, number in ask("SELECT kind, count(*) FROM told GROUP BY kind").fetchall():
            counts.kinds[telling.KINDS[kind]] += number
        unparsed = "SELECT reason, count(*), min(number) FROM told WHERE reason IS NOT NULL GROUP BY reason"
        for reason, number, line in ask(unparsed).fetchall():
            place = (str(file), telling.REASONS[reason])
            counts.unparsed[place] += number
            counts.first_line[place] = min(counts.first_line.get(place, line), line)
        if len(counts.unknown_shapes) < MOST_SHAPES:
            counts.unknown_shapes.update(dict(ask(telling.UNKNOWN_SHAPES).fetchall()))
        first, last = ask("SELECT min(second), max(second) FROM told WHERE reason IS NULL").fetchall()[0]
        if first is not None:
            counts.first_second = first if counts.first_second is None else min(first, counts.first_second)
            counts.last_second = last if counts.last_second is None else max(last, counts.last_second)

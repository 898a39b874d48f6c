"""Lines to requests: each line's format is recognised, what carried it taken off, its fields cut, in DuckDB."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from entsurge.calibration.classification import requests
from entsurge.calibration.formats import FORMATS, common, envelopes, w3c
from entsurge.calibration.formats.format import COLUMNS, UNKNOWN
from entsurge.calibration.sql import text

if TYPE_CHECKING:
    import duckdb

    from entsurge.calibration.lines import Batch
    from entsurge.calibration.rules import Rules

ENVELOPES_DEEP = 2
MOST_LAYOUTS = 16  # that #Fields: lines of one batch describe
_NO_FORMAT = f"""
    SELECT number, line, '' AS format, '' AS addresses, '' AS "user", '' AS stamp, '' AS request, '' AS status,
           '' AS agent, '' AS profile, {UNKNOWN} AS fault FROM lines
"""


class LineParser:
    """Fills the tables `batch (number, line)` and `parsed` (see `classification.requests`), a batch after the other.

    `envelopes` counts what carried lines.
    """

    def __init__(self, database: duckdb.DuckDBPyConnection, rules: Rules) -> None:
        self.envelopes: Counter[str] = Counter()
        self._ask, self._register, self._rules = database.execute, database.register, rules
        self._layout: tuple[str, ...] = ()  # the columns that the file's last #Fields: line named

    def parse(self, batch: Batch) -> int:
        """Parse a batch; how many lines it has that are neither blank nor directives: all of them stand in `parsed`."""
        if batch.first_line == 1:
            self._layout = ()
        numbers = pa.array(np.arange(batch.first_line, batch.first_line + len(batch.lines)))
        table = pa.table({"number": numbers, "line": batch.lines})
        blank = pc.equal(pc.utf8_trim_whitespace(batch.lines), "")
        if pc.any(blank).as_py():
            table = table.filter(pc.invert(blank))
        self._register("batch", table)
        self._ask(f"CREATE OR REPLACE TEMP TABLE parsed AS {requests(common.USUAL, self._rules, usual=True)}")
        usual = self._parsed()
        if usual == len(table):
            return usual
        self._ask(
            "CREATE OR REPLACE TEMP TABLE rest AS SELECT number, "
            f"ltrim(CASE WHEN contains(line, chr(27)) THEN {envelopes.UNCOLOURED} ELSE line END) AS line, "
            "'' AS envelope FROM batch ANTI JOIN parsed USING (number)"
        )
        self._add_described()
        self._add_recognised()
        return self._parsed()

    def _add_described(self) -> None:
        """The lines after a #Fields: line, taken out of `rest` with the directives."""
        headers = self._ask(
            f"SELECT number, line FROM rest WHERE starts_with(line, {text(w3c.HEADER)}) ORDER BY number"
        ).fetchall()
        sections = [(0, self._layout)] * bool(self._layout) + [(number, w3c.columns(line)) for number, line in headers]
        if not sections:
            return
        self._layout = sections[-1][1]
        layouts = list(dict.fromkeys(layout for _, layout in sections))[:MOST_LAYOUTS]
        known = [layouts.index(layout) if layout in layouts else None for _, layout in sections]
        begins = pa.array([number for number, _ in sections], pa.int64())
        self._register("sections", pa.table({"number": begins, "layout": pa.array(known, pa.int32())}))
        self._ask(f"""
            CREATE OR REPLACE TEMP TABLE rest AS
            SELECT rest.*, layout FROM rest ASOF LEFT JOIN sections ON rest.number >= sections.number
            WHERE NOT regexp_matches(line, {text(w3c.DIRECTIVE)})
        """)
        for number, layout in enumerate(layouts):
            self._add(w3c.fields(layout), f"layout = {number}")
        self._ask("DELETE FROM rest WHERE layout IS NOT NULL")

    def _add_recognised(self) -> None:
        """The lines of `rest`, each by the first format whose test it passes, or by none."""
        for _ in range(ENVELOPES_DEEP):
            self._ask(f"CREATE OR REPLACE TEMP TABLE rest AS {envelopes.unwrap('rest')}")
            if not self._ask("SELECT any_value(envelope) FROM rest WHERE envelope <> ''").fetchall()[0][0]:
                break
        tests = " ".join(f"WHEN {each.test} THEN {number}" for number, each in enumerate(FORMATS))
        self._ask(f"""
            CREATE OR REPLACE TEMP TABLE rest AS
            SELECT *, CASE WHEN contains(line, chr(0)) THEN -1 {tests} ELSE -1 END AS format FROM rest
        """)
        found = self._ask("SELECT format, envelope, count(*) FROM rest GROUP BY ALL").fetchall()
        for number in {number for number, _, _ in found}:
            self._add(_NO_FORMAT if number < 0 else FORMATS[number].fields(self._rules), f"format = {number}")
        for number, envelope, count in found:
            if number >= 0 and envelope:
                self.envelopes[envelope] += count

    def _add(self, fields: str, which: str) -> None:
        lines = f"SELECT number, line FROM rest WHERE {which}"
        chosen = f"WITH lines AS ({lines}) SELECT {COLUMNS} FROM ({fields})"
        self._ask(f"INSERT INTO parsed {requests(chosen, self._rules)}")

    def _parsed(self) -> int:
        count: int = self._ask("SELECT count(*) FROM parsed").fetchall()[0][0]
        return count

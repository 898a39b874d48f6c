"""Whether two files hold the same lines: a log and its packed copy, or two copies taken on different days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from entsurge.calibration.sql import text

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from entsurge.calibration.lines import Batch

FIRST_LINES = 400  # of a file are all looked at, of the others a quarter
SHARE = 0.1  # of the smaller file's lines: no two servers have so many in common
FEW = 3


@dataclass(frozen=True)
class SameLines:
    """Two files and the share of the smaller one's lines that stand in the other too."""

    one: Path
    other: Path
    share: float


class LineHashes:
    """Salted hashes of some lines of each file: of the same ones in whatever file they stand."""

    def __init__(self, database: duckdb.DuckDBPyConnection, salt: str) -> None:
        self._ask, self._salt = database.execute, salt
        self._files: list[Path] = []
        self._ask("CREATE OR REPLACE TEMP TABLE line_hashes (file INTEGER, hash UBIGINT)")

    def add(self, batch: Batch) -> None:
        """Take in the lines of the table `batch`; a file begins with its line 1."""
        if batch.first_line == 1:
            self._files.append(batch.file)
        self._ask(
            f"INSERT INTO line_hashes SELECT DISTINCT {len(self._files) - 1}, hash FROM "
            f"(SELECT number, hash({text(self._salt)}, line) AS hash FROM batch) "
            f"WHERE hash % 4 = 0 OR number <= {FIRST_LINES}"
        )

    def same(self) -> list[SameLines]:
        """The pairs of files that have a large share of their lines in common; the hashes are thrown away."""
        rows = self._ask(f"""
            WITH kept AS (SELECT DISTINCT file, hash FROM line_hashes),
                 sizes AS (SELECT file, count(*) AS lines FROM kept GROUP BY file),
                 pairs AS (SELECT a.file AS one, b.file AS other, count(*) AS common
                           FROM kept AS a JOIN kept AS b ON a.hash = b.hash AND a.file < b.file GROUP BY ALL)
            SELECT one, other, common / least(a.lines, b.lines) AS share
            FROM pairs JOIN sizes AS a ON a.file = one JOIN sizes AS b ON b.file = other
            WHERE common >= {FEW} AND common >= {SHARE} * least(a.lines, b.lines) ORDER BY one, other
        """).fetchall()
        self._ask("DROP TABLE line_hashes")
        return [SameLines(self._files[one], self._files[other], share) for one, other, share in rows]

"""sweep.jsonl: each simulation of a sweep as soon as it is over, so that one that was broken off goes on."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from entsurge.errors import CannotRecord, UsageError
from entsurge.findings.serial import as_line, from_line
from entsurge.findings.sweep import LuckOutcome
from entsurge.said import said

if TYPE_CHECKING:
    from pathlib import Path

    from entsurge.analysis.sweep.cells import Outcomes

BOOK = "sweep.jsonl"
FORMAT = 1


@dataclass
class Book:
    """The simulations that have been made, by cell and luck."""

    path: Path
    outcomes: dict[str, Outcomes] = field(default_factory=dict)

    @classmethod
    def opened(cls, folder: Path, key: str) -> Book:
        """The folder's book, begun if there is none; `key` tells sweeps of another plan or deployment apart.

        A half line at the end, of one that was killed, is dropped. Raises UsageError for another sweep's book,
        CannotRecord.
        """
        book = cls(folder / BOOK)
        head = json.dumps({"format": FORMAT, "sweep": key})
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lines = book.path.read_bytes().splitlines(keepends=True) if book.path.exists() else []
            whole = [line for line in lines if line.endswith(b"\n")]
            if whole and whole[0].decode("utf-8", "replace").strip() != head:
                raise UsageError(
                    said("{path}: of another plan, deployment or seed", path=book.path),
                    hint="name another folder with --out",
                )
            if whole != lines or not whole:
                book.path.write_bytes(b"".join(whole) or f"{head}\n".encode())
        except OSError as error:
            raise CannotRecord(f"{folder}: {error.strerror or error}") from None
        for line in whole[1:]:
            book._keep(from_line(LuckOutcome, line))
        return book

    def has(self, cell: str, luck: int) -> bool:
        """Whether this has been simulated."""
        return luck in self.outcomes.get(cell, {})

    def add(self, outcome: LuckOutcome) -> None:
        """Write one down. Raises CannotRecord."""
        try:
            with self.path.open("ab") as stream:
                stream.write(as_line(outcome) + b"\n")
        except OSError as error:
            raise CannotRecord(f"{self.path}: {error.strerror or error}") from None
        self._keep(outcome)

    def _keep(self, outcome: LuckOutcome) -> None:
        self.outcomes.setdefault(outcome.cell, {})[outcome.luck] = outcome

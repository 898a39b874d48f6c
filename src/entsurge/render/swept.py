"""A sweep on paper as other pages show it: what its file says, marked as simulated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from entsurge.errors import UsageError
from entsurge.said import said

if TYPE_CHECKING:
    from pathlib import Path

    from entsurge.findings.sweep import SweepReport


@dataclass(frozen=True)
class Swept:
    """A sweep's finding, and the file that it was read from."""

    path: Path
    found: SweepReport

    @classmethod
    def read(cls, path: Path) -> Swept:
        """What `entsurge simulate --sweep` has written. Raises UsageError for anything else."""
        from entsurge.findings.serial import from_line
        from entsurge.findings.sweep import SweepReport

        try:
            return cls(path, from_line(SweepReport, path.read_bytes()))
        except (OSError, ValueError):
            raise UsageError(
                said("{path}: no sweep.json that can be read", path=path),
                hint="entsurge simulate PROFILE --on DEPLOYMENT --sweep nodes=2..12 writes one",
            ) from None

    def view(self, lang: str) -> dict[str, Any]:
        """Its page, as another one shows the greater part of it."""
        from entsurge.render.sweep import view

        return view(self.found, lang)

"""The audit's seal: how many lines there are and what the last one is, beside it, so that a cut end shows too."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FIRST = "0" * 64


def digest(line: bytes) -> str:
    """A line's SHA-256 in hexadecimal."""
    return hashlib.sha256(line).hexdigest()


@dataclass(frozen=True)
class Seal:
    """So many lines, the last of them with this digest."""

    lines: int
    sha256: str

    @staticmethod
    def of(lines: Sequence[bytes]) -> Seal:
        """The seal of these lines."""
        return Seal(len(lines), digest(lines[-1]) if lines else FIRST)

    @staticmethod
    def read(path: Path) -> Seal | None:
        """The seal of this audit; none where there is none that can be read."""
        try:
            found = json.loads(_beside(path).read_bytes())
            return Seal(int(found["lines"]), str(found["sha256"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, path: Path) -> None:
        """Put it beside this audit, whole or not at all."""
        fresh = _beside(path).with_suffix(".new")
        with open(fresh, "w", encoding="utf-8", opener=private) as stream:
            json.dump(asdict(self), stream)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(_beside(path))

    def holds(self, lines: Sequence[bytes]) -> bool:
        """Whether these lines begin with those that were sealed."""
        return len(lines) >= self.lines and Seal.of(lines[: self.lines]) == self


def _beside(path: Path) -> Path:
    return path.with_suffix(".seal")


def private(path: str, flags: int) -> int:
    """An opener whose new files only their owner reads."""
    return os.open(path, flags, 0o600)

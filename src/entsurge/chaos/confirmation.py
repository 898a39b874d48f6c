"""Questions to the operator, as files: asked by a measure, answered by `entsurge chaos confirm`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from entsurge.chaos.state import folder

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Question:
    """What is to be done, in a file; confirmed when the file is gone."""

    path: Path
    what: str

    @property
    def id(self) -> str:
        """What `entsurge chaos confirm` names it by."""
        return self.path.stem

    def confirmed(self) -> bool:
        """Whether somebody has said that it is done."""
        return not self.path.exists()

    def confirm(self) -> None:
        """Say that it is done."""
        self.path.unlink(missing_ok=True)


def ask(what: str) -> Question:
    """Put a question."""
    path = folder() / f"{hashlib.sha256(what.encode()).hexdigest()[:6]}.question"
    path.write_text(what, encoding="utf-8")
    return Question(path, what)


def open_questions() -> list[Question]:
    """Those that nobody has answered yet."""
    return [Question(path, path.read_text(encoding="utf-8")) for path in sorted(folder().glob("*.question"))]

"""The rollbacks of an experiment whose providers are somebody else's: performed when its own `chaos run` is dead."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

from entsurge.chaos.faults.fault import Fault, Lease
from entsurge.errors import EntsurgeError

UNDO_SECONDS = 60


class Rollbacks(Fault):
    """Only ever undone; `file` is an experiment whose method are the rollbacks."""

    kind: ClassVar[str] = "rollbacks"
    lease: ClassVar[Lease] = "guardian"
    file: str

    def undo(self, before: dict[str, Any]) -> None:
        """Run them. Raises EntsurgeError when Chaos Toolkit says that one failed."""
        del before
        if not Path(self.file).is_file():
            return
        journal = Path(self.file).with_suffix(".journal.json")
        done = subprocess.run(  # noqa: S603  Chaos Toolkit
            [
                sys.executable, "-P", "-m", "chaostoolkit", "--no-version-check", "--no-log-file", "--settings",
                os.devnull, "run", "--journal-path", str(journal), self.file,
            ],
            capture_output=True, text=True, timeout=UNDO_SECONDS, check=False,
        )  # fmt: skip
        failed = _failed(journal) if done.returncode == 0 else [(done.stderr or done.stdout)[-300:]]
        if failed:
            raise EntsurgeError(f"{self.file}: rollbacks failed: {'; '.join(failed)}")
        for path in (Path(self.file), journal):
            path.unlink(missing_ok=True)


def _failed(journal: Path) -> list[str]:
    """Which actions Chaos Toolkit could not perform: it ends well all the same."""
    runs = json.loads(journal.read_text(encoding="utf-8"))["run"]
    return [str(each["activity"]["name"]) for each in runs if each["status"] != "succeeded"]

"""The rollbacks of an experiment whose providers are somebody else's: performed when its own `chaos run` is dead."""

from __future__ import annotations

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
        journal = Path(self.file).with_suffix(".journal")
        done = subprocess.run(  # noqa: S603  Chaos Toolkit
            [
                sys.executable, "-P", "-m", "chaostoolkit", "--no-version-check", "--no-log-file", "--settings",
                os.devnull, "run", "--journal-path", str(journal), self.file,
            ],
            capture_output=True, text=True, timeout=UNDO_SECONDS, check=False,
        )  # fmt: skip
        if done.returncode:
            raise EntsurgeError(f"{self.file}: a rollback failed: {(done.stderr or done.stdout)[-300:]}")
        for path in (Path(self.file), journal):
            path.unlink(missing_ok=True)

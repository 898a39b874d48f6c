"""The rollbacks of an experiment whose providers are somebody else's: performed when its own `chaos run` is dead."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, ClassVar

from entsurge.chaos.faults.fault import Evidence, Fault, Lease
from entsurge.chaos.journal import failures
from entsurge.errors import EntsurgeError

UNDO_SECONDS = 60


class Rollbacks(Fault):
    """Only ever undone; the record holds an `experiment` whose method are the rollbacks, and the `folder` it ran in."""

    kind: ClassVar[str] = "rollbacks"
    lease: ClassVar[Lease] = "guardian"
    evidence: ClassVar[Evidence | None] = None

    def undo(self, before: dict[str, Any]) -> None:
        """Run them. Raises EntsurgeError when one failed."""
        experiment = before["experiment"]
        with tempfile.TemporaryDirectory(prefix="entsurge-rollbacks-") as folder:
            file, journal = Path(folder) / "rollbacks.json", Path(folder) / "journal.json"
            file.write_text(json.dumps(experiment), encoding="utf-8")
            there = before.get("folder", "")
            done = subprocess.run(  # noqa: S603  Chaos Toolkit
                [
                    sys.executable, "-P", "-m", "chaostoolkit", "--no-version-check", "--no-log-file", "--settings",
                    os.devnull, "run", "--journal-path", str(journal), str(file),
                ],
                capture_output=True, text=True, timeout=UNDO_SECONDS, check=False,
                cwd=there if os.path.isdir(there) else folder,  # noqa: PTH112  it is text
            )  # fmt: skip
            if not journal.is_file():
                raise EntsurgeError(f"rollbacks: {(done.stderr or done.stdout).strip()[-300:]}")
            runs = json.loads(journal.read_text(encoding="utf-8"))["run"]
        wrong = failures(runs, len(experiment["method"]))
        if wrong:
            raise EntsurgeError("; ".join(wrong))

    def way_back(self, before: dict[str, Any]) -> str:
        """The rollbacks' names."""
        return ", ".join(str(each.get("name", "?")) for each in before["experiment"]["method"])

"""A measure or fault that a command switches on, and another one off."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field

from entsurge.chaos.faults.fault import Evidence, Fault, Lease
from entsurge.errors import EntsurgeError


class Command(Fault):
    """`on` is run at the begin, `off` (if there is a way back) at the end, by the guardian if need be; no shell."""

    kind: ClassVar[str] = "command"
    lease: ClassVar[Lease] = "guardian"
    evidence: ClassVar[Evidence | None] = None
    on: Annotated[list[str], Field(min_length=1)]
    off: list[str] = Field(default_factory=list)
    folder: str = ""
    within_seconds: Annotated[float, Field(gt=0, le=600)] = 30

    def ends(self) -> bool:
        """With an `off`: a cache that was flushed has none."""
        return bool(self.off)

    def lacks(self) -> list[str]:
        """The folder, and the programs that are named without a path."""
        folder = [f"folder: {self.folder}: no such folder"] if self.folder and not Path(self.folder).is_dir() else []
        programs = {each[0] for each in (self.on, self.off) if each and "/" not in each[0]}
        return folder + [f"{one}: no such command" for one in sorted(programs) if shutil.which(one) is None]

    def prepare(self) -> dict[str, Any]:
        """The way back is the command itself."""
        return {"off": bool(self.off)}

    def apply(self, lease_seconds: float) -> None:
        """On."""
        del lease_seconds
        self._run(self.on)

    def undo(self, before: dict[str, Any]) -> None:
        """Off."""
        del before
        if self.off:
            self._run(self.off)

    def way_back(self, before: dict[str, Any]) -> str:
        """The command."""
        del before
        return shlex.join(self.off)

    def _run(self, arguments: list[str]) -> None:
        try:
            done = subprocess.run(  # noqa: S603  the operator's own command
                arguments, cwd=self.folder or os.getcwd(), stdin=subprocess.DEVNULL, capture_output=True, text=True,  # noqa: PTH109
                timeout=self.within_seconds, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EntsurgeError(f"{' '.join(arguments)}: {error}") from None
        if done.returncode:
            raise EntsurgeError(
                f"{' '.join(arguments)}: exit {done.returncode}: {(done.stderr or done.stdout).strip()[-200:]}"
            )

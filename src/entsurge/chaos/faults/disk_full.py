"""A disk is full: an unlinked file takes its room, and gives it back when its last holder is gone."""

import os
import shutil
from typing import Annotated, ClassVar

from pydantic import Field, PrivateAttr

from entsurge.chaos.faults.fault import Evidence, Fault, Lease
from entsurge.errors import EntsurgeError

MIB = 1 << 20


class DiskFull(Fault):
    """Leave `leave_mib` free where `folder` lies, taking at most `most_mib`: the quota that protects the machine."""

    kind: ClassVar[str] = "disk-full"
    lease: ClassVar[Lease] = "process"
    evidence: ClassVar[Evidence | None] = "MiB"
    folder: str
    most_mib: Annotated[int, Field(ge=1)]
    leave_mib: Annotated[int, Field(ge=0)] = 0
    _file: int = PrivateAttr(-1)

    def lacks(self) -> list[str]:
        """The folder."""
        return [] if os.path.isdir(self.folder) else [f"{self.folder}: no such folder"]  # noqa: PTH112  it is text

    def apply(self, lease_seconds: float) -> None:
        """Take the room. Raises EntsurgeError when there is more of it than `most_mib`."""
        del lease_seconds
        wanted = shutil.disk_usage(self.folder).free - self.leave_mib * MIB
        if wanted > self.most_mib * MIB:
            raise EntsurgeError(f"{self.folder}: filling it takes {wanted // MIB} MiB, more than most_mib")
        try:
            self._file = os.open(self.folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
            if wanted > 0:
                os.posix_fallocate(self._file, 0, wanted)
        except OSError as error:
            raise EntsurgeError(f"{self.folder}: {error.strerror}") from None

    def touched(self) -> int:
        """The room that is taken, whole MiB; a part of one counts."""
        return -(-os.fstat(self._file).st_blocks * 512 // MIB) if self._file >= 0 else 0

    def end(self, before: dict[str, object]) -> None:
        """Give it back."""
        del before
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def undo(self, before: dict[str, object]) -> None:
        """Nothing: the room went back with its holder."""

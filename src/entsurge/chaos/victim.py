"""Which process a fault is about: by id, or by the file that its supervisor keeps the id in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, PrivateAttr, model_validator

from entsurge.chaos.faults.fault import Evidence, Fault, Lease
from entsurge.chaos.process import Process
from entsurge.errors import EntsurgeError


class ProcessFault(Fault):
    """A fault of one process, by `pid` or `pid_file`; its children too with `children`."""

    lease: ClassVar[Lease] = "guardian"
    evidence: ClassVar[Evidence | None] = "processes"
    _hit: set[Process] = PrivateAttr(default_factory=set)
    pid: Annotated[int, Field(ge=2)] | None = None
    pid_file: str = ""
    children: bool = True

    @model_validator(mode="after")
    def _one_of_two(self) -> ProcessFault:
        if (self.pid is None) == (not self.pid_file):
            raise ValueError("expected pid or pid_file")
        return self

    def victim(self) -> Process | None:
        """The process as it is now; none when it is not there."""
        if self.pid is not None:
            return Process.of(self.pid)
        try:
            return Process.of(int(Path(self.pid_file).read_text("ascii").split()[0]))
        except (OSError, ValueError, IndexError):
            return None

    def victims(self) -> list[Process]:
        """The process and, if wanted, all its descendants. Raises EntsurgeError when it is not there."""
        first = self.victim()
        if first is None:
            raise EntsurgeError(f"no process {self.pid or 'in ' + self.pid_file}")
        return [first, *(descendants(first.pid) if self.children else [])]


def descendants(pid: int) -> list[Process]:
    """Every living descendant of a process."""
    found: list[Process] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            numbers = [int(each) for each in task.read_text("ascii").split()]
        except OSError:
            continue
        for number in numbers:
            child = Process.of(number)
            found += [child, *descendants(number)] if child else []
    return found


def kept(processes: list[Process]) -> list[list[int]]:
    """Processes as JSON keeps them."""
    return [[each.pid, each.started] for each in processes]


def known(rows: list[list[int]]) -> list[Process]:
    """Processes as JSON kept them."""
    return [Process(pid, started) for pid, started in rows]

"""Linux control groups, version 1 or 2: a group with a processor quota, and the way back."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

ROOTS = (Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup/cpu,cpuacct"), Path("/sys/fs/cgroup"))
PERIOD_US = 20_000  # short, so that a throttled process is slow rather than frozen now and then


def root() -> Path | None:
    """Where groups with a processor quota can be made: version 1's own tree, or version 2's."""
    for each in ROOTS:
        if (each / "cpu.cfs_quota_us").is_file():
            return each
        controllers = each / "cgroup.controllers"
        if controllers.is_file() and "cpu" in controllers.read_text("ascii").split():
            return each
    return None


def lacks() -> list[str]:
    """What is missing, in words."""
    found = root()
    if found is None:
        return ["no control group with a processor quota"]
    return [] if os.access(found, os.W_OK) else [f"{found} cannot be written (needs root)"]


def home(pid: int) -> str:
    """The group that a process is in, below the root."""
    found = root()
    for line in Path(f"/proc/{pid}/cgroup").read_text("utf-8").splitlines():
        _, controllers, path = line.split(":", 2)
        if "cpu" in controllers.split(",") or (not controllers and found == ROOTS[-1]):
            return path
    return "/"


def confine(name: str, pids: list[int], processors: float) -> None:
    """Make a group with this quota and put the processes there. Raises OSError."""
    found = root()
    if found is None:
        raise OSError("no control group with a processor quota")
    group = found / name
    group.mkdir(exist_ok=True)
    quota = max(1000, round(processors * PERIOD_US))
    if (found / "cpu.cfs_quota_us").is_file():
        (group / "cpu.cfs_period_us").write_text(str(PERIOD_US))
        (group / "cpu.cfs_quota_us").write_text(str(quota))
    else:
        with contextlib.suppress(OSError):
            (found / "cgroup.subtree_control").write_text("+cpu")
        (group / "cpu.max").write_text(f"{quota} {PERIOD_US}")
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            (group / "cgroup.procs").write_text(str(pid))


def release(name: str, homes: dict[int, str]) -> None:
    """Put the processes, and what they have started since, back; remove the group. Raises OSError.

    A process whose home is gone goes where the others are at home, or to the root; the group stays while one is in it.
    """
    found = root()
    if found is None or not (found / name).is_dir():
        return
    group = found / name
    fallback = next(iter(homes.values()), "/")
    for line in (group / "cgroup.procs").read_text("ascii").split():
        for home in (homes.get(int(line), fallback), fallback, "/"):
            with contextlib.suppress(ProcessLookupError, FileNotFoundError):
                (found / home.lstrip("/") / "cgroup.procs").write_text(line)
                break
    group.rmdir()


def throttled(name: str) -> int:
    """In how many periods the group has used up its quota. Raises OSError when the kernel does not say."""
    found = root()
    if found is None:
        raise OSError("no control group with a processor quota")
    lines = (found / name / "cpu.stat").read_text("ascii").splitlines()
    counts = dict(line.split(" ", 1) for line in lines)
    if "nr_throttled" not in counts:
        raise OSError(f"{name}: cpu.stat has no nr_throttled")
    return int(counts["nr_throttled"])

"""What figures were measured on, and when: one line for the end of each table."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path


def described() -> str:
    """Processor, cores that may be used, Python, day."""
    return (
        f"Measured on {datetime.now(UTC).date().isoformat()}: {processor()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}."
    )


def processor() -> str:
    """The processor's name as the kernel has it; its architecture where it has none."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())

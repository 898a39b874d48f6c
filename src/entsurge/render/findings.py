"""Has runs analysed by a process of its own, whose memory is gone when the drawing begins."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from entsurge.errors import USAGE, EntsurgeError, UsageError
from entsurge.findings.report import Report
from entsurge.findings.serial import from_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def findings(run_paths: Sequence[Path]) -> Report:
    """What `analysis.report` says of these runs. Raises UsageError for what is no run directory."""
    command = [sys.executable, "-P", "-m", "entsurge.analysis", *(str(path.absolute()) for path in run_paths)]
    done = subprocess.run(  # noqa: S603  our own module; a session of its own: Ctrl-C is its caller's to hear
        command, stdout=subprocess.PIPE, check=False, start_new_session=True
    )
    if done.returncode == USAGE:
        told = json.loads(done.stdout)
        raise UsageError(told["message"], hint=told["hint"])
    if done.returncode:
        raise EntsurgeError(f"the analysis ended with code {done.returncode}")
    return from_line(Report, done.stdout)

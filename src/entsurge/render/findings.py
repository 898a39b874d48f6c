"""Has runs analysed by a process of its own, whose memory is gone when the drawing begins."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from entsurge.errors import EntsurgeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def findings(run_paths: Sequence[Path]) -> dict[str, Any]:
    """What `analysis.report_data` says of these runs. Raises UsageError for what is no run directory."""
    command = [sys.executable, "-P", "-m", "entsurge.analysis", *(str(path.absolute()) for path in run_paths)]
    done = subprocess.run(  # noqa: S603  our own module; a session of its own: Ctrl-C is its caller's to hear
        command, stdout=subprocess.PIPE, check=False, start_new_session=True
    )
    if done.returncode:
        raise EntsurgeError(f"the analysis ended with code {done.returncode}")
    found: dict[str, Any] = json.loads(done.stdout)
    if "error" in found:
        raise UsageError(found["error"]["message"], hint=found["error"]["hint"])
    data: dict[str, Any] = found["data"]
    return data

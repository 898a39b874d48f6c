"""The findings on run directories, as JSON on standard output: `python -m entsurge.analysis RUN…`.

A process of its own, so that what reading a large run takes is given back before charts are drawn.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from entsurge.analysis.report import report
from entsurge.errors import USAGE, EntsurgeError
from entsurge.findings.serial import as_line


def main(arguments: list[str]) -> int:
    """Print the findings, or, with exit code 2, the error that says why there are none."""
    try:
        found = as_line(report([Path(each) for each in arguments]))
    except EntsurgeError as error:
        json.dump({"message": str(error), "hint": error.hint}, sys.stdout)
        return USAGE
    sys.stdout.buffer.write(found)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

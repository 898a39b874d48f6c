"""The findings on run directories, as JSON on standard output: `python -m entsurge.analysis RUN…`.

A process of its own, so that what reading a large run takes is given back before charts are drawn.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from entsurge.analysis.report_data import report_data
from entsurge.errors import EntsurgeError


def main(arguments: list[str]) -> int:
    """Print the data, or the error that says why there is none."""
    try:
        found = {"data": report_data([Path(each) for each in arguments])}
    except EntsurgeError as error:
        found = {"error": {"message": str(error), "hint": error.hint}}
    json.dump(found, sys.stdout, ensure_ascii=False, allow_nan=False)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

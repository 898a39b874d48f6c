"""`python -m entsurge.live SPEC`: the live page of one command, in a process of its own."""

from __future__ import annotations

import sys

from entsurge.errors import EntsurgeError
from entsurge.live.server import serve
from entsurge.live.spec import LiveSpec


def main(arguments: list[str]) -> int:
    """Serve what the specification says; the exit code."""
    try:
        serve(LiveSpec.from_json(arguments[0]))
    except EntsurgeError as error:
        print(f"entsurge: {error}", *([f"  {error.hint}"] if error.hint else []), sep="\n", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""A scenario that Locust runs by itself: whose week its visits are drawn from. Locust patches the process it is in."""

import os
import subprocess
import sys
from pathlib import Path

from tests import inspectors

DRAW = (
    "from types import SimpleNamespace\n"
    "from entsurge.engine.locust_standalone import Standalone\n"
    "from entsurge.errors import UsageError\n"
    "try: print(Standalone(SimpleNamespace(host='http://127.0.0.1:9')).draw('inspector').persona)\n"
    "except UsageError as error: print(error, '/', error.hint)"
)


def drawn(**environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", DRAW], capture_output=True, text=True, timeout=60, check=True,
        env=os.environ | environment,
    )  # fmt: skip
    return done.stdout


def test_an_added_persona_is_drawn_from_the_profile_that_has_it(tmp_path: Path) -> None:
    """The ordinary week has no inspectors, and says so; the profile that ENTSURGE_PROFILE names has."""
    said = drawn(ENTSURGE_PROFILE="")
    assert "no persona 'inspector'; the personas are student, teacher, parent, staff / ENTSURGE_PROFILE=FILE" in said
    assert drawn(ENTSURGE_PROFILE=str(inspectors.write(tmp_path, inspectors.LOCKDOWN))).strip() == "inspector"

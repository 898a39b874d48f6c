"""What hatchling adds to sdist and wheel: the manual page that `make release` has written, where there is one.

A wheel from a checkout alone has none: the page is made of what the commands say, which takes entsurge's dependencies.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NAME = "entsurge.1"


class Manual(BuildHookInterface[Any]):
    """The page that ENTSURGE_MANUAL names, else the one that came with the sdist."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  hatchling's own signature
        """In the sdist beside pyproject.toml, in the wheel where `man` looks beside an environment's bin."""
        page = os.environ.get("ENTSURGE_MANUAL") or str(Path(self.root, NAME))
        if not Path(page).is_file():
            return
        if self.target_name == "wheel":
            build_data["shared_data"][page] = f"share/man/man1/{NAME}"
        else:
            build_data["force_include"][page] = NAME

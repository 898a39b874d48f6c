"""A draft is proven before it is shown: the driver's own loader takes it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from entsurge.drivers import registry
from entsurge.errors import UsageError


def prove(text: str, name: str) -> None:
    """Load a draft as a driver, its sign-on too. Raises UsageError with what remains to be said of `name`."""
    with tempfile.TemporaryDirectory(prefix="entsurge-draft-") as folder:
        path = Path(folder) / "draft.toml"
        path.write_text(text, encoding="utf-8")
        try:
            registry.make(str(path), registry.Setting("http://127.0.0.1"))
        except UsageError as error:
            said = str(error).replace(str(path), "the draft")
            raise UsageError(
                f"{name}: what was recorded makes no driver yet:\n{said}",
                hint="record the visit again from before the sign-on, or write this part by hand: docs/driver-pages.md",
            ) from None

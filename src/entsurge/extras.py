"""What the extras of the package bring, and what is said where one is missing."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from entsurge.errors import UsageError
from entsurge.said import said

if TYPE_CHECKING:
    from collections.abc import Mapping

EXTRAS: Mapping[str, tuple[str, ...]] = {
    "sandbox": ("joserfc", "psycopg", "sqlalchemy", "starlette", "uvicorn"),
    "s3": ("boto3",),
    "live": ("starlette", "uvicorn"),
}
COMMANDS: Mapping[str, str] = {"demo": "sandbox", "sandbox": "sandbox"}
"""The commands that cannot be had without an extra."""


def hint(extra: str) -> str:
    """How an extra is installed."""
    return f"pip install 'entsurge[{extra}]'"


def need_for(command: str) -> None:
    """Raise UsageError, naming the extra, for a command whose extra is not installed."""
    extra = COMMANDS.get(command)
    if extra is not None:
        need(extra, f"entsurge {command}")


def need(extra: str, what: str) -> None:
    """Raise UsageError, naming the extra, where it is not installed and this cannot be had without it."""
    missing = [name for name in EXTRAS[extra] if find_spec(name) is None]
    if missing:
        lacks = ", ".join(missing)
        raise UsageError(
            said(
                "{what} needs the extra `{extra}`, which is not installed (no {lacks})",
                what=what,
                extra=extra,
                lacks=lacks,
            ),
            hint=hint(extra),
        )

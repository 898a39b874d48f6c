"""Where baselines are kept between pipelines: what a folder and an S3 bucket have in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

S3 = "s3://"


@dataclass(frozen=True)
class Held:
    """What a place holds: packed runs by name, the oldest first, and how many other things lie there."""

    runs: Sequence[str] = field(default_factory=tuple)
    others: int = 0


class Place(Protocol):
    """A place of packed runs. Its methods raise UsageError, TargetUnreachable or CannotRecord, one sentence each."""

    def held(self) -> Held:
        """What it holds now; nothing where it is not there yet."""

    def put(self, name: str, packed: bytes) -> None:
        """Keep this under its name, whole or not at all."""

    def get(self, name: str) -> bytes:
        """What is kept under a name."""

    def remove(self, name: str) -> None:
        """Keep this no longer; it may be gone already."""


def place(where: str, *, endpoint: str | None = None) -> Place:
    """The place that an address or a path names. Raises UsageError."""
    if where.startswith(S3):
        from entsurge.baselines.s3 import Bucket  # boto3, for whoever has such a place

        return Bucket.of(where, endpoint)
    from entsurge.baselines.folder import Folder

    return Folder(Path(where))

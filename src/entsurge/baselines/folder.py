"""Baselines in a folder: on a disk that jobs share, or what a pipeline's own cache brings and takes."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from entsurge.baselines.archive import is_ours
from entsurge.baselines.place import Held
from entsurge.errors import CannotRecord, UsageError
from entsurge.said import said

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Folder:
    """A folder of packed runs; files that begin with a dot are nobody's."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def held(self) -> Held:
        """What it holds now. Raises UsageError for what is no folder, or may not be read."""
        if not self.path.exists():
            return Held()
        try:
            names = sorted(each.name for each in self.path.iterdir() if not each.name.startswith("."))
        except OSError as error:
            raise UsageError(said("{path}: {why}", path=self.path, why=error.strerror or error)) from None
        ours = tuple(name for name in names if is_ours(name))
        return Held(ours, len(names) - len(ours))

    def put(self, name: str, packed: bytes) -> None:
        """Write beside it and give it its name once it is whole. Raises CannotRecord."""
        part = self.path / f".{name}.{os.getpid()}.part"
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as stream:
                stream.write(packed)
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(self.path / name)
        except OSError as error:
            raise CannotRecord(
                said("{path}: {why}", path=self.path, why=error.strerror or error), hint="name another folder with --to"
            ) from None
        finally:
            with contextlib.suppress(OSError):  # its folder may not be there
                part.unlink(missing_ok=True)

    def get(self, name: str) -> bytes:
        """What is kept under a name. Raises UsageError."""
        try:
            return (self.path / name).read_bytes()
        except OSError as error:
            raise UsageError(said("{path}: {why}", path=self.path / name, why=error.strerror or error)) from None

    def remove(self, name: str) -> None:
        """Keep this no longer. Raises CannotRecord."""
        try:
            (self.path / name).unlink(missing_ok=True)
        except OSError as error:
            raise CannotRecord(
                said("{path}: {why}", path=self.path / name, why=error.strerror or error),
                hint="--keep removes what is older",
            ) from None

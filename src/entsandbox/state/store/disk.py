"""Files on disk: each kept once, under the digest of its bytes."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from entsurge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PIECE = 64 * 1024


class Disk:
    """The folder of uploaded files; without one, a temporary folder that goes with the sandbox.

    Raises UsageError when the folder cannot be had.
    """

    def __init__(self, folder: str | None = None) -> None:
        self._temporary = None if folder else tempfile.TemporaryDirectory(prefix="entsandbox-")
        self.folder = Path(self._temporary.name if self._temporary else folder or "")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{self.folder}: no folder for files: {error.strerror}", hint="--files FOLDER") from None

    def keep(self, content: BinaryIO) -> tuple[str, int]:
        """Write a file's bytes; their digest and how many there are."""
        digest, size = hashlib.sha256(), 0
        descriptor, temporary = tempfile.mkstemp(dir=self.folder, prefix=".new-")
        with os.fdopen(descriptor, "wb") as kept:
            while piece := content.read(_PIECE):
                digest.update(piece)
                size += kept.write(piece)
        name = digest.hexdigest()
        Path(temporary).replace(self._path(name))
        return name, size

    def read(self, digest: str) -> Iterator[bytes]:
        """A file's bytes, in pieces; none when they are not here."""
        try:
            with self._path(digest).open("rb") as kept:
                while piece := kept.read(_PIECE):
                    yield piece
        except FileNotFoundError:
            return

    def close(self) -> None:
        """Remove the folder if it is temporary."""
        if self._temporary is not None:
            self._temporary.cleanup()

    def _path(self, digest: str) -> Path:
        folder = self.folder / digest[:2]
        folder.mkdir(exist_ok=True)
        return folder / digest

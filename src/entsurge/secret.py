"""Secrets in configuration: named, never written. `{ env = "NAME" }` or `{ file = "path" }`, the file of mode 600."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, SecretStr, ValidationInfo
from pydantic_core import PydanticCustomError

from entsurge.file_values import unwritable

if TYPE_CHECKING:
    from collections.abc import Mapping

EXPECTED = 'a secret is named, not written: { env = "NAME" } or { file = "path" }'


def _read(found: Any, info: ValidationInfo) -> Any:
    if isinstance(found, SecretStr):
        return found
    folder = (info.context or {}).get("folder", Path())
    if isinstance(found, dict) and set(found) == {"env"}:
        return SecretStr(_of_environment(str(found["env"]), os.environ))
    if isinstance(found, dict) and set(found) == {"file"}:
        return SecretStr(_known(folder / str(found["file"])))
    raise _fault(EXPECTED)


def _of_environment(name: str, environment: Mapping[str, str]) -> str:
    value = environment.get(name, "")
    if not value:
        raise _fault(f"the environment variable {name} is not set")
    if odd := unwritable(value):
        raise _fault(f"the environment variable {name}: {odd}; expected text")
    return value


def _known(path: Path) -> str:
    try:
        return of_file(path)
    except ValueError as error:
        raise _fault(str(error)) from None


def of_file(path: Path) -> str:
    """The secret that a file holds. Raises ValueError for one that others may read, or that holds no text."""
    fault = too_open(path)
    if fault:
        raise ValueError(fault)
    try:
        value = path.read_text(encoding="utf-8-sig").strip()
    except UnicodeDecodeError:
        raise ValueError(f"{path}: not a text file in UTF-8") from None
    if not value:
        raise ValueError(f"{path}: empty")
    if odd := unwritable(value):
        raise ValueError(f"{path}: {odd}; expected text")
    return value


def too_open(path: Path) -> str:
    """What is wrong with a file of secrets: not there, or others may read it; empty for nothing.

    A group of this process's own may read what root has put there: so Kubernetes hands secrets to a pod (mode 440).
    """
    try:
        found = path.stat()
    except OSError as error:
        return f"{path}: {error.strerror}"
    mode = found.st_mode
    if found.st_uid == 0 and os.geteuid() != 0 and found.st_gid in (os.getegid(), *os.getgroups()):
        mode &= ~stat.S_IRGRP
    if not stat.S_ISREG(mode):
        return f"{path}: no file"
    if mode & 0o077:
        return f"{path}: others may read it (mode {stat.S_IMODE(mode):o}); chmod 600 {path.name}"
    return "" if os.access(path, os.R_OK) else f"{path}: cannot be read"


def _fault(text: str) -> PydanticCustomError:
    """A fault that does not show what was found."""
    return PydanticCustomError("secret", "{text}", {"text": text})


Secret = Annotated[SecretStr, BeforeValidator(_read)]

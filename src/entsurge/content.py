"""Finds profiles, scenarios, experiments and templates: shipped ones by bare name, others by path.

In a checkout the repository's own folders are read, so that an edit takes effect at once;
in an installed wheel the copies inside the package are.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from entsurge.errors import UsageError
from entsurge.file_values import unwritable
from entsurge.said import said

if TYPE_CHECKING:
    from types import ModuleType

KINDS = ("scenarios", "profiles", "chaos", "reports")
ENDINGS = {"scenarios": ".py", "profiles": ".toml", "chaos": ".json", "reports": ""}


def root(kind: str) -> Path:
    """The folder that holds the shipped content of this kind."""
    here = Path(__file__).resolve().parent
    checkout = here.parent.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / kind).is_dir() and here.parent.name == "src":
        return checkout / kind
    return here / "content" / kind


def find(kind: str, name: str) -> Path:
    """The file that `name` means: shipped content for a bare name, a path if it has a `/` or an ending.

    Raises UsageError, naming what is shipped, when there is no such file.
    """
    if odd := unwritable(name) or next((ascii(sign) for sign in "\t\n\r" if sign in name), ""):
        raise UsageError(said("{name!a}: {odd}; expected the name of a file", name=name, odd=odd))
    own = "/" in name or Path(name).suffix
    path = Path(name) if own else root(kind) / f"{name}{ENDINGS[kind]}"
    try:
        folder, file = path.is_dir(), path.is_file()
    except OSError as error:
        raise UsageError(
            said("{name}: {strerror}; expected the name of a file", name=name[:80], strerror=error.strerror)
        ) from None
    if folder:
        raise UsageError(said("{name}: a folder, where a file was expected", name=name))
    if not file:
        known = ", ".join(names(kind)) or "nothing"
        raise UsageError(
            said("{name}: no such file", name=name),
            hint=said("shipped in {kind}: {known}; a file of your own needs a / or an ending", kind=kind, known=known),
        )
    return path


def names(kind: str) -> list[str]:
    """The bare names of the shipped content of this kind, sorted."""
    ending = ENDINGS[kind]
    return sorted(path.stem for path in root(kind).glob(f"*{ending}") if not path.name.startswith("_"))


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def load_module(path: Path) -> ModuleType:
    """Import a content file under a private module name; its folder never enters `sys.path`.

    Raises UsageError when it cannot be loaded.
    """
    name = f"_entsurge_content_{path.stem.replace('-', '_')}_{digest(path)[:8]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(said("{path}: not a Python file", path=path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        why = str(error) if isinstance(error, UsageError) else f"{type(error).__name__}: {error}"
        raise UsageError(
            said("{path}{line}: cannot be loaded: {why}", path=path, line=_line(path, error), why=why)
        ) from error
    return module


def _line(path: Path, error: Exception) -> str:
    """`:12`, the line of this file in which it went wrong; empty where that is not known."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    line = error.lineno if isinstance(error, SyntaxError) else lines[-1] if lines else None
    return f":{line}" if line else ""

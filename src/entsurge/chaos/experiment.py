"""Reads an experiment (Chaos Toolkit's JSON format) and its `entsurge` extension: what it is, whom it defers, when."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from entsurge import content
from entsurge.audience.shape import Persona
from entsurge.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

MEASURES = (
    "pupils-and-teachers-first", "parents-time-slots", "news-closed", "short-sessions", "messaging-off", "static-home",
    "persona-time-slots", "reserved-places", "priority-services", "news-static", "messaging-read-only", "video-off",
    "attachments-capped",
)  # fmt: skip


class Extension(BaseModel):
    """The `extensions` block named `entsurge` of an experiment."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: Literal["entsurge"]
    kind: Literal["fault", "measure"]
    title: dict[Literal["fr", "en"], str]
    measure: Literal[
        "pupils-and-teachers-first",
        "parents-time-slots",
        "news-closed",
        "short-sessions",
        "messaging-off",
        "static-home",
        "persona-time-slots",
        "reserved-places",
        "priority-services",
        "news-static",
        "messaging-read-only",
        "video-off",
        "attachments-capped",
    ]
    defers: list[Persona] = []
    lease_seconds: Annotated[int, Field(ge=2, le=3600)] = 15


class Experiment(BaseModel):
    """One perturbation, with the file that it comes from."""

    model_config = ConfigDict(frozen=True)
    id: str
    path: str
    extension: Extension


def load(name: str) -> Experiment:
    """The experiment of this name (shipped in chaos/) or path. Raises UsageError with file and key."""
    path = content.find("chaos", name)
    block = _extension(path, _read(path))
    try:
        extension = Extension.model_validate(block)
    except ValidationError as error:
        lines = [
            f"{path}: extensions.entsurge.{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()
        ]
        raise UsageError("\n".join(lines)) from None
    return Experiment(id=path.stem, path=str(path), extension=extension)


def _read(path: Path) -> dict[str, Any]:
    try:
        whole = json.loads(path.read_bytes().decode("utf-8"))
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not a text file in UTF-8; expected JSON") from None
    except json.JSONDecodeError as error:
        raise UsageError(f"{path}: not JSON: {error}") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    if not isinstance(whole, dict) or "method" not in whole:
        raise UsageError(f"{path}: method: missing; expected an experiment of Chaos Toolkit")
    return whole


def _extension(path: Path, whole: dict[str, Any]) -> dict[str, Any]:
    blocks = [each for each in whole.get("extensions", []) if isinstance(each, dict) and each.get("name") == "entsurge"]
    if len(blocks) != 1:
        raise UsageError(f"{path}: extensions: expected one block named entsurge, found {len(blocks)}")
    return blocks[0]

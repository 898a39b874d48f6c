"""Reads an experiment (Chaos Toolkit's JSON format) and its `entsurge` extension: what it is, whom it defers, when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from entsurge import content
from entsurge.audience.shape import PersonaKey
from entsurge.bilingual import Title
from entsurge.chaos.timeline import Span
from entsurge.chaos.watch import StopCondition
from entsurge.config_file import check, read_json
from entsurge.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

HINT = "docs/writing-experiments.md lists the keys"
HOLD = ("entsurge.chaos.activity", "hold")


class Extension(BaseModel):
    """The `extensions` block named `entsurge` of an experiment."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: Literal["entsurge"]
    kind: Literal["fault", "measure"]
    title: Title
    defers: list[PersonaKey] = []
    timeline: Span = Span()
    lease_seconds: Annotated[float, Field(ge=0.5, le=3600)] = 15
    most_seconds: Annotated[float, Field(gt=0, le=86_400)] = 900
    undo_seconds: Annotated[float, Field(gt=0, le=3600)] = 10  # what ending it in order may take
    probe_seconds: Annotated[float, Field(ge=0.5, le=600)] = 5  # between two looks at the steady state, while in force
    together: bool = False  # whether it may be in force at the same time as another fault
    needs: list[Literal["edge", "namespace", "confirmation"]] = []
    stop_when: list[StopCondition] = []


class Experiment(BaseModel):
    """One perturbation, with the file that it comes from and when the command line wants it, if it says.

    `probed`: it has a steady state, and leaves it to us when that is looked at.
    """

    model_config = ConfigDict(frozen=True)
    id: str
    path: str
    extension: Extension
    method: list[dict[str, Any]]
    rollbacks: list[dict[str, Any]] = []
    configuration: dict[str, Any] = {}
    probed: bool = False
    asked: Span | None = None

    @property
    def span(self) -> Span:
        """When it is in force: as the command line says, else as its file does."""
        return self.asked or self.extension.timeline

    @property
    def faults(self) -> list[dict[str, Any]]:
        """The arguments of each of its activities that holds one of our own faults."""
        providers = [each.get("provider", {}) for each in self.method]
        return [each.get("arguments", {}) for each in providers if (each.get("module"), each.get("func")) == HOLD]


def load(name: str) -> Experiment:
    """The experiment NAME[@START[+LENGTH]], shipped in chaos/ or a path. Raises UsageError with file and key."""
    name, _, when = name.partition("@")
    path = content.find("chaos", name)
    whole = read(path)
    extension = check(Extension, _extension(path, whole), path, HINT, "extensions.entsurge")
    parts = {
        "id": path.stem, "path": str(path), "extension": extension, "method": whole["method"],
        "rollbacks": whole.get("rollbacks") or [], "configuration": whole.get("configuration") or {},
        "probed": _probed(whole), "asked": Span.parse(when) if when else None,
    }  # fmt: skip
    return check(Experiment, parts, path, HINT)


def read(path: Path) -> dict[str, Any]:
    """The experiment as a dictionary. Raises UsageError for what is no JSON, or no experiment."""
    whole = read_json(path)
    if not isinstance(whole, dict) or not isinstance(whole.get("method"), list):
        raise UsageError(f"{path}: method: missing; expected an experiment of Chaos Toolkit")
    if not all(isinstance(each, dict) for each in whole["method"]):
        raise UsageError(f"{path}: method: expected a list of activities")
    return whole


def _probed(whole: dict[str, Any]) -> bool:
    hypothesis, runtime = whole.get("steady-state-hypothesis"), whole.get("runtime")
    own = isinstance(runtime, dict) and runtime.get("hypothesis")
    return isinstance(hypothesis, dict) and bool(hypothesis.get("probes")) and not own


def _extension(path: Path, whole: dict[str, Any]) -> dict[str, Any]:
    given = whole.get("extensions")
    blocks = (
        [each for each in given if isinstance(each, dict) and each.get("name") == "entsurge"]
        if isinstance(given, list)
        else []
    )
    if len(blocks) != 1:
        raise UsageError(f"{path}: extensions: expected one block named entsurge, found {len(blocks)}")
    return blocks[0]

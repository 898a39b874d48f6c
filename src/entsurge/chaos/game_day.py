"""A game day: several perturbations under one name, each with its time, in a TOML file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from entsurge import content
from entsurge.bilingual import Title
from entsurge.chaos.experiment import HINT, Experiment, load
from entsurge.chaos.timeline import Span
from entsurge.config_file import check, read_toml

if TYPE_CHECKING:
    from collections.abc import Sequence


class Entry(Span):
    """One perturbation of the day."""

    experiment: str


class GameDay(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid")
    title: Title
    perturbation: Annotated[list[Entry], Field(min_length=1)]


def names() -> list[str]:
    """The game days that are shipped."""
    return sorted(path.stem for path in content.root("chaos").glob("*.toml"))


def load_all(wanted: Sequence[str]) -> list[Experiment]:
    """The experiments that these names mean: NAME|FILE[@START[+LENGTH]] each, or a game day. Raises UsageError."""
    found: list[Experiment] = []
    for name in wanted:
        path = _file(name)
        found += [load(name)] if path is None else _experiments(path)
    return found


def _file(name: str) -> Path | None:
    if name in names():
        return content.root("chaos") / f"{name}.toml"
    return Path(name) if name.endswith(".toml") else None


def _experiments(path: Path) -> list[Experiment]:
    day = check(GameDay, read_toml(path), path, HINT)
    return [
        load(each.experiment).model_copy(update={"asked": Span(start=each.start, length=each.length)})
        for each in day.perturbation
    ]

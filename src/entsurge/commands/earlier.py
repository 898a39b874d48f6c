"""A capacity from runs already made: each run a step, its scale saying what multiple of the plan it was."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from entsurge import content
from entsurge.analysis.capacity.search import Settings
from entsurge.analysis.capacity.step import read_step
from entsurge.audience import profile as profiles
from entsurge.commands.options import new_run_folder
from entsurge.commands.searching import JOURNAL, Progress, Search, pages_per_second, profile_of
from entsurge.errors import UsageError
from entsurge.record.layout import runs_in
from entsurge.record.reading.run import read_run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entsurge.record.reading.documents import Manifest

SAME = ("profile", "compression", "window", "seed")


def read_earlier(
    paths: Sequence[Path], profile: str | None, out: Path | None, resources: tuple[str, ...]
) -> tuple[Path, Search, Progress]:
    """The steps in these runs and search directories. Raises UsageError where they do not belong together."""
    runs = [each for path in paths for each in _runs(path)]
    manifests = [read_run(path).manifest for path in runs]
    different = [name for name in SAME if len({str(each.get(name)) for each in manifests}) > 1]
    if different:
        raise UsageError(
            f"these runs do not belong together: they differ in {', '.join(different)}",
            hint="runs of one profile, window and compression; only the scale may differ",
        )
    first = manifests[0]
    search = _search(first, profile)
    scale = profiles.load(search.profile).file.replay.scale
    search = replace(search, scale=str(scale), resources=resources)
    unit = pages_per_second(profile_of(search))
    progress = Progress(stop="earlier runs")
    for path in runs:
        step = read_step(path, unit)
        if math.isnan(step.margin):
            progress.notes.append(f"{path}: no required objective could be judged; left out")
        else:
            (progress.ceilings if step.ceiling else progress.steps).append(step)
    return out or new_run_folder(f"capacity-{search.profile}"), search, progress


def _runs(path: Path) -> list[Path]:
    if (path / JOURNAL).is_file():
        return [each for each in runs_in(path / "steps") if "-back-" not in each.name]
    return [path]


def _search(manifest: Manifest, profile: str | None) -> Search:
    begin = manifest["phases"][0]
    window = next(phase for phase in manifest["phases"] if phase["name"] not in ("warm-up", "drain"))
    return Search(
        profile=profile or _written(manifest),
        url=str(manifest["target"]["url"]),
        scale=str(manifest["scale"]),
        compression=str(Fraction(manifest["compression"])),
        hold_seconds=window["end_s"] - window["start_s"],
        warm_up_seconds=begin["end_s"] - begin["start_s"],
        drain_seconds=0,
        budget_seconds=0.0,
        settings=Settings(),
        seed=manifest["seed"],
    )


def _written(manifest: Manifest) -> str:
    """Where the runs' profile stands: the file that they were made with, if it is still the same."""
    for each in manifest["content"]:
        path = Path(each["path"])
        if each["kind"] == "profiles" and path.is_file() and content.digest(path) == each["sha256"]:
            return str(path)
    raise UsageError(
        f"the profile {manifest['profile']!r} of these runs is not where it was, or has changed",
        hint="name it: entsurge capacity PROFILE --from RUN …",
    )

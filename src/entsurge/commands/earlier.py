"""A capacity from runs already made: each run a step, its scale saying what multiple of the plan it was.

Runs that do not belong together, or not to the profile that is named, are refused with every difference.
"""

from __future__ import annotations

import json
import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from entsurge import content
from entsurge.analysis.capacity.comparable import against, among, volume
from entsurge.analysis.capacity.search import Progress
from entsurge.analysis.capacity.step import ENDED, read_step
from entsurge.audience import profile as profiles
from entsurge.commands.options import new_run_folder
from entsurge.commands.searching import JOURNAL, Journal, pages_per_second, profile_of, superseded
from entsurge.errors import UsageError
from entsurge.findings.search import Search, Settings
from entsurge.record.layout import is_run, runs_in
from entsurge.record.reading.documents import read_manifest
from entsurge.said import said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entsurge.analysis.capacity.comparable import Difference
    from entsurge.audience.profile import Profile
    from entsurge.record.reading.shapes import Manifest

PATHS = {"shapes": "shape", "bells": "bell"}  # what the command line may replace, and its file is in the manifest


def read_earlier(
    paths: Sequence[Path], profile: str | None, out: Path | None, resources: tuple[str, ...], scale: str | None = None
) -> tuple[Path, Search, Progress]:
    """The steps in these runs and search directories; `scale`: of production, what the platform is taken to be.

    Raises UsageError where they do not belong together, or not to the profile that is named.
    """
    progress = Progress(stop="earlier runs")
    named = [each for path in paths for each in _runs(path)]
    if not named:
        raise UsageError("no run in these directories", hint="a search that has not finished any step has none")
    manifests = [read_manifest(path) for path in named]
    first = manifests[0]
    try:
        _refuse(among(manifests), "these runs do not belong together")
        own, own_path, changed = own_profile(first)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _damaged(named[0], error) from None
    name = profile or own_path
    loaded = own if not profile else profiles.load(profile, overrides=_replay(first))
    if loaded is None:
        raise UsageError(
            said("the profile {first!r} of these runs is not where it was, or has changed", first=first["profile"]),
            hint="name it: entsurge capacity PROFILE --from RUN …",
        )
    what = f"these runs of {first['profile']} say nothing of {loaded.name}"
    try:
        _refuse(against(first, loaded, own), what)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _damaged(named[0], error) from None
    search = replace(_search(first, name), scale=_share(paths, manifests, loaded, scale), resources=resources)
    search = replace(search, more={} if profile else changed)
    runs = _once(named, progress)
    _read(runs, pages_per_second(profile_of(search)), progress)
    _say_volume(first, loaded, progress)
    if not all((path.parent.parent / JOURNAL).is_file() for path in runs):
        progress.offered = "poisson" if first.get("arrivals") == "poisson" else "systematic"
    return _folder(out, search, paths), search, progress


def _damaged(path: Path, error: Exception) -> UsageError:
    return UsageError(
        said(
            "{value}: does not say what was run: {name}: {error}",
            value=path / "manifest.json",
            name=type(error).__name__,
            error=error,
        )
    )


def _refuse(found: Sequence[Difference], what: str) -> None:
    if found:
        lines = "".join(f"\n  {each}" for each in found)
        raise UsageError(
            said("{what}: they differ in{lines}", what=what, lines=lines),
            hint="only a scale, or the visits of a week, can be converted",
        )


def _runs(path: Path) -> list[Path]:
    """The run itself, or a search's steps: neither its returns nor what it asked again for longer."""
    if not (path / JOURNAL).is_file():
        return [path]
    found = [each for each in runs_in(path / "steps") if "-back-" not in each.name]
    again = superseded([each.name for each in found])
    return [each for each in found if each.name not in again]


def _once(paths: Sequence[Path], progress: Progress) -> list[Path]:
    """Every run once, however often it is named; a copy of one is no second measurement."""
    known: set[Any] = set()
    found = []
    for path in paths:
        manifest = read_manifest(path)
        same = {path.resolve(), (manifest.get("plan_digest"), manifest.get("started_utc"))}
        if known & same:
            progress.note("capacity.counted", path=str(path))
            continue
        known |= same
        found.append(path)
    return found


def _read(runs: Sequence[Path], unit: float, progress: Progress) -> None:
    """Sort the runs into steps of the target, steps whose measurement broke, and what says nothing; all is told."""
    for path in runs:
        end = _end(path)
        if end != "completed" and end not in ENDED:
            progress.note("capacity.cut-short", path=str(path))
            continue
        step = read_step(path, unit)
        if step.ceiling:
            progress.ceilings.append(step)
            progress.note("capacity.not-believed", path=str(path), why=step.ceiling)
        elif math.isnan(step.margin):
            progress.note("capacity.nothing-judged", path=str(path))
        else:
            progress.steps.append(step)


def _end(path: Path) -> str:
    """How the run ended; empty where it broke off."""
    try:
        return str(json.loads((path / "finish.json").read_text(encoding="utf-8")).get("end", ""))
    except (OSError, ValueError, AttributeError):
        return ""


def _share(paths: Sequence[Path], manifests: Sequence[Manifest], loaded: Profile, given: str | None) -> str:
    """Of production, what the platform that was loaded is taken to be. Raises UsageError where it must be said.

    What `--scale` says; else what the search took it for; else the scale of the runs, where they have but one.
    """
    if given is not None:
        return str(_positive(given))
    headers = [Journal(path).rows()[:1] for path in paths if (path / JOURNAL).is_file()]
    journals = {str(_positive(str(row["scale"]))) for rows in headers for row in rows if "scale" in row}
    alone = [path for path in paths if not (path / JOURNAL).is_file()]
    if len(journals) == 1 and not alone:
        return journals.pop()
    scales = sorted({Fraction(str(each["scale"])) for each in manifests})
    if len(scales) == 1 and not journals:
        return str(scales[0])
    listed = ", ".join(str(each) for each in sorted({*scales, *(Fraction(each) for each in journals)})[:8])
    raise UsageError(
        said(
            "these runs were made at several scales ({listed}): which share of production is the platform?",
            listed=listed,
        ),
        hint=said(
            "--scale SHARE; {name} itself is replayed at {scale}", name=loaded.name, scale=loaded.file.replay.scale
        ),
    )


def _positive(text: str) -> Fraction:
    try:
        found = Fraction(text)
    except (ValueError, ZeroDivisionError):
        found = Fraction(0)
    if found <= 0:
        raise UsageError(said("--scale {text}: expected a share such as 1/86 or 0.01", text=text))
    return found


def _say_volume(manifest: Manifest, loaded: Profile, progress: Progress) -> None:
    found = volume(manifest, loaded)
    if found:
        planned, need = (round(each) for each in found)
        progress.note("capacity.volume", planned=planned, need=need)


def _folder(out: Path | None, search: Search, paths: Sequence[Path]) -> Path:
    """Where the note goes: never into a run, nor beside the journal of a search that it is not about."""
    folder = out or new_run_folder(f"capacity-{Path(search.profile).stem}")
    if is_run(folder):
        raise UsageError(said("{folder}: holds a run", folder=folder), hint="name another folder with --out")
    if (folder / JOURNAL).exists() and folder.resolve() not in {path.resolve() for path in paths}:
        raise UsageError(said("{folder}: holds another search", folder=folder), hint="name another folder with --out")
    return folder


def _search(manifest: Manifest, profile: str) -> Search:
    begin = manifest["phases"][0]
    window = next(phase for phase in manifest["phases"] if phase["name"] not in ("warm-up", "drain"))
    return Search(
        profile=profile,
        url=str(manifest.get("edge_of") or manifest["target"]["url"]),
        name=str(manifest["target"].get("name", "")),
        scale=str(manifest["scale"]),
        compression=str(Fraction(str(manifest["compression"]))),
        hold_seconds=window["end_s"] - window["start_s"],
        warm_up_seconds=begin["end_s"] - begin["start_s"],
        drain_seconds=0,
        budget_seconds=0.0,
        settings=Settings(),
        chaos=tuple(sorted(str(each["id"]) for each in manifest["perturbations"])),
        driver=str(manifest["target"].get("driver") or "portal"),
        seed=manifest["seed"],
    )


def _replay(manifest: Manifest) -> dict[str, Any]:
    """How the runs were replayed, whatever profile they are held against."""
    return {"compression": str(Fraction(str(manifest["compression"]))), "seed": manifest["seed"]}


def own_profile(manifest: Manifest, **more: Any) -> tuple[Profile | None, str, dict[str, Any]]:
    """The profile that the runs were made with, where it stands, what the command line changed; None if it is gone.

    `more`: overrides besides those of the manifest's compression and seed.
    """
    for each in manifest["content"]:
        path = Path(each["path"])
        if each["kind"] == "profiles" and path.is_file() and content.digest(path) == each["sha256"]:
            plain = profiles.load(str(path), overrides=_replay(manifest))
            changed = _changes(manifest, plain)
            return profiles.load(str(path), overrides=_replay(manifest) | changed | more), str(path), changed
    return None, "", {}


def _changes(manifest: Manifest, plain: Profile) -> dict[str, Any]:
    """What the command line changed in the profile's plan: shape, bell, day, window, its measures left out."""
    found: dict[str, Any] = {}
    used = {each["kind"]: each for each in manifest["content"] if each["kind"] in PATHS}
    for kind, option in PATHS.items():
        own = [path for of, _, path in plain.sources if of == kind]
        if kind not in used and own:
            found[option] = "none"
        elif kind in used and (not own or content.digest(own[0]) != used[kind]["sha256"]):
            found[option] = used[kind]["path"]
    day = manifest["profile"].removeprefix(f"{plain.name}-")
    if manifest["profile"] != plain.name and day.isdecimal():
        found["day"] = int(day)
    if manifest["window"] != plain.file.window.model_dump(by_alias=True) and "day" not in found:
        found["window"] = manifest["window"]
    named = {each.name for each in plain.file.measure} | {name for each in plain.file.day for name in each.measures}
    if named and not named & {str(each["id"]) for each in manifest["perturbations"]}:
        found["measures"] = False
    return found

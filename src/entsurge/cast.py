"""Is everybody there that a profile calls for: each persona's scenario file, each experiment's personas.

`plan` asks as `run` does, before anything starts. Files are found here and loaded elsewhere: loading one brings Locust.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from entsurge import content
from entsurge.audience.profile import unknown
from entsurge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from entsurge.audience.profile import Profile
    from entsurge.chaos.experiment import Experiment


def scenario_files(profile: Profile, given: Mapping[str, str] | None = None) -> dict[str, Path]:
    """The scenario file of each persona: as given, as its entry says, else the shipped one of its name.

    Raises UsageError that names every persona without one, and everyone given who is no persona of the profile.
    """
    given = given or {}
    found, faults = (
        {},
        [f"--scenario {who}: {unknown(who, profile.personas)}" for who in given.keys() - profile.personas],
    )
    for key, persona in profile.personas.items():
        try:
            found[key] = content.find("scenarios", given.get(key) or persona.scenario or key)
        except UsageError as error:
            faults.append(f"{key}: no scenario: {error}")
    faults += [fault for key, path in found.items() if (fault := _of_another(path, key))]
    if faults:
        hint = 'a persona names its file in its own table (scenario = "inspector.py"), or: --scenario PERSONA=FILE'
        raise UsageError("\n".join(faults), hint=hint)
    return found


def _of_another(path: Path, persona: str) -> str:
    """What is wrong with a file whose classes all say that they are of other personas; empty where that is not so."""
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except (OSError, SyntaxError, ValueError) as error:
        return f"{path}: cannot be loaded: {type(error).__name__}: {error}"
    said = {
        str(node.value.value)
        for each in ast.walk(tree) if isinstance(each, ast.ClassDef)
        for node in each.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant)
        and any(isinstance(of, ast.Name) and of.id == "persona" for of in _targets(node))
    }  # fmt: skip
    if not said or persona in said:
        return ""
    others = ", ".join(map(repr, sorted(said)))
    return f"{path}: no subclass of Visitor with persona = {persona!r}; those there say {others}"


def _targets(node: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]


def unnamed_scenarios(profile: Profile, given: Mapping[str, str] | None = None) -> list[str]:
    """A sentence for each file beside the profile's scenarios that none of its personas names: it will not be run."""
    used = {path.resolve() for files in (given, None) for path in scenario_files(profile, files).values()}
    folders = sorted({content.root("scenarios").resolve(), *(path.parent for path in used if path.suffix == ".py")})
    return [
        f"{path}: no persona of {profile.name} names it: it is not run; a persona has a table in the personas file"
        for folder in folders
        for path in sorted(folder.glob("*.py"))
        if path not in used and not path.name.startswith("_") and "persona" in path.read_text("utf-8", "replace")
    ]


def check_personas(profile: Profile, experiments: Iterable[Experiment]) -> None:
    """Raise UsageError for every experiment that speaks of a persona which the profile has not."""
    lines = []
    for one in experiments:
        named = [*one.extension.defers, *(each.persona for each in one.extension.stop_when)]
        named += [str(who) for each in one.faults for who in (each.get("settings") or {}).get("personas") or ()]
        lines += [
            f"{one.path}: {unknown(who, profile.personas)}"
            for who in dict.fromkeys(named)
            if who not in {"*", *profile.personas} and "${" not in who
        ]
    if lines:
        raise UsageError("\n".join(lines))

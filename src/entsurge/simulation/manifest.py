"""manifest.json of a simulated run: as a run's, with the deployment where the target stands, and marked."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from entsurge import __version__, content
from entsurge.audience.persona import deferred
from entsurge.audience.profile_file import numbered
from entsurge.plan import devices, summary
from entsurge.plan.phases import phases
from entsurge.record.layout import FORMAT
from entsurge.record.simulated import SCHEME

if TYPE_CHECKING:
    from pathlib import Path

    from entsurge.audience.profile import Profile
    from entsurge.chaos.experiment import Experiment
    from entsurge.plan.batches import Totals
    from entsurge.simulation.deployment import Deployment

DRIVER = "simulated"
MARK = {"fr": "SIMULÉ", "en": "SIMULATED"}


@dataclass(frozen=True)
class Subject:
    """What is simulated: a profile's plan on a deployment, with measures in force."""

    profile: Profile
    deployment: Deployment
    path: Path
    measures: tuple[str, ...]
    experiments: tuple[Experiment, ...]
    scenarios: dict[str, Path]
    seed: int

    @property
    def name(self) -> str:
        """The deployment's name."""
        return self.path.stem


def manifest(subject: Subject, totals: Totals, people: int, academies: list[str]) -> dict[str, Any]:
    """What a simulation is to be; a reader of format 1 takes it for a run's, and sees `simulated`."""
    profile, replay = subject.profile, subject.profile.file.replay
    return {
        "format": FORMAT,
        "name": f"{profile.name} {MARK['en']}",
        "title": {language: f"{MARK[language]} · {text}" for language, text in profile.file.title.items()},
        "profile": profile.name,
        "simulated": _simulated(subject),
        "versions": {"entsurge": __version__, "python": platform.python_version(), "numpy": np.__version__},
        "seed": replay.seed,
        "arrivals": replay.arrivals,
        "plan_digest": totals.digest,
        "content": _content(subject),
        "target": {
            "url": f"{SCHEME}{subject.name}", "driver": DRIVER, "name": f"{SCHEME}{subject.name}",
            "authorised_by": "paper", "connection": None,
        },
        "scale": str(replay.scale),
        "compression": float(replay.compression),
        "started_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "window": profile.file.window.model_dump(by_alias=True),
        "phases": phases(profile),
        "protected": profile.protected,
        "unmeasured": {},
        "unmeasured_by_device": {},
        "personas": [each.as_json() for each in profile.personas.values()],
        "figures": {
            "published": summary.published(profile),
            "week": {name: float(profile.week.figure(name)) for name in summary.NAMES},
            "window": totals.planned["window"],
        },
        "planned": totals.planned["personas"],
        "devices": devices.told(profile, ""),
        "objectives": numbered(profile.file.objective),
        "perturbations": [_measure(each, profile) for each in subject.experiments],
        "scrape": [],
        "control_share": 0.0,
        "edge_of": "",
        "perturbation_phases": [],
        "population": {"academies": academies, "schools": profile.file.population.schools, "people": people},
    }  # fmt: skip


def _simulated(subject: Subject) -> dict[str, Any]:
    return {
        "deployment": subject.name, "title": dict(subject.deployment.title), "path": str(subject.path),
        "sha256": content.digest(subject.path), "seed": subject.seed, "measures": list(subject.measures),
    }  # fmt: skip


def _content(subject: Subject) -> list[dict[str, str]]:
    files = [*subject.profile.sources, ("deployment", subject.name, subject.path)]
    files += [("scenarios", name, path) for name, path in subject.scenarios.items()]
    return [
        {"kind": kind, "name": name, "path": str(path), "sha256": content.digest(path)} for kind, name, path in files
    ]


def _measure(experiment: Experiment, profile: Profile) -> dict[str, Any]:
    """A measure that is in force all the time."""
    about = experiment.extension
    return {
        "id": experiment.id, "when": "", "kind": about.kind, "title": dict(about.title),
        "defers": deferred(profile.personas.values(), about.defers), "start_s": 0.0,
        "end_s": phases(profile)[-1]["end_s"], "whole_run": True, "faults": [],
        "lease_seconds": about.lease_seconds, "stop_when": [],
    }  # fmt: skip

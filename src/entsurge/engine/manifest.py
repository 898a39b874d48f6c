"""What is written before the first arrival: what ran, under which digests, with which figures."""

from __future__ import annotations

import platform
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from entsurge import __version__, content
from entsurge.audience.persona import deferred
from entsurge.audience.profile_file import numbered
from entsurge.engine.devices import drivers
from entsurge.plan import devices, summary
from entsurge.plan.phases import phases
from entsurge.record.layout import FORMAT
from entsurge.targets.file import host_and_port

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from entsurge.audience.profile import Profile
    from entsurge.chaos.experiment import Experiment
    from entsurge.chaos.timeline import Planned
    from entsurge.client.negotiated import Negotiated
    from entsurge.engine.prepared import Prepared
    from entsurge.engine.spec import RunSpec
    from entsurge.visit.driver import Driver


def manifest(spec: RunSpec, prepared: Prepared, locust_version: str, reached: Negotiated | None) -> dict[str, Any]:
    """manifest.json; draws the whole plan once, for its digest and its counts. `reached`: what the target spoke."""
    profile, people, arrivals = prepared.profile, prepared.people, prepared.arrivals
    replay, counted, timeline = profile.file.replay, summary.planned(arrivals), phases(profile)
    return {
        "format": FORMAT,
        "name": spec.name or profile.name,
        "title": dict(profile.file.title),
        "profile": profile.name,
        "versions": {"entsurge": __version__, "python": platform.python_version(), "locust": locust_version},
        "seed": replay.seed,
        "arrivals": replay.arrivals,
        "plan_digest": arrivals.digest(),
        "content": _content(profile, prepared.experiments, prepared.scenario_paths) + _of_target(spec, prepared),
        "target": {**_target(spec, prepared), "connection": asdict(reached) if reached else None},
        "scale": str(replay.scale),
        "compression": float(replay.compression),
        "started_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "window": profile.file.window.model_dump(by_alias=True),
        "phases": timeline,
        "protected": profile.protected,
        "unmeasured": unmeasured(prepared),
        "unmeasured_by_device": unmeasured_by_device(prepared),
        "personas": [each.as_json() for each in profile.personas.values()],
        "figures": {
            "published": summary.published(profile),
            "week": {name: float(profile.week.figure(name)) for name in summary.NAMES},
            "window": counted["window"],
        },
        "planned": counted["personas"],
        "devices": devices.told(profile, prepared.access.app_driver),
        "objectives": numbered(profile.file.objective),
        "perturbations": [_perturbation(each, profile) for each in prepared.planned],
        "scrape": spec.scrape,
        "control_share": spec.control_share,
        "edge_of": spec.url if spec.edge else "",
        "perturbation_phases": prepared.perturbation_phases,
        "population": {
            "academies": list(people.academy_names),
            "schools": profile.file.population.schools,
            "people": sum(people.count(persona) for persona in profile.personas),
        },
    }


def unmeasured(prepared: Prepared) -> dict[str, str]:
    """Whose work this run cannot tell, and why: `no-page` to publish on, or a target that is `read-only` for it."""
    by = list(drivers(prepared.profile, prepared.access).values())
    found = {key: _unmeasured(prepared, key, by) for key in prepared.profile.personas}
    return {key: why for key, why in found.items() if why}


def unmeasured_by_device(prepared: Prepared) -> dict[str, dict[str, str]]:
    """The same of the visits by one device, of whoever can publish by another."""
    profile, nowhere = prepared.profile, unmeasured(prepared)
    by, found = drivers(profile, prepared.access), {}
    for key in profile.personas:
        came = [device for device, share in profile.device_shares(key).items() if share and device in by]
        why = {} if key in nowhere else {device: _unmeasured(prepared, key, [by[device]]) for device in came}
        if any(why.values()):
            found[key] = {str(device): each for device, each in why.items() if each}
    return found


def _unmeasured(prepared: Prepared, key: str, by: Sequence[Driver]) -> str:
    """Why the work of a persona that comes by these drivers cannot be told; empty where it can."""
    persona, writable = prepared.profile.personas[key], prepared.access.writable
    if persona.work is None or not persona.work.publishes:
        return ""
    whose = {key, persona.rights}
    pages = [spec for driver in by for spec in driver.actions.values() if spec.publishes and whose & spec.personas]
    if not pages:
        return "no-page"
    return "read-only" if writable is not None and not any(spec.service in writable for spec in pages) else ""


def _content(profile: Profile, experiments: list[Experiment], scenarios: Mapping[str, Path]) -> list[dict[str, str]]:
    files: list[tuple[str, str, Path]] = list(profile.sources)
    files += [("scenarios", name, path) for name, path in scenarios.items()]
    files += [("chaos", each.id, Path(each.path)) for each in experiments]
    return [
        {"kind": kind, "name": name, "path": str(path), "sha256": content.digest(path)} for kind, name, path in files
    ]


def _target(spec: RunSpec, prepared: Prepared) -> dict[str, Any]:
    if prepared.target is not None:
        return prepared.target.as_json()
    called = spec.target_name or host_and_port(spec.url)
    return {"url": spec.url, "driver": spec.driver, "name": called, "authorised_by": "loopback"}


def _of_target(spec: RunSpec, prepared: Prepared) -> list[dict[str, str]]:
    """The target file and the driver's, where there are files."""
    found = [("target", prepared.target.name, prepared.target.path)] if prepared.target else []
    written = [name for name in (spec.driver, prepared.access.app_driver) if name.endswith(".toml")]
    found += [("driver", Path(name).stem, Path(name)) for name in written]
    return [
        {"kind": kind, "name": name, "path": str(path), "sha256": content.digest(path)} for kind, name, path in found
    ]


def _perturbation(planned: Planned, profile: Profile) -> dict[str, Any]:
    about, span = planned.experiment.extension, planned.experiment.span
    return {
        "id": planned.experiment.id,
        "when": f"{span.start}+{span.length}" if span.length else span.start,
        "kind": about.kind,
        "title": dict(about.title),
        "defers": deferred(profile.personas.values(), about.defers),
        "start_s": max(0.0, planned.start_s),
        "end_s": planned.end_s,
        "whole_run": planned.whole_run,
        "faults": [each.get("fault", "") for each in planned.experiment.faults],
        "lease_seconds": about.lease_seconds,
        "stop_when": [str(each) for each in about.stop_when],
    }

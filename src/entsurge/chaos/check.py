"""Checks an experiment as Chaos Toolkit's own validation does, and then what is ours in it."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from entsurge.chaos.experiment import read
from entsurge.chaos.faults.fault import make
from entsurge.chaos.game_day import load_all
from entsurge.errors import EntsurgeError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from entsurge.chaos.experiment import Experiment
    from entsurge.chaos.faults.fault import Fault


def faults_of(name: str) -> list[str]:
    """Everything that is wrong with an experiment or a game day, one line each; empty when nothing is."""
    try:
        found = load_all([name])
    except EntsurgeError as error:
        return str(error).splitlines()
    return [line for one in found for line in _of_chaos_toolkit(Path(one.path)) + wrong_with(one)]


def strangers(one: Experiment, hosts: Collection[str]) -> list[str]:
    """The hosts that its faults name and the target does not have, one line each."""
    known = {host.lower() for host in hosts}
    return [
        f"{one.path}: settings.hosts: {host}: the target has no such host"
        for arguments in one.faults
        for host in getattr(_made(arguments, one.configuration), "hosts", ())
        if host.lower() not in known
    ]


def _made(arguments: dict[str, Any], configuration: dict[str, Any]) -> Fault:
    """The fault that an activity holds. Raises UsageError for settings that are wrong."""
    return make(str(arguments.get("fault")), filled(arguments.get("settings") or {}, configuration))


def _of_chaos_toolkit(path: Path) -> list[str]:
    from chaoslib.exceptions import ChaosException
    from chaoslib.experiment import ensure_experiment_is_valid

    log = logging.getLogger("chaostoolkit")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        ensure_experiment_is_valid(read(path))
    except ChaosException as error:
        return [f"{path}: Chaos Toolkit: {error}"]
    finally:
        log.setLevel(before)
    return []


def wrong_with(one: Experiment) -> list[str]:
    """What is wrong with what is ours in an experiment, one line each."""
    wrong = []
    for arguments in one.faults:
        known = {"lease_seconds": one.extension.lease_seconds}
        if arguments.get("lease_seconds") != known["lease_seconds"]:
            wrong.append(f"{one.path}: lease_seconds: the method's and the extension's differ")
        try:
            fault = _made(arguments, one.configuration)
        except EntsurgeError as error:
            wrong += [f"{one.path}: {line}" for line in str(error).splitlines()]
        else:
            if one.extension.kind == "measure" and not fault.ends():
                wrong.append(f"{one.path}: {fault.kind}: settings.off: missing; nothing would end this measure")
    if len(one.faults) > 1:
        wrong.append(
            f"{one.path}: method: {len(one.faults)} faults are held; they would follow each other: use two files"
        )
    if not one.faults and not one.rollbacks:
        wrong.append(f"{one.path}: rollbacks: missing; nothing would put back what these providers do")
    return wrong


def filled(
    settings: dict[str, Any], configuration: dict[str, Any], environment: Mapping[str, str] = os.environ
) -> dict[str, Any]:
    """Settings with ${names} filled in as Chaos Toolkit does; what only the environment knows has a stand-in."""
    from chaoslib import substitute

    known: dict[str, Any] = {}
    for name, of in configuration.items():
        of_environment = environment.get(of["key"], of.get("default")) if isinstance(of, dict) and "key" in of else of
        known[name] = of_environment if of_environment is not None else "1"
    found: dict[str, Any] = substitute(settings, known, {})
    return found

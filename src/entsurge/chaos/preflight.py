"""What would go wrong with a run's perturbations, found before anything is touched.

Guards that cannot see, settings that mean nothing, faults that this machine cannot do or that the target would refuse.
A process of its own: it stands where the faults will be held, in the run's environment. It reads
`{"target", "headers", "files"}` and writes the list of what is wrong, one line each.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from entsurge.chaos.check import wrong_with
from entsurge.chaos.experiment import load
from entsurge.chaos.faults.fault import make
from entsurge.chaos.policy import access
from entsurge.chaos.watch import target_metric
from entsurge.errors import EntsurgeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from entsurge.chaos.experiment import Experiment
    from entsurge.chaos.faults.fault import Fault
    from entsurge.chaos.watch import Reading, StopCondition

ATTEMPTS = 3  # a metric may be late once


def wrong(files: list[str], target: str, headers: dict[str, str]) -> list[str]:
    """Everything that is wrong with these experiments on this target, one line each; `headers` are the target's own."""
    read = target_metric(target, replace(access(), own_headers=headers))
    return [line for file in files for line in _of(load(file), read)]


def _of(one: Experiment, read: Callable[[StopCondition], Reading]) -> list[str]:
    found = wrong_with(one) or _of_faults(one)
    found += [
        f"{one.path}: extensions.entsurge.stop_when: {said}"
        for condition in one.extension.stop_when
        if condition.metric and (said := _unread(condition, read))
    ]
    return found


def _unread(condition: StopCondition, read: Callable[[StopCondition], Reading]) -> str:
    """Why a metric cannot be read; empty when it can."""
    for _ in range(ATTEMPTS):
        found = read(condition)
        if found.value is not None:
            return ""
    return found.said


def _of_faults(one: Experiment) -> list[str]:
    from chaoslib import substitute
    from chaoslib.configuration import load_configuration
    from chaoslib.exceptions import ChaosException

    try:
        known = load_configuration(one.configuration)
    except ChaosException as error:
        return [f"{one.path}: configuration: {error}"]
    if any(isinstance(value, dict) for value in known.values()):
        return []  # asked for by a probe when the experiment begins
    found = []
    for arguments in one.faults:
        try:
            fault = make(str(arguments.get("fault")), substitute(arguments.get("settings") or {}, known, {}))
        except EntsurgeError as error:
            found += [f"{one.path}: {line}" for line in str(error).splitlines()]
        else:
            found += [f"{one.path}: {fault.kind}: {line}" for line in refused(fault)]
    return found


def refused(fault: Fault) -> list[str]:
    """Why this fault would not come into force; nothing of it is applied."""
    lacks = fault.lacks()
    if lacks:
        return lacks
    try:
        fault.prepare()
    except (EntsurgeError, OSError) as error:
        return [str(error)]
    return fault.refusals()


def main() -> None:
    """Answer one question."""
    given: dict[str, Any] = json.load(sys.stdin)
    json.dump(wrong(given["files"], given["target"], given["headers"]), sys.stdout)


if __name__ == "__main__":
    main()

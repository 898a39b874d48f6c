"""Keeps an experiment of anybody's providers to its window: a Chaos Toolkit control, given to every `chaos run`.

Before the method it waits for the window and puts the experiment's rollbacks on disk; after the method it waits until
the window ends; Chaos Toolkit then performs the rollbacks, and what could not be rolled back stays on disk. Where a
method holds one of our faults, that keeps to the window itself. What the steady state's probes find while it is in
force, and at the end, is passed on.
"""

from __future__ import annotations

import os
from typing import Any

from entsurge.chaos.activity import RENEWALS, controller
from entsurge.chaos.experiment import HOLD
from entsurge.chaos.journal import broken, deviation, failures
from entsurge.chaos.process import Process
from entsurge.chaos.state import Record, audit
from entsurge.chaos.window import BY_HAND_SECONDS, ID, RUN, STEADY, UNSTEADY, Window

_now: dict[str, Any] = {}


def before_method_control(context: Any, experiment: dict[str, Any]) -> None:
    """Wait for the window's begin; write down what would put things back."""
    del context
    providers = [each.get("provider", {}) for each in experiment["method"]]
    held = any((each.get("module"), each.get("func")) == HOLD for each in providers)
    if not held:
        window = _window(experiment)
        if not window.wait_for_go():
            raise SystemExit(20)  # Chaos Toolkit's own way of leaving before the method
        _now["window"] = window
    if experiment.get("rollbacks"):
        _now["record"] = _record(experiment, "rollbacks", _undo(experiment))
        _now["record"].write()
        audit(_now["record"], "applying", lease="guardian")
    _now["in_force"] = True


def after_method_control(context: Any, state: Any) -> None:
    """Wait for the window's end; a method whose action failed is not in force, and its rollbacks come at once."""
    del context
    window = _now.get("window")
    if window is not None:
        _wait_out(window, state)
    _now["in_force"] = False


def _wait_out(window: Window, state: Any) -> None:
    wrong = failures([each for each in state or () if each["activity"].get("type") == "action" and "status" in each])
    if wrong:
        window.ended_by = window.ended_by or "refused"
        window.say("refused", detail="; ".join(wrong))
        return
    window.say("applied")
    if "record" in _now:
        audit(_now["record"], "applied")
    while window.goes_on(window.lease_seconds / RENEWALS):
        pass


def after_hypothesis_control(context: Any, state: Any, experiment: dict[str, Any]) -> None:
    """While the perturbation is in force: say when its steady state breaks, and when it holds again."""
    del context
    if not _now.get("in_force"):
        return
    found = broken(state)
    if bool(found) != bool(_now.get("broken")):
        _window(experiment).say(UNSTEADY if found else STEADY, detail=found)
    _now["broken"] = found


def after_rollback_control(context: Any, state: Any, experiment: dict[str, Any]) -> None:
    """Where every rollback has been performed, nothing is left; where one has not, the record stays."""
    del context
    window, record = _now.get("window") or _window(experiment), _now.get("record")
    wrong = failures(state or (), len(experiment.get("rollbacks") or ())) if record else []
    if record and wrong:
        audit(record, "undo failed", window.ended_by, detail="; ".join(wrong))
        window.say("undo failed", detail="; ".join(wrong))
        return
    if record:
        with record.ending() as there:
            if there:
                audit(record, "ended", window.ended_by or "normal")
    if "window" in _now:
        window.say("ended", how=window.ended_by)


def after_experiment_control(context: Any, state: Any, experiment: dict[str, Any]) -> None:
    """Say when the steady state held before the method and not after it."""
    del context
    found = deviation(state or {})
    if found:
        audit(_record(experiment, "steady-state", {}), "deviated", detail=found)
        _window(experiment).say("deviated", detail=found)


def _window(experiment: dict[str, Any]) -> Window:
    of = _extension(experiment)
    return Window.here(of.get("lease_seconds", 15.0), of.get("most_seconds", BY_HAND_SECONDS))


def _extension(experiment: dict[str, Any]) -> dict[str, Any]:
    blocks = [each for each in experiment.get("extensions", []) if each.get("name") == "entsurge"]
    return blocks[0] if blocks else {}


def _undo(experiment: dict[str, Any]) -> dict[str, Any]:
    """The experiment's rollbacks as something to undo: an experiment of their own, and where it is to be run."""
    undo = {
        "title": f"Rollbacks of {experiment['title']}",
        "description": "Performed by whoever finds that the experiment is gone.",
        "configuration": experiment.get("configuration", {}),
        "secrets": experiment.get("secrets", {}),
        "method": experiment.get("rollbacks", []),
    }
    return {"experiment": undo, "folder": os.getcwd()}  # noqa: PTH109  it is text


def _record(experiment: dict[str, Any], kind: str, before: dict[str, Any]) -> Record:
    return Record(
        experiment=os.environ.get(ID, experiment["title"]), kind=kind, settings={}, lease="guardian",
        lease_seconds=_extension(experiment).get("lease_seconds", 15.0), before=before, holder=Process.me(),
        controller=controller(), run=os.environ.get(RUN, ""),
    )  # fmt: skip

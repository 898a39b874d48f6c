"""Keeps an experiment of anybody's providers to its window: a Chaos Toolkit control, given to every `chaos run`.

Before the method it waits for the window and puts the experiment's rollbacks on disk; after the method it waits until
the window ends; Chaos Toolkit then performs the rollbacks. Where a method holds one of our faults, that does all of it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from entsurge.chaos.activity import RENEWALS, controller
from entsurge.chaos.experiment import HOLD
from entsurge.chaos.process import Process
from entsurge.chaos.state import Record, audit, folder
from entsurge.chaos.window import BY_HAND_SECONDS, ID, RUN, Window

_now: dict[str, Any] = {}


def before_method_control(context: Any, experiment: dict[str, Any]) -> None:
    """Wait for the window's begin; write down what would put things back."""
    del context
    providers = [each.get("provider", {}) for each in experiment["method"]]
    if any((each.get("module"), each.get("func")) == HOLD for each in providers):
        return
    lease = _extension(experiment).get("lease_seconds", 15.0)
    window = Window.here(lease, _extension(experiment).get("most_seconds", BY_HAND_SECONDS))
    if not window.wait_for_go():
        raise SystemExit(20)  # Chaos Toolkit's own way of leaving before the method
    _now["window"] = window
    if experiment.get("rollbacks"):
        _now["record"] = _record(experiment, lease)
        _now["record"].write()
        audit(_now["record"], "applying", lease="guardian")


def after_method_control(context: Any) -> None:
    """Wait for the window's end."""
    del context
    window = _now.get("window")
    if window is None:
        return
    window.say("applied")
    if "record" in _now:
        audit(_now["record"], "applied")
    while window.goes_on(window.lease_seconds / RENEWALS):
        pass


def after_rollback_control(context: Any) -> None:
    """The rollbacks have been performed: nothing is left."""
    del context
    if "record" in _now:
        with _now["record"].ending() as there:
            if there:
                Path(_now["record"].settings["file"]).unlink(missing_ok=True)
                audit(_now["record"], "ended", _now["window"].ended_by)
    if "window" in _now:
        _now["window"].say("ended", how=_now["window"].ended_by)


def _extension(experiment: dict[str, Any]) -> dict[str, Any]:
    blocks = [each for each in experiment.get("extensions", []) if each.get("name") == "entsurge"]
    return blocks[0] if blocks else {}


def _record(experiment: dict[str, Any], lease_seconds: float) -> Record:
    """The experiment's rollbacks as something to undo: an experiment of their own, kept beside the record."""
    undo = {
        "title": f"Rollbacks of {experiment['title']}",
        "description": "Performed by whoever finds that the experiment is gone.",
        "configuration": experiment.get("configuration", {}),
        "secrets": experiment.get("secrets", {}),
        "method": experiment.get("rollbacks", []),
    }
    record = Record(
        experiment=os.environ.get(ID, experiment["title"]), kind="rollbacks", settings={}, lease="guardian",
        lease_seconds=lease_seconds, before={}, holder=Process.me(), controller=controller(),
        run=os.environ.get(RUN, ""),
    )  # fmt: skip
    path = folder() / "rollbacks" / f"{record.id}.json"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with path.open("w", encoding="utf-8") as stream:
        json.dump(undo, stream)
        stream.flush()
        os.fsync(stream.fileno())
    record.settings["file"] = str(path)
    return record

"""The engine's side of perturbations: its end, whatever becomes of the controller's process."""

import signal
import sys
from types import SimpleNamespace
from typing import Any

import gevent
import pytest
from gevent import subprocess

from entsurge.engine import perturbations
from entsurge.engine.perturbations import Perturbations

SAYS = "import sys, time; print({said!r}, flush=True); sys.stdin.read(); time.sleep({stays})"


def begun(said: str, stays: float) -> Perturbations:
    """With a controller that says one line, and stays for a while once it is told to end."""
    planned = SimpleNamespace(experiment=SimpleNamespace(id="pump", extension=SimpleNamespace(undo_seconds=0.0)))
    run: Any = SimpleNamespace(prepared=SimpleNamespace(planned=[planned]))
    found = Perturbations(run)
    found.controller = subprocess.Popen(
        [sys.executable, "-c", SAYS.format(said=said, stays=stays)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    found.listening = gevent.spawn(found._listen)
    return found


@pytest.mark.parametrize(("stays", "code"), [(0.0, 0), (600.0, -signal.SIGKILL)])
def test_a_controller_that_stays_does_not_keep_the_run(
    monkeypatch: pytest.MonkeyPatch, stays: float, code: int
) -> None:
    """One that leaves is waited for; one that does not is killed, and the run goes on to its verdict."""
    monkeypatch.setattr(perturbations, "LEAVING_SECONDS", 30.0 if not stays else 0.2)
    found = begun('{"done": true}', stays)
    try:
        found.end("normal")
        assert found.controller.poll() == code
    finally:
        found._kill()
        found.controller.wait()


def test_a_controller_that_says_nothing_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past its time and what an undo takes, nobody waits for its word."""
    monkeypatch.setattr(perturbations, "END_SECONDS", 0.2)
    found = begun("", 600.0)
    try:
        found.end("normal")
        assert found.controller.poll() == -signal.SIGKILL
    finally:
        found._kill()
        found.controller.wait()

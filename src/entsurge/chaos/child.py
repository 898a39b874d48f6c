"""The controller's side of one window: the `chaos run` that holds it, what it says, and what is left when it dies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from entsurge.chaos import endings
from entsurge.chaos.authorities import kept
from entsurge.chaos.journal import broken
from entsurge.chaos.policy import access
from entsurge.chaos.process import Process
from entsurge.chaos.settle import settle
from entsurge.chaos.state import in_force
from entsurge.chaos.window import CONTROLLER, ID, REPORTS, RUN
from entsurge.errors import EntsurgeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from entsurge.chaos.experiment import Experiment
    from entsurge.chaos.timeline import Planned

BUNDLE = "REQUESTS_CA_BUNDLE"  # by which those who speak through Python's requests know whom to trust
END_SECONDS = 10.0  # what a child has for ending its fault in order, unless its experiment says more


class Child:
    """One window's `chaos run`. Every method returns at once but `finish`."""

    def __init__(self, planned: Planned, journal: Path, *, run: str, say: Callable[..., None]) -> None:
        self.planned, self.say, self.run = planned, say, run
        self.id, self.extension = planned.experiment.id, planned.experiment.extension
        self.reports, writing = os.pipe()
        os.set_blocking(self.reports, False)
        journal.parent.mkdir(parents=True, exist_ok=True)
        self.log = journal.with_suffix(".log")
        told = {REPORTS: str(writing), CONTROLLER: str(os.getpid()), RUN: run, ID: self.id}
        environment = os.environ | _trusting() | told
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(  # noqa: S603  Chaos Toolkit, as its own command line runs it
                [
                    sys.executable, "-P", "-m", "chaostoolkit", "--no-version-check", "--no-log-file",
                    "--settings", os.devnull, "run", "--journal-path", str(journal), "--rollback-strategy", "always",
                    "--control-file", str(_control_file(journal.parent)), *_probing(planned.experiment),
                    str(Path(planned.experiment.path).resolve()),
                ],
                stdin=subprocess.PIPE, stdout=log, stderr=log, pass_fds=[writing], env=environment,
                start_new_session=True, cwd=journal.parent, bufsize=0,
            )  # fmt: skip
        os.close(writing)
        self.heard = b""
        self.state = "starting"  # starting, applied, ended, refused
        self.said = ""  # the ending that was said last
        self.detail = ""
        self.settling: threading.Thread | None = None
        self.ending_since = 0.0
        self.gone = False

    def go(self) -> None:
        """The window begins; said once."""
        if not self.gone:
            self.gone = True
            self._tell("go")

    def hold(self) -> None:
        """Say that somebody is still there."""
        self._tell("hold")

    def end(self, why: str) -> None:
        """End the fault; the first reason given stays."""
        if not self.ending_since:
            self.ending_since = time.monotonic()
            self._tell(f"end:{why.replace(' ', '-')}")

    def listen(self) -> None:
        """Take in what the child has said, and pass it on."""
        while True:
            try:
                piece = os.read(self.reports, 65536)
            except BlockingIOError:
                return
            if not piece:
                return
            self.heard += piece
            *lines, self.heard = self.heard.split(b"\n")
            for line in lines:
                self._take(json.loads(line))

    def over(self) -> bool:
        """Whether the child is gone, of its own accord or because it would not end in order, and what it left settled.

        An undo may take its time: a thread performs it, so that whoever holds other faults goes on holding them.
        """
        if self.ending_since and time.monotonic() - self.ending_since > max(END_SECONDS, self.extension.undo_seconds):
            self.process.kill()
        if self.process.poll() is None:
            return False
        if self.settling is None:
            self.settling = threading.Thread(target=self._settle, daemon=True)
            self.settling.start()
        return not self.settling.is_alive()

    def finish(self) -> None:
        """After its death: take its last words in, and say how what it left has ended."""
        self.listen()
        os.close(self.reports)
        if self.process.stdin:
            self.process.stdin.close()
        if not self.say_ending() and self.state in ("applied", "starting"):
            self._say_how_it_went()

    def say_ending(self) -> bool:
        """Say how it ended unless that has been said; whether it ended at all. False: it was never in force."""
        ending = endings.of_child(self.process.pid, Process.me())
        if ending is None:
            return False
        if ending.state != self.said:
            self.said = ending.state
            self.say(self.id, ending.state, ending.detail)
        self.state = self.state if self.state == "refused" else "ended"
        return True

    def _settle(self) -> None:
        for record in in_force():
            if record.holder.pid == self.process.pid:
                settle(record, "controller")

    def _say_how_it_went(self) -> None:
        """No word of an end came: a foreign provider that failed, or a child that died before it began."""
        said = self.detail or _not_begun(self.log) or last_error(self.log)
        self.detail = said or f"chaos run ended with {self.process.returncode}"
        self.say(self.id, "failed", self.detail)
        self.state = "refused"

    def _take(self, said: dict[str, Any]) -> None:
        if said["state"] in ("applied", "ended") and self.state != "refused":
            self.state = said["state"]
        if said["state"] == "refused":
            self.state, self.detail = "refused", said.get("detail", "")
        if said["state"] in endings.WORST_FIRST:
            self.said = said["state"]
        self.say(
            self.id, said["state"], said.get("detail") or said.get("how", ""), at=said["at"], count=said.get("count")
        )

    def _tell(self, word: str) -> None:
        if self.process.stdin is None:
            raise EntsurgeError("the child has no input")
        try:
            self.process.stdin.write(word.encode() + b"\n")
        except OSError:
            return  # it is gone: `over` finds out


def _trusting() -> dict[str, str]:
    """What has HTTP probes of Chaos Toolkit trust the authorities that the target file names, as visitors do."""
    told = access()
    return {BUNDLE: str(kept(told, os.environ.get(BUNDLE, "")))} if told.certificates else {}


def _not_begun(log: Path) -> str:
    """Which probe of the steady state did not hold before the method, so that it was not begun; empty when all did."""
    try:
        journal = json.loads(log.with_suffix(".json").read_bytes())
        said = broken((journal.get("steady_states") or {}).get("before"))
    except (OSError, ValueError, AttributeError):
        return ""
    return f"the steady state did not hold before: {said}" if said else ""


def _probing(experiment: Experiment) -> list[str]:
    """Chaos Toolkit's options that have the steady state looked at while the perturbation is in force, too."""
    if not experiment.probed:
        return []
    every = f"{experiment.extension.probe_seconds:g}"
    return ["--hypothesis-strategy", "continuously", "--hypothesis-frequency", every]


def _control_file(folder: Path) -> Path:
    """Puts our control beside the journals: it keeps anybody's providers to the window."""
    path = folder / "control.json"
    control = {"entsurge": {"provider": {"type": "python", "module": "entsurge.chaos.control"}}}
    path.write_text(json.dumps(control), encoding="utf-8")
    return path.resolve()


def last_error(log: Path) -> str:
    """The last error that Chaos Toolkit wrote, without its colours and its date; empty when there is none."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    wrong = [line.partition("]")[2].strip() or line for line in lines if " ERROR]" in line or " CRITICAL]" in line]
    found = wrong[-1] if wrong else ""
    return found.removeprefix("=> failed: ").replace("chaoslib.exceptions.ActivityFailed: ", "")

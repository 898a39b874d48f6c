"""One run's controller, guardian and child as a test has them: started, signalled, and seen to their end."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from entsurge.chaos.process import Process

LEASE_SECONDS = 1.0
WAIT_SECONDS = 30.0


def until(condition: Callable[[], bool], seconds: float = WAIT_SECONDS, what: str = "") -> float:
    """Wait for a condition; how long it took. Fails when it takes longer than it may."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, f"waited {seconds:.1f} s in vain: {what}"
        time.sleep(0.03)
    return time.monotonic() - begun


def experiment(
    path: Path, fault: str, settings: dict, *, lease: float = LEASE_SECONDS, configuration: dict | None = None,
    **extension: object,
) -> Path:  # fmt: skip
    """An experiment file that holds one of our faults."""
    arguments = {"fault": fault, "settings": settings, "lease_seconds": lease, "seconds": 60}
    provider = {"type": "python", "module": "entsurge.chaos.activity", "func": "hold", "arguments": arguments}
    method = [{"type": "action", "name": fault, "provider": provider}]
    return write(path, method, [], lease=lease, configuration=configuration, **extension)


def write(
    path: Path, method: list, rollbacks: list, *, lease: float = LEASE_SECONDS, configuration: dict | None = None,
    **extension: object,
) -> Path:  # fmt: skip
    """An experiment file with any method and rollbacks."""
    block = {"name": "entsurge", "kind": "fault", "title": {"fr": "essai", "en": "trial"}, "lease_seconds": lease}
    whole = {
        "title": "trial", "description": "a trial", "method": method, "rollbacks": rollbacks,
        "extensions": [block | extension], "configuration": configuration or {},
    }  # fmt: skip
    path.write_text(json.dumps(whole))
    return path


class Subject:
    """A controller with one window, in a state folder of its own; the test plays the engine.

    `beside`: another experiment, in force as long as the controller lives.
    """

    def __init__(
        self, folder: Path, file: Path, *, start_s: float = -1.0, end_s: float = 60.0, beside: Path | None = None,
        target: str = "http://127.0.0.1:9/", **env: str,
    ) -> None:  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.state = folder, folder / "state"
        spec = {
            "run": "trial", "journals": str(folder / "journals"), "target": target,
            "windows": [{"file": str(file), "start_s": start_s, "end_s": end_s}],
        }  # fmt: skip
        if beside is not None:
            spec["windows"].append({"file": str(beside), "start_s": -1.0, "end_s": 60.0})
        self.environment = os.environ | {"ENTSURGE_STATE": str(self.state)} | env
        (folder / "journals").mkdir(exist_ok=True)
        with (folder / "stderr").open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "entsurge.chaos.controller", json.dumps(spec)], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=errors, env=self.environment, start_new_session=True,
            )  # fmt: skip
        self.said: list[dict] = []
        self.hearing = threading.Thread(target=self._hear, daemon=True)
        self.hearing.start()

    def _hear(self) -> None:
        for line in self.process.stdout:
            self.said.append(json.loads(line))

    def tell(self, **row: object) -> None:
        """Say something as the engine does."""
        self.process.stdin.write(json.dumps(row).encode() + b"\n")
        self.process.stdin.flush()

    def states(self) -> list[str]:
        """What was said of the perturbation so far."""
        return [each["state"] for each in self.said if "state" in each]

    def wait_applied(self) -> None:
        """Wait until the fault is in force."""
        until(lambda: "applied" in self.states() or self.process.poll() is not None, what=f"applied: {self.said}")
        assert "applied" in self.states(), (self.said, self.log())

    def child(self) -> Process:
        """The `chaos run` that holds the fault."""
        record = json.loads(next((self.state / "in-force").glob("*.json")).read_text())
        return Process(**record["holder"])

    def guardian(self) -> Process:
        """The guardian of the controller."""
        for each in Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            for pid in each.read_text().split():
                if b"entsurge.chaos.guardian" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    return Process.of(int(pid))
        raise AssertionError("no guardian")

    def log(self) -> str:
        """What everybody wrote."""
        logs = [*(self.folder / "journals").glob("*.log"), self.folder / "stderr"]
        return "\n".join(path.read_text(errors="replace")[-1500:] for path in logs if path.is_file())

    def recover(self, expected: int = 0) -> str:
        """`entsurge chaos recover` ends with this code; what it says."""
        done = self.command("recover")
        assert done.returncode == expected, done.stdout + done.stderr
        return done.stdout

    def command(self, *arguments: str) -> subprocess.CompletedProcess:
        """`entsurge chaos` with these arguments, in this state folder."""
        return subprocess.run(
            [sys.executable, "-m", "entsurge", "chaos", *arguments], env=self.environment, capture_output=True,
            text=True, timeout=60, check=False,
        )  # fmt: skip

    def in_force(self) -> list[str]:
        """Records that are still on disk."""
        return [path.name for path in (self.state / "in-force").glob("*") if not path.name.startswith(".")]

    def audit(self) -> list[dict]:
        """The audit's lines."""
        path = self.state / "audit.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []

    def close(self) -> None:
        """End whatever still lives of it."""
        for path in (self.state / "in-force").glob("*.json"):
            with contextlib.suppress(OSError, ValueError):
                Process(**json.loads(path.read_text())["holder"]).send(signal.SIGKILL)
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.hearing.join(5)
        self.process.stdout.close()

"""The controller: begins and ends every window on the run's clock, whoever dies.

Standard input, one JSON object a line: `{"headers": {…}}` that the target wants with every question, perhaps secrets;
`{"zero": monotonic seconds}` once, `{"second": n, "personas": {…}}` each second, `{"end": reason}`.

Standard output: `{"id", "state", "detail", "t"}` for what happened to a perturbation (and `count`: how much it
touched), `{"ready": true}` when everything that lasts the whole run is in force, `{"refused": message}` when it cannot
be, `{"stop": reason}` for a breach, `{"done": true}` at the end.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from entsurge.chaos import guardian
from entsurge.chaos.child import Child
from entsurge.chaos.endings import FAILED
from entsurge.chaos.experiment import load
from entsurge.chaos.readings import Readings
from entsurge.chaos.timeline import Planned
from entsurge.chaos.watch import Watch

if TYPE_CHECKING:
    import subprocess

TICK_SECONDS = 0.05
HOLD_SECONDS = 0.15
EARLY_SECONDS = 2.0  # so long before its window a child is started, so that it begins on time


class Controller:
    """One run's controller."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.folder, self.run = Path(spec["journals"]), spec["run"]
        self.waiting = [Planned(load(each["file"]), each["start_s"], each["end_s"]) for each in spec["windows"]]
        self.children: list[Child] = []
        self.failed: list[Child] = []  # whose undo failed
        self.zero: float | None = None
        self.ready = False
        self.ending = ""
        self.input, self.held = b"", 0.0
        self.readings = Readings(spec["target"])
        self.watches = [
            (planned, Watch(condition, self.readings.value))
            for planned in self.waiting
            for condition in planned.experiment.extension.stop_when
        ]
        self.readings.watch([watch.condition for _, watch in self.watches])
        self.signalled = ""
        self.guardian: subprocess.Popen[bytes] | None = None

    def main(self) -> None:
        """Run until every window is over and the engine has said so, or is gone."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._hear_signal)
        self.guardian = guardian.start() if self.waiting else None
        while not (self.ending and not self.children):
            self._listen()
            if self.signalled and not self.ending:
                self.end(self.signalled)
            self._keep_guardian()
            self._begin()
            self._tend()
            self._say_ready()
        if self.guardian is not None:
            guardian.dismiss(self.guardian)
        for child in self.failed:
            child.say_ending()  # the guardian has tried once more
        self._write({"done": True})

    def _hear_signal(self, number: int, frame: object) -> None:
        """Keep it for the next turn of the loop: a handler may come in the middle of a write."""
        del frame
        self.signalled = signal.Signals(number).name

    def end(self, why: str) -> None:
        """End everything, now."""
        self.ending = self.ending or why
        self.waiting.clear()
        for child in self.children:
            child.end(why)

    def say(
        self, identity: str, state: str, detail: str = "", at: float | None = None, count: int | None = None
    ) -> None:
        """Tell the engine what happened to a perturbation, when on the run's clock, and how much it touched."""
        t = 0.0 if self.zero is None else round((at or time.monotonic()) - self.zero, 3)
        counted = {} if count is None else {"count": count}
        self._write({"id": identity, "state": state, "detail": detail, "t": max(0.0, t), **counted})

    # -- what comes in ---------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        readable, _, _ = select.select([0], [], [], TICK_SECONDS)
        if not readable:
            return
        piece = os.read(0, 65536)
        if not piece:
            self.end("engine gone")
            time.sleep(TICK_SECONDS)
            return
        self.input += piece
        *lines, self.input = self.input.split(b"\n")
        for line in lines:
            self._take(json.loads(line))

    def _take(self, row: dict[str, Any]) -> None:
        if "zero" in row:
            self.zero = row["zero"]
        elif "headers" in row:
            self.readings.carry(row["headers"])
        elif "end" in row:
            self.end(row["end"])
        elif "second" in row and not self.ending:
            self._watch(row)

    def _watch(self, row: dict[str, Any]) -> None:
        """Judge the conditions of what is in force."""
        now = self._now()
        for planned, watch in self.watches:
            breach = watch.second(row) if planned.start_s <= now < planned.end_s else ""
            if breach:
                self._write({"stop": breach})
                self.end("stop condition")
                return

    # -- what goes on ----------------------------------------------------------------------------------------------

    def _now(self) -> float:
        return -1.0 if self.zero is None else time.monotonic() - self.zero

    def _begin(self) -> None:
        """Start the children whose window is near."""
        for planned in [each for each in self.waiting if each.whole_run or self._near(each)]:
            self.waiting.remove(planned)
            journal = self.folder / f"{len(list(self.folder.glob('*.log'))) + 1:02}-{planned.experiment.id}.json"
            self.children.append(Child(planned, journal, run=self.run, say=self.say))

    def _keep_guardian(self) -> None:
        """A guardian that was killed is replaced: its post is never empty for long."""
        if self.guardian is not None and self.guardian.poll() is not None and not self.ending:
            if self.guardian.stdin is not None:
                self.guardian.stdin.close()
            self.guardian = guardian.start()

    def _near(self, planned: Planned) -> bool:
        return self.zero is not None and self._now() >= planned.start_s - EARLY_SECONDS

    def _tend(self) -> None:
        """Give every child its word: go, hold, end."""
        now, hold = self._now(), time.monotonic() - self.held > HOLD_SECONDS
        self.held = time.monotonic() if hold else self.held
        for child in list(self.children):
            child.listen()
            if child.over():
                child.finish()
                self.children.remove(child)
                self.failed += [child] if child.said == FAILED else []
                self._refused(child)
                continue
            if hold:
                child.hold()
            if child.planned.whole_run or now >= child.planned.start_s >= 0:
                child.go()
            if self.zero is not None and now >= child.planned.end_s:
                child.end("normal")

    def _refused(self, child: Child) -> None:
        """What was to last the whole run and cannot be applied ends the run before it begins."""
        if child.state == "refused" and not self.ready and child.planned.whole_run:
            self._write({"refused": f"{child.id}: {child.detail}"})
            self.end("refused")

    def _say_ready(self) -> None:
        whole = [child for child in self.children if child.planned.whole_run]
        if self.ready or self.ending or any(each.whole_run for each in self.waiting):
            return
        if all(child.state == "applied" for child in whole):
            self.ready = True
            self._write({"ready": True})

    def _write(self, row: dict[str, Any]) -> None:
        try:
            os.write(1, json.dumps(row).encode() + b"\n")
        except BrokenPipeError:
            self.end("engine gone")


def main() -> None:
    """Run the controller of the specification in the first argument."""
    Controller(json.loads(sys.argv[1])).main()


if __name__ == "__main__":
    main()

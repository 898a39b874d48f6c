"""Holds the run's measures: applies them before the first arrival, renews their leases, ends them with the run."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Self

import gevent

from entsurge.chaos.measures import Measure
from entsurge.engine.spec import ADMIN_TOKEN
from entsurge.errors import CannotRecord, TargetUnreachable
from entsurge.visit.client import Client
from entsurge.visit.failure import ClientError

if TYPE_CHECKING:
    from types import TracebackType

    from entsurge.chaos.experiment import Experiment
    from entsurge.record.run_directory import RunDirectory
    from entsurge.visit.stage import Stage

CALL_SECONDS = 5.0


class Measures:
    """A context: measures are in force inside it, and no longer than one lease after it, whatever happens."""

    def __init__(self, experiments: list[Experiment], stage: Stage, directory: RunDirectory, *, url: str) -> None:
        token = os.environ.get(ADMIN_TOKEN, "")
        self.stage, self.directory = stage, directory
        self.client = Client(allow=stage.allow)
        self.measures = [Measure(each, url=url, token=token, send=self._send) for each in experiments]
        self.renewing: list[gevent.Greenlet] = []
        self.over = False

    def __enter__(self) -> Self:
        """Apply every measure."""
        for measure in self.measures:
            measure.apply()
            self._event(measure, "applied")
            self.renewing.append(gevent.spawn(self._renew, measure))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End what is still in force."""
        self.end()
        self.client.close()

    def end(self) -> None:
        """End every measure now; what cannot be reached ends with its lease."""
        if self.over:
            return
        self.over = True
        gevent.killall(self.renewing)
        for measure in self.measures:
            try:
                measure.end()
                self._event(measure, "ended")
            except TargetUnreachable as unreachable:
                self._event(measure, "left to its lease", str(unreachable))

    def _renew(self, measure: Measure) -> None:
        while True:
            gevent.sleep(measure.seconds / 3)
            try:
                measure.renew()
            except TargetUnreachable as unreachable:
                self._event(measure, "not renewed", str(unreachable))

    def _send(self, method: str, url: str, body: bytes, headers: dict[str, str]) -> int:
        try:
            answer = self.client.request(method, url, headers=headers, body=body, deadline_seconds=CALL_SECONDS)
        except ClientError as error:
            raise TargetUnreachable(f"{url}: {error}") from error
        status: int = answer.status
        return status

    def _event(self, measure: Measure, state: str, detail: str = "") -> None:
        t = round(self.stage.now_us() / 1e6, 3) if self.stage.zero else 0.0
        row = {"t": t, "kind": "perturbation", "id": measure.experiment.id, "state": state, "detail": detail}
        with contextlib.suppress(CannotRecord):  # the run's own second notices a full disk
            self.directory.append("events.jsonl", row)

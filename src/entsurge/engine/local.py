"""The plan offered by this very process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gevent
from locust import User, task
from locust.env import Environment

from entsurge.engine.health import settle
from entsurge.engine.pulse import Pulses
from entsurge.engine.scheduler import Scheduler

if TYPE_CHECKING:
    from entsurge.engine.run import Run


class Idle(User):
    """The one user that Locust's runner believes in; visits are started by our own scheduler."""

    fixed_count = 1

    @task
    def wait(self) -> None:
        """Do nothing until the run ends."""
        gevent.sleep(3600)


class Local:
    """One process does everything: scheduler, visits, record, book."""

    def __init__(self, run: Run) -> None:
        self.run, self.run_context, self.recorder = run, run.run_context, run.recorder
        self.environment = Environment(user_classes=[Idle], host=run.spec.url)
        self.environment.entsurge = run.run_context  # type: ignore[attr-defined]
        self.runner = self.environment.create_local_runner()
        prepared = run.prepared
        self.scheduler = Scheduler(
            prepared.arrivals, prepared.scenarios, self.environment, most=prepared.profile.file.replay.max_visitors
        )
        self.delay_seconds = 0.0
        self.pulse = Pulses(run.run_context, self.scheduler, run.recorder)

    def gather(self) -> None:
        """Nobody is waited for."""
        self.recorder.listeners.append(self.run.book.fold)

    def begin(self) -> None:
        """Start the scheduler when Locust says that its test has started."""
        settle()
        started: Any = self.environment.events.test_start
        started.add_listener(lambda **_: gevent.spawn(self.scheduler.run).link(self._planned_through))
        self.runner.start(1, 1)

    def _planned_through(self, greenlet: Any) -> None:
        if not greenlet.successful():
            self.run.stop("failed")
        self.pulse.all_started = True

    def tick(self, second: int) -> None:
        """This second's pulse and record."""
        self.run.book.pulse("engine", self.pulse.take(second))
        self.run.book.visits(self.recorder.finished_visits)
        self.recorder.fold(second)

    def over(self) -> bool:
        """Whether the last visit has been started, none is left and nobody will come back."""
        return self.pulse.all_started and self.scheduler.idle

    def end(self) -> None:
        """Interrupt the visits, and take in what they came to."""
        self.scheduler.close(5)
        self.tick(int(self.run_context.now_us() / 1e6))

    def close(self) -> None:
        """End Locust's runner."""
        self.pulse.health.end()
        self.runner.quit()

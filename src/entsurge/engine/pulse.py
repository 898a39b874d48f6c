"""What one process says of itself once a second, beside its record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.engine.health import Health
from entsurge.engine.messages import PresenceTold, Pulse

if TYPE_CHECKING:
    from entsurge.engine.scheduler import Scheduler
    from entsurge.record.recorder import Recorder
    from entsurge.visit.run_context import RunContext


class Pulses:
    """Takes the pulse of this process: counts so far, and what has happened since it was last taken."""

    def __init__(self, context: RunContext, scheduler: Scheduler, recorder: Recorder) -> None:
        self.run_context, self.scheduler, self.recorder, self.health = context, scheduler, recorder, Health()
        self.all_started = False

    def take(self, second: int) -> Pulse:
        """The pulse at the end of this second."""
        context, scheduler = self.run_context, self.scheduler
        now_us = context.now_us()
        lags, context.lags_us = context.lags_us, []
        unreachable, answers = context.unreachable, context.answers
        context.unreachable = context.answers = 0
        presence = context.presence
        return Pulse(
            second=second,
            offered=dict(scheduler.offered),
            started=dict(scheduler.started),
            lost=dict(scheduler.lost),
            retries={name: dict(of) for name, of in scheduler.comebacks.counts.items()},
            present=dict(presence.counts),
            presence=PresenceTold(presence.area_us(now_us), scheduler.visits.open_us(presence.window, now_us)),
            lags_us=lags,
            unreachable=unreachable,
            answers=answers,
            signatures=dict(self.recorder.signatures),
            limits=dict(context.limits),
            over=self.all_started and scheduler.idle,
            health=self.health.take(),
        )

"""Who comes, and who comes back: the plan's visits as stays, one visit an account at a time, retries of who failed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from entsurge.plan.arrivals import VisitPlan
from entsurge.simulation.visits import OK, Stay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from entsurge.plan.arrivals import Stream
    from entsurge.plan.batches import PlanBatch
    from entsurge.plan.comeback import Comeback
    from entsurge.simulation.clock import Clock
    from entsurge.simulation.costs import Costed, Costs
    from entsurge.simulation.record import PaperRecord

FAILED_ENDS = frozenset({"shed", "failed", "sign-on"})
COUNTS = ("due", "started", "given_up", "lost")
IN_USE = "its account was still in use by an earlier visit (population too small)"


def stays(batch: PlanBatch, costed: Costed) -> Iterator[tuple[int, Stay]]:
    """The batch's visits, each with the instant at which it is due."""
    persona = [stream.persona for stream in batch.streams]
    phase = batch.streams[0].profile.file.replay.phase
    columns = (
        batch.stream, batch.account, batch.due_us, batch.window, batch.pages, batch.gaps_us, costed.codes,
        costed.work_us, costed.sign_on_us, costed.landing_us,
    )  # fmt: skip
    whole = zip(batch.names, batch.devices, *(column.tolist() for column in columns), strict=True)
    for name, device, stream, account, due, inside, count, gaps, codes, work, sign_on, landing in whole:
        yield due, Stay(
            name, persona[stream], stream, account, due, phase if inside else "warm-up", codes=codes[:count],
            gaps_us=gaps[:count], work_us=work[:count], sign_on_us=sign_on, landing_us=landing,
            device=device,
        )  # fmt: skip


class Attempts:
    """Starts each visit when it is due, and each retry; keeps who is there, and the two sides of Little's law.

    `overfull(now_us)` is called when more people are there at once than `most`.
    """

    def __init__(
        self, clock: Clock, costs: Costs, streams: Sequence[Stream], record: PaperRecord, comeback: Comeback,
        phase_at: Callable[[int], str], *, most: int, overfull: Callable[[], None],
    ) -> None:  # fmt: skip
        self.clock, self.costs, self.streams, self.record, self.comeback = clock, costs, streams, record, comeback
        self.phase_at, self.most, self.overfull = phase_at, most, overfull
        self.arrive: Callable[[int, Stay], None]
        personas = list(dict.fromkeys(stream.persona for stream in streams))
        self.offered, self.started, self.lost, self.present = (Counter(dict.fromkeys(personas, 0)) for _ in range(4))
        self.retries = {name: Counter(dict.fromkeys(personas, 0)) for name in COUNTS}
        self.living: dict[tuple[int, int], Stay] = {}
        self.pending = 0
        self.retries_started = 0
        self._since_us = self._area_us = 0

    def offer(self, now_us: int, stay: Stay) -> None:
        """A planned visit is due."""
        self.offered[stay.persona] += 1
        if (stay.stream, stay.account) in self.living:
            self.lost[stay.persona] += 1
            stay.end = "not-started"
            self.record.visit(stay)
            return
        self.started[stay.persona] += 1
        self._begin(now_us, stay)

    def _begin(self, now_us: int, stay: Stay) -> None:
        self._passed(now_us)
        self.living[stay.stream, stay.account] = stay
        self.present[stay.persona] += 1
        if len(self.living) > self.most:
            self.overfull()
        self.arrive(now_us, stay)

    def departed(self, now_us: int, stay: Stay) -> None:
        """Somebody has gone; they come back if they did not get what they came for and are of those who insist."""
        self._passed(now_us)
        del self.living[stay.stream, stay.account]
        self.present[stay.persona] -= 1
        stay.end_us = now_us
        self.record.visit(stay)
        if stay.end in FAILED_ENDS:
            self._consider(now_us, stay)

    def _consider(self, now_us: int, stay: Stay) -> None:
        shape = VisitPlan(stay.name, stay.persona, "", stay.account, 0, "", (), stay.attempt)
        delay_us = self.comeback.delay_us(shape)
        if delay_us is None:
            return
        self.retries["due"][stay.persona] += 1
        self.pending += 1
        due_us = now_us + delay_us
        self.clock.at(due_us, self._again, self._retry(stay, due_us))

    def _again(self, now_us: int, stay: Stay) -> None:
        self.pending -= 1
        if (stay.stream, stay.account) in self.living:
            self.retries["given_up"][stay.persona] += 1
            return
        self.retries["started"][stay.persona] += 1
        self.retries_started += 1
        self._begin(now_us, stay)

    def _retry(self, stay: Stay, due_us: int) -> Stay:
        """The pages still owed, under the first attempt's name and this one's number."""
        owed = [at for at, outcome in enumerate(stay.outcomes) if outcome != OK]
        owed += range(len(stay.outcomes), len(stay.codes))
        work = [stay.work_us[at] for at in owed]
        codes = self.costs.codes_again([stay.codes[at] for at in owed], stay.stream)
        self.costs.without_landing(codes, work, stay.landing_us)
        return Stay(
            f"{stay.name.partition('#')[0]}#{stay.attempt + 1}", stay.persona, stay.stream, stay.account, due_us,
            self.phase_at(due_us), codes=codes, gaps_us=[stay.gaps_us[at] for at in owed], work_us=work,
            sign_on_us=stay.sign_on_us, landing_us=stay.landing_us, attempt=stay.attempt + 1,
            device=stay.device,
        )  # fmt: skip

    def give_up(self) -> None:
        """The run is over: who would have come back does not."""
        due, others = self.retries["due"], [self.retries[name] for name in COUNTS[1:]]
        for persona in due:
            self.retries["given_up"][persona] += due[persona] - sum(of[persona] for of in others)

    def area_us(self, now_us: int) -> int:
        """Visitors × µs inside the window, by counting arrivals and departures, until this instant."""
        self._passed(now_us)
        return self._area_us

    def _passed(self, now_us: int) -> None:
        begin, end = self.record.begin_us, self.record.end_us
        inside_us = min(now_us, end) - max(self._since_us, begin)
        if inside_us > 0:
            self._area_us += len(self.living) * inside_us
        self._since_us = now_us

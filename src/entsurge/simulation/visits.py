"""One visit on paper, from arrival to departure, as `visit/visitor.py` lives it: sign-on, pages, gaps, patience."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from entsurge.simulation.costs import REFUSED
from entsurge.simulation.stations import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from entsurge.audience.shape import Patience
    from entsurge.simulation.clock import Clock
    from entsurge.simulation.record import PaperRecord
    from entsurge.simulation.sessions import Sessions
    from entsurge.simulation.stations import Nodes, WaitingRoom

OK, SHED, FAILED, LOST = range(4)  # as PAGE_OUTCOMES has them
AT_DOOR, RENEWING, LANDING, INSIDE = range(4)
UNANSWERED_US = 10_000_000  # as visit/visitor.py: waited for so long when the run ends, a page has failed
ENDS = {SHED: "shed", FAILED: "failed"}


class Stay:
    """One attempt of somebody to visit; a page costs the same by each device.

    `work_us` by page: a worker's time, 0 for none, REFUSED for a closed page.
    """

    __slots__ = (
        "account", "asked", "at", "attempt", "codes", "device", "due_us", "end", "end_us", "gaps_us", "landing_us",
        "name", "outcomes", "page_us", "persona", "phase", "refused", "sign_on", "sign_on_us", "stage", "start_us",
        "stream", "touched_us", "waiting_us", "work_us",
    )  # fmt: skip

    def __init__(
        self, name: str, persona: str, stream: int, account: int, due_us: int, phase: str, *, codes: Sequence[int],
        gaps_us: Sequence[int], work_us: Sequence[int], sign_on_us: int, landing_us: int, attempt: int = 0,
        device: str = "",
    ) -> None:  # fmt: skip
        self.name, self.persona, self.stream, self.account = name, persona, stream, account
        self.due_us, self.phase, self.attempt, self.device = due_us, phase, attempt, device
        self.codes, self.gaps_us, self.work_us = codes, gaps_us, work_us
        self.sign_on_us, self.landing_us = sign_on_us, landing_us
        self.start_us = self.end_us = self.page_us = self.touched_us = due_us
        self.at = self.waiting_us = 0
        self.stage, self.asked = AT_DOOR, False
        self.outcomes = bytearray()
        self.refused = [0, 0, 0, 0]
        self.sign_on, self.end = LOST, "lost"


@dataclass(frozen=True)
class Habits:
    """What visitors put up with: a page's deadline, refusals by persona; and whether a persona is let in at a time."""

    deadline_us: int
    queue_us: int  # the servers' own limit on waiting
    drops: bool
    patience: Mapping[str, Patience]
    admits: Callable[[str, int], bool]
    asks_each_page: bool
    hurried: frozenset[str]
    renews_passwords: bool = False


class Visits:
    """Lives every visit. `departed(now_us, stay)` is called when one has ended."""

    def __init__(
        self, clock: Clock, nodes: Nodes, door: Nodes, record: PaperRecord, habits: Habits,
        *, around_us: Sequence[int], database_share: Sequence[float], services: Sequence[str],
        sign_on_codes: Sequence[int], landing_share: float, sessions: Sessions | None, room: WaitingRoom | None,
        departed: Callable[[int, Stay], None],
    ) -> None:  # fmt: skip
        self.clock, self.nodes, self.door, self.record, self.habits = clock, nodes, door, record, habits
        self.around_us, self.database_share, self.landing_share = around_us, database_share, landing_share
        self.sign_on_codes = sign_on_codes
        self.hurried = [service in habits.hurried for service in services]
        self.sessions, self.room, self.departed = sessions, room, departed
        self.reasons: Counter[str] = Counter()
        self.renewed: set[tuple[int, int]] = set()  # accounts with a new password, where everybody has to set one
        nodes.served = self._served
        if door is not nodes:
            door.served = self._served
        if sessions is not None:
            door.greeted = self._begin_session

    # -- sign-on -------------------------------------------------------------------------------------------------------

    def arrive(self, now_us: int, stay: Stay) -> None:
        """Somebody comes: the waiting room, if there is one, then the form."""
        stay.start_us = stay.page_us = now_us
        stay.asked = True
        if self.room is None:
            self._at_form(now_us, stay)
            return
        at_us = self.room.looked_after_us(now_us)
        if at_us is None:
            self._turned_away(now_us, stay, FAILED, "waiting room full")
        elif at_us - now_us > self.habits.deadline_us:
            self.clock.at(now_us + self.habits.deadline_us, self._too_late, stay)
        else:
            self.clock.at(at_us, self._at_form, stay)

    def _too_late(self, now_us: int, stay: Stay) -> None:
        self._turned_away(now_us, stay, FAILED, "deadline", around=False)

    def _at_form(self, now_us: int, stay: Stay) -> None:
        sessions, code = self.sessions, self.sign_on_codes[stay.stream]
        if sessions is not None and sessions.full(now_us):
            self._turned_away(now_us, stay, SHED, "sessions full")
        elif not self.habits.admits(stay.persona, now_us):
            self._turned_away(now_us, stay, SHED, "not admitted")
        elif sessions is not None and not sessions.has_place(stay.persona):
            self._turned_away(now_us, stay, SHED, "places reserved")
        else:
            guest = None if sessions is None or self._must_renew(stay) else stay
            self._work(now_us, stay, self.door, code, stay.sign_on_us, self.database_share[code], guest)

    def _turned_away(self, now_us: int, stay: Stay, outcome: int, why: str, *, around: bool = True) -> None:
        self.reasons[why] += 1
        self._signed_on(now_us + around * self.around_us[self.sign_on_codes[stay.stream]], stay, outcome)

    def _signed_on(self, end_us: int, stay: Stay, outcome: int) -> None:
        """Sign-on has come to its end, at this instant or soon."""
        self.record.page(self.sign_on_codes[stay.stream], stay, stay.start_us, end_us, outcome)
        stay.sign_on, stay.asked = outcome, False
        stay.waiting_us += end_us - stay.start_us
        if outcome == OK and stay.codes:
            stay.stage, stay.touched_us = INSIDE, end_us
            self.clock.at(end_us, self._ask, stay)
        else:
            stay.end = "shed" if outcome == SHED else "sign-on" if outcome != OK else "lost"
            self.clock.at(end_us, self.departed, stay)

    # -- pages ---------------------------------------------------------------------------------------------------------

    def _ask(self, now_us: int, stay: Stay) -> None:
        at = stay.at
        code, work_us = stay.codes[at], stay.work_us[at]
        stay.page_us, stay.asked = now_us, True
        if self.sessions is not None:
            silence_us, stay.touched_us = now_us - stay.touched_us, now_us
            if silence_us > self.sessions.idle_us:
                self._page(now_us + self.around_us[code], stay, FAILED, "signed out")
                return
        if work_us == REFUSED or (self.habits.asks_each_page and not self.habits.admits(stay.persona, now_us)):
            self._page(now_us + self.around_us[code], stay, SHED, "closed")
        elif work_us == 0:
            self._page(now_us + self.around_us[code], stay, OK)
        else:
            self._work(now_us, stay, self.nodes, code, work_us, self.database_share[code])

    def _work(
        self, now_us: int, stay: Stay, nodes: Nodes, code: int, work_us: int, share: float, guest: Stay | None = None
    ) -> None:
        """Have a worker do it; where it may take too long, look again when it has."""
        database_us = int(work_us * share)
        job = Job(stay, work_us - database_us, database_us, hurried=self.hurried[code], guest=guest)
        gone = nodes.enter(now_us, job, stay.account)
        if gone is job:
            self._not_to_be_had(now_us, job, FAILED, "queue full")
            return
        if gone is not None:
            self._not_to_be_had(now_us, gone, SHED, "overtaken")
        habits = self.habits
        if job.begun_us < 0 and habits.queue_us < habits.deadline_us:
            self.clock.at(now_us + habits.queue_us, self._refuse_waiting, job)
        if job.begun_us < 0 or work_us > habits.deadline_us:
            self.clock.at(now_us + habits.deadline_us, self._give_up, job)

    def _refuse_waiting(self, now_us: int, job: Job) -> None:
        """Servers have their own limit on waiting."""
        if job.begun_us < 0:
            job.node.leave(job)
            self._not_to_be_had(now_us, job, FAILED, "queue time-out")

    def _give_up(self, now_us: int, job: Job) -> None:
        """Nobody waits past a page's deadline; what was asked for may be worked on all the same."""
        if self.habits.drops:
            job.node.leave(job)
        self._not_to_be_had(now_us, job, FAILED, "deadline", around=False)

    def _not_to_be_had(self, now_us: int, job: Job, outcome: int, why: str, *, around: bool = True) -> None:
        """Whoever waits for a job does so no more; nothing where nobody does."""
        stay, job.whose = job.whose, None
        if stay is not None and stay.stage == INSIDE:
            self._page(now_us + around * self.around_us[stay.codes[stay.at]], stay, outcome, why)
        elif stay is not None:
            self._turned_away(now_us, stay, outcome, why, around=around)

    def _served(self, now_us: int, job: Job) -> None:
        stay = job.whose
        if stay is None:
            return
        job.whose = None
        if stay.stage == INSIDE:
            self._page(now_us + self.around_us[stay.codes[stay.at]], stay, OK)
        elif stay.stage == AT_DOOR and self._must_renew(stay):
            stay.stage = RENEWING
            self.renewed.add((stay.stream, stay.account))  # it is known for good before a worker is asked for
            code, guest = self.sign_on_codes[stay.stream], None if self.sessions is None else stay
            self._work(now_us, stay, self.door, code, stay.sign_on_us, self.database_share[code], guest)
        elif stay.stage in (AT_DOOR, RENEWING) and stay.landing_us:
            stay.stage = LANDING
            self._work(now_us, stay, self.nodes, self.sign_on_codes[stay.stream], stay.landing_us, self.landing_share)
        else:
            self._signed_on(now_us + self.around_us[self.sign_on_codes[stay.stream]], stay, OK)

    def _must_renew(self, stay: Stay) -> bool:
        """Whether the first page answers with the form for a new password alone: nobody is signed on by it."""
        return self.habits.renews_passwords and (stay.stream, stay.account) not in self.renewed

    def _begin_session(self, now_us: int, stay: Stay) -> None:
        """A worker has the password before it, the new one where one is wanted: somebody is signed on.

        Whether or not they wait for the answer.
        """
        if self.sessions is not None:
            stay.touched_us = now_us
            self.sessions.begin(now_us, stay)

    def _page(self, end_us: int, stay: Stay, outcome: int, why: str = "") -> None:
        """A page has come to its end, at this instant or soon: the next click, or the way out."""
        at, start_us = stay.at, stay.page_us
        self.record.page(stay.codes[at], stay, start_us, end_us, outcome)
        stay.outcomes.append(outcome)
        stay.waiting_us += end_us - start_us
        stay.at, stay.asked = at + 1, False
        if outcome == OK:
            stay.touched_us = end_us  # its files and background calls come last
        else:
            self.reasons[why] += 1
            stay.refused[outcome] += 1
            patience = self.habits.patience[stay.persona]
            if stay.refused[SHED] >= patience.shed or stay.refused[FAILED] >= patience.failed:
                stay.end = ENDS[outcome]
                self.clock.at(end_us, self.departed, stay)
                return
        due_us = max(start_us + stay.gaps_us[at], end_us)
        if stay.at < len(stay.codes):
            self.clock.at(due_us, self._ask, stay)
        else:
            stay.end = "completed"
            self.clock.at(due_us, self.departed, stay)

    def interrupt(self, now_us: int, stay: Stay) -> None:
        """The run is over while somebody is still there; a page waited for past ten seconds has failed."""
        if stay.asked and now_us - stay.page_us >= UNANSWERED_US:
            self.reasons["unanswered when the run ended"] += 1
            inside = stay.stage == INSIDE
            code = stay.codes[stay.at] if inside else self.sign_on_codes[stay.stream]
            self.record.page(code, stay, stay.page_us, now_us, FAILED)
            if inside:
                stay.outcomes.append(FAILED)
                stay.waiting_us += now_us - stay.page_us
                stay.at += 1
            else:
                stay.sign_on = FAILED
        stay.end = "interrupted"

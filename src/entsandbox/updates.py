"""What is written while updates are suspended: kept, and given out when the pause ends; marks later to parents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsandbox.measures import SUSPENDED
from entsandbox.state.store import held, marks, messages, moment, notifications

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import Connection

    from entsandbox.directory import Directory
    from entsandbox.measures import Measures
    from entsandbox.state.store import Database
    from entsandbox.state.store.held import Kind
    from entsandbox.telemetry import Telemetry
    from entsurge.population import Person

_SERVICE: dict[Kind, str] = {
    "lesson": "lesson-book",
    "homework": "homework",
    "evaluation": "marks",
    "news": "news",
    "participation": "messages",
}


class Updates:
    """Keeps and gives out. Parents see marks `parents_wait_seconds` after pupils, by the clock of leases."""

    def __init__(
        self, measures: Measures, telemetry: Telemetry, directory: Directory, *,
        clock: Callable[[], float], parents_wait_seconds: float,
    ) -> None:  # fmt: skip
        self._measures, self._telemetry, self._directory = measures, telemetry, directory
        self._clock, self._parents_wait_seconds = clock, parents_wait_seconds
        self._may_hold = False

    def silent(self) -> bool:
        """Whether nobody is told of anything new."""
        return self._measures.silent()

    def kept(self, kind: Kind, person: Person) -> bool:
        """Whether what somebody writes now is kept for later; an effect of the measure, if so."""
        kept = self._measures.keeps(_SERVICE[kind])
        if kept:
            self._may_hold = True
            self._telemetry.effect(SUSPENDED, person.persona)
        return kept

    def keep(self, db: Connection, kind: Kind, key: int, person: Person) -> bool:
        """Hide what somebody just wrote from everybody else, if it is to be kept; whether it is."""
        kept = self.kept(kind, person)
        if kept:
            held.hold(db, kind, key, person.login)
        return kept

    def keep_marks(self, db: Connection, key: int, teacher: Person) -> bool:
        """Keep an evaluation, if it is to be, and have the pupils' parents wait; whether pupils wait too."""
        kept = self.keep(db, "evaluation", key, teacher)
        if self._parents_wait_seconds:
            until = None if kept else self._clock() + self._parents_wait_seconds
            held.hold(db, "evaluation", key, teacher.login, audience=held.PARENTS, until=until)
        else:
            self._tell_parents(db, (key,))
        return kept

    async def keep_up(self, database: Database) -> None:
        """Give out what is due by now; called twice a second, and when a measure is switched."""
        silent = self._measures.silent()
        over = self._may_hold and not silent
        if over or self._parents_wait_seconds:
            await database.run(lambda db: self._give_out(db, over=over))
        self._may_hold = silent

    def _give_out(self, db: Connection, *, over: bool) -> None:
        if over:
            messages.arrive(db, moment.now())
            held.give_out(db, then_until=self._clock() + self._parents_wait_seconds)
        self._tell_parents(db, held.lapse(db, self._clock()))

    def _tell_parents(self, db: Connection, evaluations: Iterable[int]) -> None:
        """Notify the parents of everybody who has a mark; an evaluation that was taken back has none."""
        for key in evaluations:
            given = [login for login, mark in marks.results(db, key).items() if mark is not None]
            pupils = [pupil for pupil in map(self._directory.person, given) if pupil is not None]
            parents = [parent.login for pupil in pupils for parent in self._directory.parents_of(pupil)]
            if parents:
                title = f"Notes, {marks.heading(db, key)}"
                notifications.notify(db, dict.fromkeys(parents), "marks", title, f"notes/{key}", moment.now())

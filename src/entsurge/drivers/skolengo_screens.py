"""The app's screens: what each asks of the API, in which order, and what is learnt from the answers.

Each screen has one request that is the page (the ENT makes a document for it) and perhaps light ones beside it. A
screen of one thing (a lesson, a message) is the list instead while the visitor does not know any.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from entsurge.drivers.driver import ActionSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Memory = dict[str, Any]

_LESSONS = "lessons,lessons.subject,lessons.teachers,homeworkAssignments,homeworkAssignments.subject"
_LESSON = "teachers,contents,contents.attachments,subject,toDoForTheLesson,toDoAfterTheLesson"
_MARKS = "subject,evaluations,evaluations.evaluationResult,teachers"
_SENDERS = "sender,sender.person,attachments"
_LAST = "lastParticipation,lastParticipation.sender,lastParticipation.sender.person"
_LISTED = {
    "include": "subject,teacher,teacher.person",
    "fields[homework]": "title,done,dueDateTime,html",
    "fields[subject]": "label,color",
}
_STUDENT = {"filter[student.id]": "{student}"}


@dataclass(frozen=True, slots=True)
class Step:
    """One request; `{…}` in it is filled in from what the visitor knows.

    It is made unless the visitor knows `unless`, and only if it knows `only_if`; `learn` keeps what the answer tells.
    """

    path: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    learn: Callable[[Memory, dict[str, Any]], None] | None = None
    unless: str = ""
    only_if: str = ""


@dataclass(frozen=True, slots=True)
class Screen:
    """One screen: its action's specification and its requests."""

    spec: ActionSpec
    requests: tuple[Step, ...]

    def steps(self, memory: Memory) -> list[Step]:
        """The requests that a visitor who knows so much makes."""
        return [
            step
            for step in self.requests
            if not (step.unless and memory.get(step.unless)) and (not step.only_if or memory.get(step.only_if))
        ]


def days(name: str) -> dict[str, str]:
    """The filter of this week's days."""
    monday = date.today() - timedelta(days=date.today().weekday())  # noqa: DTZ011  the person's own day
    return {f"filter[{name}][GE]": monday.isoformat(), f"filter[{name}][LE]": (monday + timedelta(days=6)).isoformat()}


def sending(memory: Memory, text: str) -> tuple[str, dict[str, Any]] | None:
    """Where a message is sent, and its document; none for who has nobody to write to."""
    if not memory.get("contact"):
        return None
    content = f"<p>{text}</p>"
    to = {"toRecipients": {"data": [{"type": "personContact", "id": memory["contact"]}]}}
    attributes = {"subject": text[:60], "firstParticipationContent": content}
    return "/communications", {"data": {"type": "communication", "attributes": attributes, "relationships": to}}


def _learner(name: str, kind: str, folder: str = "") -> Callable[[Memory, dict[str, Any]], None]:
    """Keeps the id of the first resource of a kind, wherever it stands in the document; nothing for none."""

    def learn(memory: Memory, found: dict[str, Any]) -> None:
        data = found.get("data")
        resources = [*(data if isinstance(data, list) else [data]), *found.get("included", [])]
        ids = (
            each["id"]
            for each in resources
            if each and each["type"] == kind and (not folder or each["attributes"].get("type") == folder)
        )
        memory[name] = next(ids, "")

    return learn


def _learn_mailbox(memory: Memory, found: dict[str, Any]) -> None:
    _learner("inbox", "folder", "INBOX")(memory, found)
    _learner("contact", "personContact")(memory, found)


_HOME = Step("/users-info/{me}", {"include": "school,students"})
_MAILBOX = Step("/users-mail-settings/{me}", {"include": "folders,contacts"}, _learn_mailbox, unless="inbox")
_WEEK = Step("/agendas", {**_STUDENT, "days": "date", "include": _LESSONS}, _learner("lesson", "lesson"))
_WORK = Step("/homework-assignments", {**_STUDENT, "days": "dueDate", **_LISTED}, _learner("work", "homework"))
_INBOX = Step(
    "/communications", {"filter[folders.id]": "{inbox}", "include": _LAST}, _learner("letter", "communication")
)
_LETTER = "/communications/{letter}"
_PERIODS = Step(
    "/evaluations-settings", {**_STUDENT, "include": "periods"}, _learner("period", "period"), unless="period"
)

SCREENS: dict[str, Screen] = {
    "open-home": Screen(ActionSpec("home"), (_HOME, _MAILBOX)),
    "read-lessons": Screen(ActionSpec("lesson-book"), (_WEEK,)),
    "read-lesson": Screen(
        ActionSpec("lesson-book"),
        (
            replace(_WEEK, unless="lesson"),
            Step("/lessons/{lesson}", {**_STUDENT, "include": _LESSON}, only_if="lesson"),
        ),
    ),
    "read-homework-list": Screen(ActionSpec("homework"), (_WORK,)),
    "read-homework": Screen(
        ActionSpec("homework"),
        (
            replace(_WORK, unless="work"),
            Step(
                "/homework-assignments/{work}", {**_STUDENT, "include": "subject,teacher,attachments"}, only_if="work"
            ),
        ),
    ),
    "read-inbox": Screen(ActionSpec("messages"), (_MAILBOX, _INBOX)),
    "read-message": Screen(
        ActionSpec("messages"),
        (
            _MAILBOX,
            replace(_INBOX, unless="letter"),
            Step(f"{_LETTER}/participations", {"include": _SENDERS}, only_if="letter"),
            Step(f"{_LETTER}/participants", {"include": "person"}, only_if="letter"),
        ),
    ),
    "send-message": Screen(ActionSpec("messages", writes=True), (_MAILBOX,)),
    "read-marks": Screen(
        ActionSpec("marks"),
        (
            _PERIODS,
            Step("/evaluation-services", {**_STUDENT, "filter[period.id]": "{period}", "include": _MARKS}),
        ),
    ),
    "read-absences": Screen(
        ActionSpec("absences"),
        (
            Step("/absence-files", {**_STUDENT, "include": "currentState,currentState.absenceReason"}),
            Step("/absence-reasons"),
        ),
    ),
    "read-news": Screen(ActionSpec("news"), (Step("/schools-info", {"include": "illustration,school,author"}),)),
}

"""The app's screens: what each asks of the API, in which order, and what is learnt from the answers.

Each screen has one request that is the page (the ENT makes a document for it) and perhaps light ones beside it. A
screen of one thing (a lesson, a message) is the list instead while the visitor does not know any.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from entsurge.visit.driver import ActionSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from entsurge.client.response import Response


@dataclass
class AppState:
    """What one visitor knows of the app's API: identifiers of the person and of what screens have shown.

    They are empty while unknown. Steps name them, and fill them in.
    """

    landing: Response | None = None  # the answer that proved the sign-on, until a screen asks for it
    tenant: str = ""
    school: str = ""
    me: str = ""
    student: str = ""
    inbox: str = ""
    sent: str = ""
    contact: str = ""
    lesson: str = ""
    work: str = ""
    letter: str = ""
    period: str = ""
    evaluation: str = ""
    absence: str = ""
    reason: str = ""
    news: str = ""

    def filled(self, text: str) -> str:
        """The text with its places (`{student}`) filled in."""
        return text.format_map(vars(self))

    def landed(self) -> Response | None:
        """The answer that proved the sign-on, once."""
        landing, self.landing = self.landing, None
        return landing


_LESSONS = "lessons,lessons.subject,lessons.teachers,homeworkAssignments,homeworkAssignments.subject"
_IN_A_LESSON = "teachers,contents,contents.attachments,subject,toDoForTheLesson,toDoAfterTheLesson"
_IN_MARKS = "subject,evaluations,evaluations.evaluationResult,teachers"
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
    learn: Callable[[AppState, dict[str, Any]], None] | None = None
    unless: str = ""
    only_if: str = ""


class Sending(NamedTuple):
    """What a screen writes: a request with a document."""

    method: str
    path: str
    document: dict[str, Any]
    parameters: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Screen:
    """One screen: its action's specification, its requests, and what it writes once the visitor knows `needs`."""

    spec: ActionSpec
    requests: tuple[Step, ...]
    write: Callable[[AppState, str], Sending | None] | None = None
    needs: str = "me"

    def steps(self, state: AppState) -> list[Step]:
        """The requests that a visitor who knows so much makes."""
        return [
            step
            for step in self.requests
            if not (step.unless and getattr(state, step.unless)) and (not step.only_if or getattr(state, step.only_if))
        ]


def days(name: str) -> dict[str, str]:
    """The filter of this week's days."""
    monday = date.today() - timedelta(days=date.today().weekday())  # noqa: DTZ011  the person's own day
    return {f"filter[{name}][GE]": monday.isoformat(), f"filter[{name}][LE]": (monday + timedelta(days=6)).isoformat()}


def _new_message(state: AppState, text: str) -> Sending | None:
    """A question to somebody of the address book, if there is anybody in it."""
    if not state.contact:
        return None
    to = {"toRecipients": {"data": [{"type": "personContact", "id": state.contact}]}}
    said = {"subject": text[:60], "firstParticipationContent": f"<p>{text}</p>"}
    return Sending("POST", "/communications", _document("communication", said, to))


def _answer(state: AppState, text: str) -> Sending:
    """An answer in a conversation."""
    about = {"communication": {"data": {"type": "communication", "id": state.letter}}}
    return Sending("POST", "/participations", _document("participation", {"content": f"<p>{text}</p>"}, about))


def _mark_done(state: AppState, text: str) -> Sending:
    """A piece of work marked as done."""
    del text
    document = _document("homework", {"done": True}, {})
    document["data"]["id"] = state.work
    return Sending("PATCH", f"/homework-assignments/{state.work}", document, _STUDENT)


def _justify(state: AppState, text: str) -> Sending:
    """A reason for a child's absence."""
    about = {
        "absenceFile": {"data": {"type": "absenceFile", "id": state.absence}},
        "absenceReason": {"data": {"type": "absenceReason", "id": state.reason}},
    }
    return Sending("POST", "/absence-files-states", _document("absenceFileState", {"comment": text}, about))


def _document(kind: str, attributes: dict[str, Any], relationships: dict[str, Any]) -> dict[str, Any]:
    return {"data": {"type": kind, "attributes": attributes, "relationships": relationships}}


def _learner(name: str, kind: str, folder: str = "") -> Callable[[AppState, dict[str, Any]], None]:
    """Keeps the id of the first resource of a kind, wherever it stands in the document; nothing for none."""

    def learn(state: AppState, found: dict[str, Any]) -> None:
        data = found.get("data")
        resources = [*(data if isinstance(data, list) else [data]), *found.get("included", [])]
        ids = (
            each["id"]
            for each in resources
            if each and each["type"] == kind and (not folder or each["attributes"].get("type") == folder)
        )
        setattr(state, name, next(ids, ""))

    return learn


def _learn_mailbox(state: AppState, found: dict[str, Any]) -> None:
    _learner("inbox", "folder", "INBOX")(state, found)
    _learner("sent", "folder", "SENT")(state, found)
    _learner("contact", "personContact")(state, found)


_HOME = Step("/users-info/{me}", {"include": "school,students"})
_MAILBOX = Step("/users-mail-settings/{me}", {"include": "folders,contacts"}, _learn_mailbox, unless="inbox")
_WEEK = Step("/agendas", {**_STUDENT, "days": "date", "include": _LESSONS}, _learner("lesson", "lesson"))
_LESSON = Step("/lessons/{lesson}", {**_STUDENT, "include": _IN_A_LESSON}, only_if="lesson")
_WORK = Step("/homework-assignments", {**_STUDENT, "days": "dueDate", **_LISTED}, _learner("work", "homework"))
_ONE_WORK = Step("/homework-assignments/{work}", {**_STUDENT, "include": "subject,teacher,attachments"}, only_if="work")
_INBOX = Step(
    "/communications", {"filter[folders.id]": "{inbox}", "include": _LAST}, _learner("letter", "communication")
)
_SENT = Step("/communications", {"filter[folders.id]": "{sent}", "include": _LAST})
_LETTER = "/communications/{letter}"
_SAID = Step(f"{_LETTER}/participations", {"include": _SENDERS}, only_if="letter")
_WHO = Step(f"{_LETTER}/participants", {"include": "person"}, only_if="letter")
_PERIODS = Step(
    "/evaluations-settings", {**_STUDENT, "include": "periods"}, _learner("period", "period"), unless="period"
)
_MARKS = Step(
    "/evaluation-services",
    {**_STUDENT, "filter[period.id]": "{period}", "include": _IN_MARKS},
    _learner("evaluation", "evaluation"),
)
_EVALUATION = Step(
    "/evaluations/{evaluation}", {**_STUDENT, "include": "evaluationResult,evaluationService.subject"},
    only_if="evaluation",
)  # fmt: skip
_ABSENCES = Step(
    "/absence-files", {**_STUDENT, "include": "currentState,currentState.absenceReason"},
    _learner("absence", "absenceFile"),
)  # fmt: skip
_ABSENCE = Step("/absence-files/{absence}", {"include": "currentState.absenceReason,history"}, only_if="absence")
_REASONS = Step("/absence-reasons", learn=_learner("reason", "absenceReason"), unless="reason")
_NEWS = Step("/schools-info", {"include": "illustration,school,author"}, _learner("news", "schoolInfo"))
_ONE_NEWS = Step("/schools-info/{news}", {"include": "illustration,school,author,attachments"}, only_if="news")


def _reading(service: str, *requests: Step) -> Screen:
    return Screen(ActionSpec(service), requests)


def _writing(service: str, write: Callable[[AppState, str], Sending | None], needs: str, *requests: Step) -> Screen:
    return Screen(ActionSpec(service, writes=True), requests, write, needs)


SCREENS: dict[str, Screen] = {
    "open-home": _reading("home", _HOME, _MAILBOX),
    "read-notifications": _reading("home", _HOME),
    "read-lessons": _reading("lesson-book", _WEEK),
    "read-lesson": _reading("lesson-book", replace(_WEEK, unless="lesson"), _LESSON),
    "read-homework-list": _reading("homework", _WORK),
    "read-homework": _reading("homework", replace(_WORK, unless="work"), _ONE_WORK),
    "mark-done": _writing("homework", _mark_done, "work", replace(_WORK, unless="work")),
    "read-inbox": _reading("messages", _MAILBOX, _INBOX),
    "read-sent": _reading("messages", _MAILBOX, _SENT),
    "read-message": _reading("messages", _MAILBOX, replace(_INBOX, unless="letter"), _SAID, _WHO),
    "send-message": _writing("messages", _new_message, "me", _MAILBOX),
    "answer-message": _writing("messages", _answer, "letter", _MAILBOX, replace(_INBOX, unless="letter")),
    "read-marks": _reading("marks", _PERIODS, _MARKS),
    "read-evaluation": _reading("marks", _PERIODS, replace(_MARKS, unless="evaluation"), _EVALUATION),
    "read-absences": _reading("absences", _ABSENCES, _REASONS),
    "read-absence": _reading("absences", replace(_ABSENCES, unless="absence"), _ABSENCE),
    "justify-absence": _writing("absences", _justify, "absence", replace(_ABSENCES, unless="absence"), _REASONS),
    "read-news": _reading("news", _NEWS),
    "read-news-item": _reading("news", replace(_NEWS, unless="news"), _ONE_NEWS),
    "read-academy-news": _reading("news", _NEWS),
}

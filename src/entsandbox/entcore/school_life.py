"""The applications of school life: diary, marks, absences."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from entsandbox.entcore.endpoint import Endpoint, Refused
from entsandbox.state.store import absences, homework, lessons, marks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from entsandbox.entcore.endpoint import Ask
    from entsandbox.state.store.absences import Absence
    from entsandbox.state.store.homework import Homework
    from entsandbox.state.store.lessons import Lesson

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_KINDS = ("NO_REASON", "UNREGULARIZED", "REGULARIZED", "LATENESS", "DEPARTURE")
_OWN, _CHILD = "own/{since}/{until}/{structure}", "child/{since}/{until}/{child}"


def endpoints() -> list[Endpoint]:
    """What they answer."""
    return [
        Endpoint("GET", f"/diary/homeworks/{_OWN}", _own_homework, service="homework"),
        Endpoint("GET", f"/diary/homeworks/{_CHILD}/{{structure}}", _childs_homework, service="homework"),
        Endpoint("GET", f"/diary/sessions/{_OWN}", _own_lessons, service="lesson-book"),
        Endpoint("GET", f"/diary/sessions/{_CHILD}", _childs_lessons, service="lesson-book"),
        Endpoint("GET", "/competences/devoirs", _marks, service="marks"),
        Endpoint("GET", "/presences/students/{pupil}/events", _absences, service="absences"),
    ]


def _own_homework(db: Connection, ask: Ask) -> object:
    """What one set, or what one's classes were set; a parent has none of their own."""
    since, until = _span(ask)
    if ask.person.rights == "teacher":
        return _works(homework.of_teacher(db, ask.person.login, since, until))
    return _works(homework.of_classes(db, ask.person.uai, _classes(ask), since, until, reader=ask.person))


def _childs_homework(db: Connection, ask: Ask) -> object:
    child, (since, until) = ask.pupil(ask.path["child"]), _span(ask)
    return _works(homework.of_classes(db, child.uai, child.classes, since, until, reader=ask.person))


def _own_lessons(db: Connection, ask: Ask) -> object:
    since, until = _span(ask)
    if ask.person.rights == "teacher":
        return _sessions(lessons.of_teacher(db, ask.person.login, since, until))
    return _sessions(lessons.of_classes(db, ask.person.uai, _classes(ask), since, until, reader=ask.person))


def _childs_lessons(db: Connection, ask: Ask) -> object:
    child, (since, until) = ask.pupil(ask.path["child"]), _span(ask)
    return _sessions(lessons.of_classes(db, child.uai, child.classes, since, until, reader=ask.person))


def _marks(db: Connection, ask: Ask) -> object:
    """A pupil's marks (`idEleve`), or the evaluations of one's classes."""
    ask.own_structure(ask.query.get("idEtablissement", ""))
    pupil = ask.query.get("idEleve")
    if pupil is not None:
        found = marks.of_pupil(db, ask.pupil(pupil).login, ask.person)
        return [{**_evaluation(each.evaluation), "note": each.mark} for each in found]
    if ask.person.rights not in ("teacher", "staff"):
        raise Refused("unauthorized", 401)
    taught = marks.taught(db, ask.person.uai, ask.reach.classes[:4])
    return [_evaluation(each) for each in marks.of_services(db, [each.id for each in taught], ask.person)]


def _absences(db: Connection, ask: Ask) -> object:
    """A pupil's absences and late arrivals, of the kinds that are asked for (`type`): of none without."""
    ask.own_structure(ask.query.get("structure_id", ""))
    kinds = ask.query.getlist("type")
    if not set(kinds) <= set(_KINDS):
        raise Refused("Types are not valid", 500)
    found = absences.of_pupils(db, [ask.pupil(ask.path["pupil"]).login])
    events = {kind: [_event(each) for each in found if _kind(each) == kind] for kind in kinds}
    return {"all": events, "totals": {kind: len(those) for kind, those in events.items()}}


def _kind(each: Absence) -> str:
    """Which of entcore's kinds it is: an absence by its reason; nobody leaves early here."""
    if each.kind == "late":
        return "LATENESS"
    if each.reason is None:
        return "NO_REASON"
    return "REGULARIZED" if each.justified else "UNREGULARIZED"


def _event(each: Absence) -> dict[str, Any]:
    return {"id": each.id, "type": each.kind, "start_date": each.starts_at, "end_date": each.ends_at,
            "reason_id": each.reason, "counsellor_regularisation": each.justified}  # fmt: skip


def _span(ask: Ask) -> tuple[str, str]:
    """The days of the path, in the asker's own structure where it names one. Raises Refused."""
    if "structure" in ask.path:
        ask.own_structure(ask.path["structure"])
    since, until = ask.path["since"], ask.path["until"]
    if not (_DAY.fullmatch(since) and _DAY.fullmatch(until)):
        raise Refused("invalid date", 400)
    return since, until


def _classes(ask: Ask) -> Sequence[str]:
    if ask.person.rights == "parent":
        raise Refused("unauthorized", 401)
    return ask.reach.classes


def _works(found: Sequence[Homework]) -> list[dict[str, Any]]:
    return [
        {"id": each.id, "title": each.title, "description": each.content, "due_date": each.due_on,
         "audience": {"name": each.class_name}, "subject": {"label": each.subject}}
        for each in found
    ]  # fmt: skip


def _sessions(found: Sequence[Lesson]) -> list[dict[str, Any]]:
    return [
        {"id": each.id, "title": each.title, "description": each.content, "start_date": each.starts_at,
         "end_date": each.ends_at, "audience": {"name": each.class_name}, "subject": {"label": each.subject}}
        for each in found
    ]  # fmt: skip


def _evaluation(each: marks.Evaluation) -> dict[str, Any]:
    return {"id": each.id, "name": each.title, "date": each.day, "diviseur": each.scale,
            "coefficient": each.coefficient, "moyenne": each.average}  # fmt: skip

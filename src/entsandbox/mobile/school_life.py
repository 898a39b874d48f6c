"""Absences and lateness: the files, their reasons, and a parent's justification."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entsandbox.mobile.authorization import WRITE
from entsandbox.mobile.jsonapi import Refused, Resource
from entsandbox.mobile.request_context import Ask, Endpoint, Lookup, paths
from entsandbox.state.store import absences

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from entsurge.population import Person

_STATE = ("absenceReason", "absenceRecurrence", "creator", "absenceFile")
LIST_INCLUDES = paths(*(f"currentState.{name}" for name in _STATE))
FILE_INCLUDES = LIST_INCLUDES | paths(*(f"history.{name}" for name in _STATE))
_KINDS = {"absence": "ABSENCE", "late": "LATENESS"}
_MOST_COMMENT = 1_000
_FURTHEST = 1_000
_JUSTIFY = ("parent", "staff")
_NONE = "there is no such absence for you to see"


class SchoolLife:
    """What pupils and parents read of absences, and what parents answer."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    def endpoints(self) -> list[Endpoint]:
        """What it answers."""
        states = "/absence-files-states"
        return [
            Endpoint("/absence-files", "absences", self.files, includes=LIST_INCLUDES),
            Endpoint("/absence-files/{id}", "absences", self.file, includes=FILE_INCLUDES),
            Endpoint("/absence-reasons", "absences", self.reasons, light=True),
            Endpoint(states, "absences", self.justify, "POST", WRITE, status=201, includes=paths(*_STATE)),
        ]

    def files(self, db: Connection, ask: Ask) -> list[Resource]:
        """The absences of a pupil, newest first; for staff, those of the school."""
        subject, page = self._lookup.subject(ask), ask.query.page
        most = min(page.offset + page.limit, _FURTHEST)
        if subject.rights == "staff":
            found = absences.of_school(db, subject.uai, "", most)
        else:
            found = absences.of_pupils(db, [subject.login], most)
        reasons = self._reasons(db)
        return [self._file(ask, each, reasons) for each in page.of(found)]

    def file(self, db: Connection, ask: Ask) -> Resource:
        """One absence of oneself, of a child or of a pupil in one's charge, with its history."""
        found, pupil = self._one(db, ask, ask.number("id"))
        if not self._lookup.directory.reach(ask.person).may_see_pupil(pupil):
            raise Refused(404, _NONE)
        return self._file(ask, found, self._reasons(db))

    def reasons(self, db: Connection, ask: Ask) -> list[Resource]:
        """Every reason that may be given."""
        return ask.query.page.of([_reason(each) for each in absences.reasons(db)])

    def justify(self, db: Connection, ask: Ask) -> Resource:
        """Give an absence its reason: a child's, or for staff any pupil's of the school."""
        if ask.person.rights not in _JUSTIFY:
            raise Refused(403, "a parent or the school's staff justify an absence")
        data = ask.body.get("data") if isinstance(ask.body, dict) else None
        if not isinstance(data, dict) or data.get("type") != "absenceFileState":
            raise Refused(409, "a resource of the type absenceFileState is expected", source={"pointer": "/data/type"})
        found, pupil = self._one(db, ask, _reference(data, "absenceFile"))
        if not self._lookup.directory.reach(ask.person).may_see_pupil(pupil):
            raise Refused(404, _NONE)
        reasons = self._reasons(db)
        reason = reasons.get(_reference(data, "absenceReason"))
        if reason is None:
            raise Refused(422, "there is no such reason", source={"pointer": "/data/relationships/absenceReason"})
        attributes = data.get("attributes")
        comment = attributes.get("comment") if isinstance(attributes, dict) else None
        kept = str(comment or "").replace("\x00", "")[:_MOST_COMMENT]
        absences.justify(db, found.id, reason.id, kept)
        changed = found._replace(reason=reason.id, justified=True, comment=kept)
        return self._state(ask, changed, reasons, "now")

    def _one(self, db: Connection, ask: Ask, key: int) -> tuple[absences.Absence, Person]:
        found = absences.one(db, ask.person.uai, key)
        pupil = self._lookup.directory.person(found.login) if found is not None else None
        if found is None or pupil is None:
            raise Refused(404, _NONE)
        return found, pupil

    @staticmethod
    def _reasons(db: Connection) -> dict[int, absences.Reason]:
        return {reason.id: reason for reason in absences.reasons(db)}

    def _file(self, ask: Ask, found: absences.Absence, reasons: dict[int, absences.Reason]) -> Resource:
        now = self._state(ask, found, reasons, "now")
        first = found._replace(reason=None, justified=False, comment="")
        history = [self._state(ask, first, reasons, "first"), *([now] if found.justified else [])]
        return Resource("absenceFile", str(found.id), {}, {"currentState": now, "history": history})

    def _state(self, ask: Ask, found: absences.Absence, reasons: dict[int, absences.Reason], moment: str) -> Resource:
        reason = reasons.get(found.reason or 0)
        return Resource(
            "absenceFileState",
            f"{found.id}-{moment}",
            {
                "creationDateTime": ask.instant(found.starts_at),
                "absenceStartDateTime": ask.instant(found.starts_at),
                "absenceEndDateTime": ask.instant(found.ends_at),
                "absenceType": _KINDS.get(found.kind, found.kind.upper()),
                "absenceFileStatus": "LOCKED" if found.justified else "NEW",
                "comment": found.comment,
            },
            {
                "absenceReason": _reason(reason) if reason else None,
                "absenceRecurrence": None,
                "absenceFile": Resource("absenceFile", str(found.id)),
                "creator": lambda: next(iter(self._lookup.people.known([found.author])), None),
            },
        )


def _reason(reason: absences.Reason) -> Resource:
    attributes = {"code": reason.code, "longLabel": reason.label, "supportedAbsenceTypes": list(_KINDS.values())}
    return Resource("absenceReason", str(reason.id), attributes)


def _reference(data: dict[str, Any], name: str) -> int:
    """The number of a to-one relationship; 0, which is nobody's, for none."""
    relations = data.get("relationships")
    relation = relations.get(name) if isinstance(relations, dict) else None
    target = relation.get("data") if isinstance(relation, dict) else None
    text = str(target.get("id", "")) if isinstance(target, dict) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

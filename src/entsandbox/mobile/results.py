"""Marks: periods, what is evaluated, each evaluation with the pupil's mark, and the report of each period."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from typing import TYPE_CHECKING

from starlette.responses import Response

from entsandbox.mobile.calendar import subject_of
from entsandbox.mobile.files import attachment_resource
from entsandbox.mobile.jsonapi import Refused, Resource
from entsandbox.mobile.request_context import Ask, Endpoint, Lookup, paths
from entsandbox.state.store import marks
from entsandbox.state.store.moment import today

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from entsurge.population import Person

_RESULT = ("evaluationResult.subSkillsEvaluationResults.subSkill", "subSkills")
SETTINGS_INCLUDES = paths("periods", "skillsSetting.skillAcquisitionColors")
SERVICE_INCLUDES = paths("subject", "teachers", *(f"evaluations.{name}" for name in _RESULT))
DETAIL_INCLUDES = paths("evaluationService.subject", "evaluationService.teachers", "subSubject", *_RESULT)
_SCALE = 20
_LEVELS = (("1", "Maîtrise insuffisante", "#E6523A"), ("2", "Maîtrise fragile", "#F2B233"),
           ("3", "Maîtrise satisfaisante", "#7DBB5E"), ("4", "Très bonne maîtrise", "#2E8B57"))  # fmt: skip
_REPORT = "text/csv"


class Results:
    """What pupils and parents read of marks."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    def endpoints(self) -> list[Endpoint]:
        """What it answers."""
        reports = "/periodic-reports-files"
        return [
            Endpoint("/evaluations-settings", "marks", self.settings, light=True, includes=SETTINGS_INCLUDES),
            Endpoint("/evaluation-services", "marks", self.services, includes=SERVICE_INCLUDES),
            Endpoint("/evaluations/{id}", "marks", self.evaluation, includes=DETAIL_INCLUDES),
            Endpoint(reports, "marks", self.reports, includes=paths("period")),
            Endpoint(reports + "/{key}", "marks", self.report),
        ]

    def settings(self, db: Connection, ask: Ask) -> list[Resource]:
        """How a pupil is evaluated: the periods, and that no skills are."""
        subject = self._lookup.subject(ask)
        periods = [_period(each) for each in marks.periods(db, subject.uai)]
        colours = [{"level": level, "color": colour} for level, _, colour in _LEVELS]
        levels = [{"label": label, "shortLabel": level, "level": level} for level, label, _ in _LEVELS]
        skills = Resource(
            "skillsSetting",
            subject.uai,
            {"skillAcquisitionLevels": levels},
            {
                "skillAcquisitionColors": Resource(
                    "skillAcquisitionColors", subject.uai, {"colorLevelMappings": colours}
                )
            },
        )
        attributes = {"periodicReportsEnabled": True, "skillsEnabled": False, "evaluationsDetailsAvailable": True}
        whole = Resource("evaluationsSetting", subject.uai, attributes, {"periods": periods, "skillsSetting": skills})
        return ask.query.page.of([whole])

    def services(self, db: Connection, ask: Ask) -> list[Resource]:
        """What a pupil is evaluated in, in one period or in all, with the evaluations and the pupil's marks."""
        subject = self._lookup.subject(ask)
        period = ask.query.filter("period.id")
        by_service = self._by_service(db, ask, subject, period)
        page = ask.query.page.of(self._taught(db, subject))
        return [self._service(each, by_service[each.id]) for each in page]

    def evaluation(self, db: Connection, ask: Ask) -> Resource:
        """One evaluation, with the class's range and the pupil's mark."""
        subject = self._lookup.subject(ask)
        found = marks.one(db, subject.login, ask.number("id"), ask.person)
        if found is None:
            raise Refused(404, "there is no such evaluation of this pupil's")
        given = [mark for mark in marks.results(db, found.evaluation.id).values() if mark is not None]
        taught = [each for each in self._taught(db, subject) if each.id == found.evaluation.service]
        around = [self._service(each, self._by_service(db, ask, subject)[each.id]) for each in taught]
        return self._evaluation(found, around, min(given, default=None), max(given, default=None))

    def reports(self, db: Connection, ask: Ask) -> list[Resource]:
        """A report for each period that has begun."""
        subject = self._lookup.subject(ask)
        begun = [each for each in marks.periods(db, subject.uai) if each.starts_on <= today().isoformat()]
        return [self._report(db, ask, subject, each) for each in ask.query.page.of(begun)]

    def report(self, db: Connection, ask: Ask) -> Response:
        """A period's report of oneself or a child: means by subject, as a table."""
        login, _, number = ask.path["key"].rpartition("-")
        pupil = self._lookup.directory.person(login)
        own = pupil is not None and self._lookup.is_own(ask.person, pupil)
        period = next((each for each in marks.periods(db, ask.person.uai) if str(each.id) == number), None)
        if pupil is None or not own or period is None:
            raise Refused(404, "there is no such report")
        return Response(self._table(db, ask, pupil, period), media_type=_REPORT)

    # -- what is in the store --------------------------------------------------------------------------------------

    @staticmethod
    def _by_service(db: Connection, ask: Ask, subject: Person, period: str = "") -> dict[int, list[marks.Marked]]:
        found: dict[int, list[marks.Marked]] = defaultdict(list)
        for each in marks.of_pupil(db, subject.login, ask.person):
            if period in ("", str(each.evaluation.period)):
                found[each.evaluation.service].append(each)
        return found

    @staticmethod
    def _taught(db: Connection, subject: Person) -> list[marks.Taught]:
        if not subject.classes:
            return []
        of_classes = marks.taught(db, subject.uai, subject.classes)
        return [each for each in of_classes if subject.rights == "student" or each.teacher == subject.login]

    def _table(self, db: Connection, ask: Ask, pupil: Person, period: marks.Period) -> str:
        by_service = self._by_service(db, ask, pupil, str(period.id))
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(("période", "matière", "enseignant", "moyenne", "évaluations"))
        for each in self._taught(db, pupil):
            held = by_service[each.id]
            teacher, mean = self._lookup.directory.person(each.teacher), marks.average(held)
            name = f"{teacher.given_name} {teacher.family_name}" if teacher is not None else each.teacher
            rows.writerow((period.name, each.subject, name, "" if mean is None else f"{mean:.2f}", len(held)))
        return text.getvalue()

    # -- as resources ----------------------------------------------------------------------------------------------

    def _service(self, taught: marks.Taught, held: Sequence[marks.Marked]) -> Resource:
        averages = [each.evaluation for each in held if each.evaluation.average is not None]
        weight = sum(each.coefficient for each in averages)
        whole = sum((each.average or 0.0) * _SCALE / each.scale * each.coefficient for each in averages)
        return Resource(
            "evaluationService",
            str(taught.id),
            {
                "coefficient": 1.0,
                "average": round(whole / weight, 2) if weight else None,
                "studentAverage": _rounded(marks.average(held)),
                "scale": _SCALE,
            },
            {
                "subject": subject_of(taught.subject),
                "teachers": lambda: self._lookup.people.known([taught.teacher]),
                "evaluations": lambda: [self._evaluation(each) for each in held],
            },
        )

    def _evaluation(
        self,
        marked: marks.Marked,
        around: Sequence[Resource] = (),
        least: float | None = None,
        most: float | None = None,
    ) -> Resource:
        found, mark = marked
        result = Resource(
            "evaluationResult",
            str(found.id),
            {"mark": mark, "nonEvaluationReason": "ABS" if mark is None else None, "comment": None},
            {"subSkillsEvaluationResults": []},
        )
        services = {"evaluationService": around[0]} if around else {}
        return Resource(
            "evaluation",
            str(found.id),
            {
                "title": found.title,
                "topic": found.title,
                "dateTime": f"{found.day}T00:00:00.000Z",
                "coefficient": found.coefficient,
                "min": least,
                "max": most,
                "average": found.average,
                "scale": found.scale,
            },
            {"evaluationResult": result, "subSkills": [], "subSubject": None, **services},
        )

    def _report(self, db: Connection, ask: Ask, subject: Person, period: marks.Period) -> Resource:
        key, size_bytes = f"{subject.login}-{period.id}", len(self._table(db, ask, subject, period).encode())
        name = f"Bilan {period.name}.csv"
        made = attachment_resource(ask, key, name, _REPORT, size_bytes, "periodic-reports-files")
        return Resource("periodicReportFile", key, made.attributes, {"period": _period(period)})


def _period(period: marks.Period) -> Resource:
    attributes = {"label": period.name, "startDate": period.starts_on, "endDate": period.ends_on}
    return Resource("period", str(period.id), attributes)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)

"""What Moodle shows of oneself and of the site: files, grades, the front page with its news."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from entsandbox.moodle.endpoint import Endpoint
from entsandbox.state.store import files, marks, news

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from starlette.responses import Response

    from entsandbox.moodle.endpoint import Ask


def endpoints() -> list[Endpoint]:
    """What they answer."""
    return [
        Endpoint("GET", "/", _front, service="news"),
        Endpoint("GET", "/user/files.php", _files, service="files"),
        Endpoint("GET", "/grade/report/overview/index.php", _grades, service="marks"),
    ]


def _front(db: Connection, ask: Ask) -> Response:
    found = news.latest(db, ask.person.uai, reader=ask.person)
    return ask.page(ask.site.schools[ask.person.uai].name, _list([f"{each.title} ({each.at[:10]})" for each in found]))


def _files(db: Connection, ask: Ask) -> Response:
    found = files.readable(db, ask.person.uai, (ask.person.login,))
    return ask.page("Fichiers personnels", _list([each.name for each in found]))


def _grades(db: Connection, ask: Ask) -> Response:
    """One's own averages; a teacher's are those of their classes' evaluations."""
    person = ask.person
    if person.rights == "student":
        found = [(each.evaluation.title, each.mark) for each in marks.of_pupil(db, person.login, person)]
    else:
        taught = marks.taught(db, person.uai, ask.reach.classes[:4])
        found = [(each.title, each.average) for each in marks.of_services(db, [each.id for each in taught], person)]
    return ask.page("Notes", _list([f"{title} : {'-' if mark is None else f'{mark:.2f}'}" for title, mark in found]))


def _list(lines: list[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"

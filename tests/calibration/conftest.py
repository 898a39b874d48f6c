"""A known plan, and the access log that a web server would have written of it."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from entsurge.audience import profile as profiles
from entsurge.audience.shape import DAYS
from entsurge.plan.arrivals import Arrivals, VisitPlan
from entsurge.plan.people import groups

if TYPE_CHECKING:
    from collections.abc import Iterator

PARIS = ZoneInfo("Europe/Paris")
MONDAY = dt.datetime(2026, 1, 12, tzinfo=PARIS)
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SCALE = 600
PATHS = {
    "home": "accueil", "lesson-book": "cahier-de-textes", "homework": "travail", "messages": "messagerie",
    "marks": "notes", "absences": "absences", "files": "fichiers", "news": "actualites", "chat": "chat",
    "video-class": "visio",
}  # fmt: skip


@dataclass(frozen=True)
class Hit:
    """One request, as a server sees it."""

    at: dt.datetime
    user: str
    persona: str
    method: str
    path: str
    status: int = 200
    agent: str = AGENT

    @property
    def combined(self) -> str:
        when = self.at.strftime("%d/%b/%Y:%H:%M:%S %z")
        request = f"{self.method} {self.path} HTTP/1.1"
        return f'192.0.2.7 - {self.user} [{when}] "{request}" {self.status} 512 "-" "{self.agent}"'

    @property
    def json(self) -> str:
        return json.dumps(
            {"time_iso8601": self.at.isoformat(), "request": f"{self.method} {self.path} HTTP/1.1",
             "status": self.status, "remote_user": self.user, "http_user_agent": self.agent, "profile": self.persona}
        )  # fmt: skip


def week_of(profile: profiles.Profile) -> Iterator[VisitPlan]:
    """Every visit of the profile's week, in simulated time since Monday 00:00."""
    for day in DAYS:
        window = {"day": day, "from": "00:00", "to": "24:00"}
        changes = {"window": window, "compression": 1, "warm_up_minutes": 0, "scale": f"1/{SCALE}"}
        loaded = profiles.load(profile.name, overrides=changes)
        shift = DAYS.index(day) * 86_400_000_000
        for visit in Arrivals(loaded, groups(loaded)):
            yield VisitPlan(
                visit.name, visit.persona, visit.group, visit.account, visit.due_us + shift, visit.phase, visit.pages
            )


def hits_of(visits: list[VisitPlan]) -> list[Hit]:
    """What a server sees of these visits: sign-on, pages with an asset and a background request, bots."""
    found = []
    for visit in visits:
        user, at = f"{visit.persona}.{visit.group}.{visit.account}".replace(" ", "-"), visit.due_us
        for page in visit.pages:
            when = MONDAY + dt.timedelta(microseconds=at)
            known = {"at": when, "user": user, "persona": visit.persona}
            found.append(Hit(**known, method="GET", path=f"/etab/3/{PATHS[page.service]}?jour=2"))
            found.append(Hit(**known, method="GET", path="/static/app.4f2a.css"))
            found.append(Hit(**known, method="GET", path="/etab/3/xhr/notifications"))
            at += page.gap_us
        when = MONDAY + dt.timedelta(microseconds=visit.due_us)
        found.append(Hit(when, user, visit.persona, "POST", "/cas/login", 302))
        found.append(Hit(when, "-", "", "GET", "/etab/3/accueil", agent="Examplebot/2.0"))
    return sorted(found, key=lambda hit: hit.at)


@pytest.fixture(scope="session")
def plan() -> profiles.Profile:
    """The ordinary week of the region's high schools, under the ordinary shape."""
    return profiles.load("report-cards")


@pytest.fixture(scope="session")
def visits(plan: profiles.Profile) -> list[VisitPlan]:
    """Its visits at scale 1/600."""
    return list(week_of(plan))


@pytest.fixture(scope="session")
def hits(visits: list[VisitPlan]) -> list[Hit]:
    """And what a server saw."""
    return hits_of(visits)

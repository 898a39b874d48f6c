"""Schools and who is signed on: what an app asks before the sign-on and right after it, and the news."""

from __future__ import annotations

import math
import unicodedata
from typing import TYPE_CHECKING

from starlette.routing import Route

from entsandbox.authorities import authorities
from entsandbox.mobile import jsonapi
from entsandbox.mobile.calendar import paragraph
from entsandbox.mobile.files import API
from entsandbox.mobile.identifiers import find_person, school_id
from entsandbox.mobile.jsonapi import Refused, Resource
from entsandbox.mobile.openid import ROOT
from entsandbox.mobile.request_context import Ask, Endpoint, Lookup, paths
from entsandbox.state.store import news
from entsurge.population.names import draw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection
    from starlette.requests import Request
    from starlette.responses import Response

    from entsandbox.telemetry import Telemetry
    from entsurge.population import Person, School

_INFO = paths("school", "schools", "prioritySchool", "students.school")
_NEWS = paths("illustration", "school", "author.person", "author.technicalUser", "attachments")
_SUMMARY = 160
_MOST_NEWS = 200
_DEGREES = {"Clermont-Ferrand": (45.78, 3.08), "Grenoble": (45.19, 5.72), "Lyon": (45.76, 4.84), "Dijon": (47.32, 5.04),
            "Besançon": (47.24, 6.02), "Bordeaux": (44.84, -0.58), "Limoges": (45.83, 1.26),
            "Poitiers": (46.58, 0.34)}  # fmt: skip
_ELSEWHERE = (46.6, 2.5)
_EARTH_METRES = 6_371_000


class Schools:
    """The school search, which needs no token, and what needs one: oneself, and the news."""

    def __init__(self, lookup: Lookup, telemetry: Telemetry) -> None:
        self._lookup, self._telemetry = lookup, telemetry
        self._authorities = authorities(lookup.population)

    def routes(self) -> list[Route]:
        """What it answers to everyone."""
        return [
            Route(f"{API}/schools", self.search, methods=["GET"]),
            Route(f"{API}/sko-app-configs/current", self.app, methods=["GET"]),
        ]

    def endpoints(self) -> list[Endpoint]:
        """What it answers to whoever is signed on."""
        return [
            Endpoint("/users-info/{id}", "home", self.info, includes=_INFO),
            Endpoint("/schools-info", "news", self.all_news, includes=_NEWS),
            Endpoint("/schools-info/{id}", "news", self.one_news, includes=_NEWS),
        ]

    async def search(self, request: Request) -> Response:
        """Schools by name, town or UAI (`filter[text]`), or the nearest ones (`filter[lat]`, `filter[lon]`)."""
        self._telemetry.count("xhr", "ok")
        try:
            query = jsonapi.read_query(request.query_params, frozenset())
            found = self._found(query, str(request.base_url))
        except Refused as refused:
            return jsonapi.refusal(refused)
        page = query.page.of(found)
        return jsonapi.answer(jsonapi.document(page, fields=query.fields, meta={"totalResourceCount": len(found)}))

    async def app(self, request: Request) -> Response:
        """What the app asks when it starts: whether it is too old."""
        self._telemetry.count("xhr", "ok")
        attributes = {
            "latestDeployedSkoAppVersion": "9.9.9",
            "latestSupportedSkoAppVersion": "1.0.0",
            "apiCallRetryDelay": 3000,
            "apiCallMaxRetries": 3,
            "skoAppDeploymentInfoUrl": str(request.base_url),
        }
        return jsonapi.answer(jsonapi.document(Resource("skoAppConfig", "current", attributes)))

    def info(self, db: Connection, ask: Ask) -> Resource:  # noqa: ARG002  people are computed
        """Oneself, or a child of one's own."""
        found = find_person(self._lookup.population, ask.path["id"])
        if found is None:
            raise Refused(404, "there is no such person")
        if not self._lookup.is_own(ask.person, found):
            raise Refused(403, "this is neither you nor a child of yours")
        return self._lookup.people.info(found)

    def all_news(self, db: Connection, ask: Ask) -> list[Resource]:
        """The news of the school and of the authorities above it, newest first."""
        found = [
            each
            for tenant in self._tenants(ask.person)
            for each in news.latest(db, tenant, _MOST_NEWS, reader=ask.person)
        ]
        found.sort(key=lambda each: (each.at, each.id), reverse=True)
        return [self._news(ask, each) for each in ask.query.page.of(found)]

    def one_news(self, db: Connection, ask: Ask) -> Resource:
        """One piece of news."""
        key = ask.number("id")
        for tenant in self._tenants(ask.person):
            found = news.one(db, tenant, key, reader=ask.person)
            if found is not None:
                return self._news(ask, found)
        raise Refused(404, "there is no such news")

    def _tenants(self, person: Person) -> Iterator[str]:
        yield person.uai
        yield from (each.path for each in self._authorities if person.academy in each.academies)

    def _news(self, ask: Ask, found: news.News) -> Resource:
        people = self._lookup.people.known([found.author])
        writer = Resource("technicalUser", f"author-{found.id}", {"label": found.author, "logoUrl": None})
        author = Resource(
            "schoolInfoAuthor",
            str(found.id),
            {"additionalInfo": None},
            {"person": people[0]} if people else {"person": None, "technicalUser": writer},
        )
        text = found.content.strip()
        return Resource(
            "schoolInfo",
            str(found.id),
            {
                "publicationDateTime": ask.instant(found.at),
                "title": found.title,
                "shortContent": text if len(text) <= _SUMMARY else f"{text[:_SUMMARY]}…",
                "content": paragraph(text),
                "url": None,
                "linkedInfoUrl": None,
                "linkedWebSiteUrl": None,
            },
            {
                "illustration": None,
                "attachments": [],
                "author": author,
                "school": lambda: self._lookup.people.school(self._lookup.schools[ask.person.uai]),
            },
        )

    def _found(self, query: jsonapi.Query, base: str) -> list[Resource]:
        wanted = _folded(query.filter("text"))
        schools = [
            each
            for each in self._lookup.schools.values()
            if wanted in _folded(f"{each.name} {each.academy} {each.uai}")
        ]
        if query.filter("lat") or query.filter("lon"):
            here = (_degrees(query, "lat", 90), _degrees(query, "lon", 180))
            away = sorted(((_metres(here, _place(each)), each) for each in schools), key=lambda pair: pair[0])
            return [self._school(each, base, distance) for distance, each in away]
        return [self._school(each, base) for each in schools]

    def _school(self, school: School, base: str, distance: float | None = None) -> Resource:
        attributes = {
            "name": school.name,
            "addressLine1": f"{draw(school.uai) % 90 + 1} rue des Écoles",
            "addressLine2": None,
            "addressLine3": None,
            "zipCode": "99900",
            "city": school.academy,
            "country": "France",
            "homePageUrl": f"{base}etab/{school.uai}/",
            "emsCode": "ENTSURGE",
            "emsOIDCWellKnownUrl": f"{base.rstrip('/')}{ROOT}/.well-known/openid-configuration",
            **({} if distance is None else {"distance": round(distance)}),
        }
        return Resource("school", school_id(self._lookup.population, school), attributes)


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).strip()


def _degrees(query: jsonapi.Query, name: str, most: float) -> float:
    try:
        value = float(query.filter(name))
    except ValueError:
        value = math.inf
    if not abs(value) <= most:
        raise Refused(400, f"{name} is a number of degrees up to {most}", source={"parameter": f"filter[{name}]"})
    return value


def _place(school: School) -> tuple[float, float]:
    """Somewhere around the academy's town: there is no such school."""
    latitude, longitude = _DEGREES.get(school.academy, _ELSEWHERE)
    luck = draw("place", school.uai)
    return latitude + luck % 100 / 250, longitude + luck // 100 % 100 / 250


def _metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The great-circle distance, by the haversine formula."""
    (a, b), (c, d) = (map(math.radians, one), map(math.radians, other))
    h = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
    return 2 * _EARTH_METRES * math.asin(math.sqrt(min(1.0, h)))

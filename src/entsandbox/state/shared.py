"""The memory that several processes of one sandbox share, in its database.

A sign-on found is believed for two seconds; touches are written together twice a second.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, case, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from entsandbox.state.session import PortalSession, Session, new_csrf, new_sign_on
from entsandbox.state.state import Order
from entsandbox.state.store.database import Unavailable
from entsandbox.state.store.schema import ALLOWANCE, LIMIT, MEASURE, ONE_TIME, PORTAL_SESSION, SESSION
from entsandbox.state.tickets import new_token

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection

    from entsandbox.reach import Reach
    from entsandbox.state.allowance import Rate
    from entsandbox.state.store import Database
    from entsurge.population import Person, Population

_BELIEVED_SECONDS = 2.0
_MOST_BELIEVED = 100_000
_SIGN_ON = select(SESSION).where(SESSION.c.token == bindparam("key"), SESSION.c.touched > bindparam("since"))
_PORTAL = (
    select(SESSION, PORTAL_SESSION.c.csrf)
    .join(PORTAL_SESSION, PORTAL_SESSION.c.session == SESSION.c.token)
    .where(PORTAL_SESSION.c.token == bindparam("key"), SESSION.c.touched > bindparam("since"))
)


class SharedSessions:
    """Sign-ons in the database, with what was found lately kept at hand."""

    def __init__(
        self,
        database: Database,
        population: Population,
        idle_seconds: Callable[[], float],
        reach: Callable[[Person], Reach],
        on_silence: Callable[[Session], None],
    ) -> None:
        self._database = database
        self._population = population
        self._idle_seconds = idle_seconds
        self._reach = reach
        self._on_silence = on_silence
        self._believed: dict[str, tuple[float, PortalSession]] = {}
        self._touched: dict[str, float] = {}
        self._present: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._present.total()

    def present(self, persona: str) -> int:
        """How many there are of a persona, as last known."""
        return self._present[persona]

    async def open(self, person: Person) -> Session:
        """A new sign-on."""
        session = Session(new_sign_on(), person, time.time())
        values = {"token": session.token, "login": person.login, "persona": person.persona, "touched": session.touched}
        await self._database.run(lambda db: db.execute(insert(SESSION), values))
        self._present[person.persona] += 1
        return session

    async def find(self, token: str) -> Session | None:
        """The sign-on of a token, if it has not ended; its silence ends."""
        asked = {"key": token, "since": time.time() - self._idle_seconds()}
        row = await self._database.run(lambda db: db.execute(_SIGN_ON, asked).first()) if token else None
        person = self._population.find(row.login) if row is not None else None
        if row is None or person is None:
            return None
        self._touched[token] = time.time()
        return Session(token, person, row.touched)

    async def open_portal(self, session: Session) -> str:
        """Let a sign-on into a portal: the cookie's value."""
        token, csrf = secrets.token_urlsafe(24), new_csrf()
        values = {"token": token, "session": session.token, "csrf": csrf}
        await self._database.run(lambda db: db.execute(insert(PORTAL_SESSION), values))
        self._believe(token, PortalSession(session, csrf, self._reach(session.person)))
        return token

    async def find_portal(self, token: str) -> PortalSession | None:
        """The portal session of a cookie, if its sign-on has not ended; its silence ends."""
        now = time.time()
        until, portal = self._believed.get(token, (0.0, None))
        if portal is None or until < now:
            portal = await self._look_up(token, now) if token else None
        if portal is not None:
            self._touched[portal.session.token] = now
        return portal

    async def end(self, token: str) -> None:
        """End a sign-on and every portal it opened."""
        self._believed = {key: kept for key, kept in self._believed.items() if kept[1].session.token != token}
        self._touched.pop(token, None)
        await self._database.run(lambda db: _end(db, token))

    async def keep_up(self) -> None:
        """Write touches down, end what is silent, count what is there."""
        touched, self._touched = self._touched, {}
        rows = [{"key": token, "at": at} for token, at in sorted(touched.items())]
        due = time.time() - self._idle_seconds()
        try:
            present, silent = await self._database.run(lambda db: _keep_up(db, rows, due))
        except Unavailable:
            self._touched = touched | self._touched
            raise
        self._present = Counter(present)
        for token, login, at in silent:
            person = self._population.find(login)
            if person is not None:
                self._on_silence(Session(token, person, at))
        now = time.time()
        self._believed = {key: kept for key, kept in self._believed.items() if kept[0] > now}

    async def _look_up(self, token: str, now: float) -> PortalSession | None:
        asked = {"key": token, "since": now - self._idle_seconds()}
        row = await self._database.run(lambda db: db.execute(_PORTAL, asked).first())
        person = self._population.find(row.login) if row is not None else None
        if row is None or person is None:
            return None
        portal = PortalSession(Session(row.token, person, row.touched), row.csrf, self._reach(person))
        self._believe(token, portal)
        return portal

    def _believe(self, token: str, portal: PortalSession) -> None:
        if len(self._believed) >= _MOST_BELIEVED:
            self._believed.clear()
        self._believed[token] = (time.time() + _BELIEVED_SECONDS, portal)


class SharedOneTime:
    """A box of things in the database."""

    def __init__(self, database: Database, prefix: str, seconds: float) -> None:
        self._database = database
        self._prefix = prefix
        self._seconds = seconds

    async def issue(self, thing: str) -> str:
        """Keep a thing; the token that takes it back."""
        token = new_token(self._prefix)
        values = {"token": token, "thing": thing, "until": time.time() + self._seconds}
        await self._database.run(lambda db: db.execute(insert(ONE_TIME), values))
        return token

    async def take(self, token: str) -> str | None:
        """The thing of a token, gone from the box; none when it was taken, is too old or never was."""
        if not token.startswith(f"{self._prefix}-") or "\0" in token:
            return None
        query = delete(ONE_TIME).where(ONE_TIME.c.token == token).returning(ONE_TIME.c.thing, ONE_TIME.c.until)
        row = await self._database.run(lambda db: db.execute(query).first())
        return str(row.thing) if row is not None and row.until > time.time() else None


class SharedAllowances:
    """Every account's allowance, in the database: one statement asks and spends."""

    def __init__(self, database: Database, rate: Rate) -> None:
        self._database = database
        self._rate = rate

    async def spend(self, login: str) -> float:
        """Ask for one page: 0 when it is granted, or after how many seconds it would be."""
        if not self._rate.per_minute:
            return 0.0
        now, interval, tolerance = time.time(), self._rate.interval, self._rate.tolerance
        base = case((ALLOWANCE.c.due > now, ALLOWANCE.c.due), else_=now)
        query = (
            upsert(ALLOWANCE)
            .values(login=login, due=now + interval)
            .on_conflict_do_update(
                index_elements=["login"], set_={"due": base + interval}, where=base + interval - now <= tolerance
            )
            .returning(ALLOWANCE.c.due)
        )
        granted = await self._database.run(lambda db: db.execute(query).first())
        if granted is not None:
            return 0.0
        own = select(ALLOWANCE.c.due).where(ALLOWANCE.c.login == login)
        due = await self._database.run(lambda db: db.execute(own).scalar()) or now
        return max(self._rate.next_due(float(due), now)[1], 0.1)


class SharedState:
    """Sign-ons, tickets, allowances, orders and limits, in the database."""

    def __init__(
        self,
        database: Database,
        population: Population,
        idle_seconds: Callable[[], float],
        reach: Callable[[Person], Reach],
        rate: Rate,
        on_silence: Callable[[Session], None],
    ) -> None:
        self._database = database
        self.sessions = SharedSessions(database, population, idle_seconds, reach, on_silence)
        self.allowances = SharedAllowances(database, rate)

    def one_time(self, prefix: str, seconds: float) -> SharedOneTime:
        """A box of things, each good once and in time."""
        return SharedOneTime(self._database, prefix, seconds)

    def clock(self) -> float:
        """The time of day, which processes agree on."""
        return time.time()

    async def order(self, name: str, order: Order | None) -> None:
        """Order a measure, or end it."""
        if order is None:
            await self._database.run(lambda db: db.execute(delete(MEASURE).where(MEASURE.c.name == name)))
            return
        values = {"until": order.until, "options": order.options, "since": order.since}
        query = upsert(MEASURE).values(name=name, **values).on_conflict_do_update(index_elements=["name"], set_=values)
        await self._database.run(lambda db: db.execute(query))

    async def orders(self) -> Mapping[str, Order]:
        """The measures ordered, by this process or another."""
        rows = await self._database.run(lambda db: db.execute(select(MEASURE)).all())
        return {row.name: Order(row.until, row.options, row.since) for row in rows}

    async def set_limit(self, name: str, value: float) -> None:
        """Change a limit while running."""
        query = upsert(LIMIT).values(name=name, value=value)
        query = query.on_conflict_do_update(index_elements=["name"], set_={"value": value})
        await self._database.run(lambda db: db.execute(query))

    async def limits(self) -> Mapping[str, float]:
        """The limits that were changed."""
        rows = await self._database.run(lambda db: db.execute(select(LIMIT)).all())
        return {row.name: row.value for row in rows}

    async def keep_up(self) -> None:
        """Write touches down, end what is silent or stale, count what is there."""
        await self.sessions.keep_up()
        now = time.time()
        await self._database.run(lambda db: db.execute(delete(ONE_TIME).where(ONE_TIME.c.until < now)))


def _end(db: Connection, token: str) -> None:
    db.execute(delete(PORTAL_SESSION).where(PORTAL_SESSION.c.session == token))
    db.execute(delete(SESSION).where(SESSION.c.token == token))


def _keep_up(
    db: Connection, touched: list[dict[str, object]], due: float
) -> tuple[dict[str, int], list[tuple[str, str, float]]]:
    """Touches down, silences ended; who is present by persona, and what ended."""
    if touched:
        db.execute(
            update(SESSION)
            .where(SESSION.c.token == bindparam("key"), SESSION.c.touched < bindparam("at"))
            .values(touched=bindparam("at")),
            touched,
        )
    silent = db.execute(
        delete(SESSION).where(SESSION.c.touched <= due).returning(SESSION.c.token, SESSION.c.login, SESSION.c.touched)
    ).all()
    if silent:
        db.execute(delete(PORTAL_SESSION).where(PORTAL_SESSION.c.session.in_([row.token for row in silent])))
    counted = db.execute(select(SESSION.c.persona, func.count()).group_by(SESSION.c.persona)).all()
    return {row[0]: int(row[1]) for row in counted}, [(row[0], row[1], row[2]) for row in silent]

"""The driver that is written in TOML alone: any ENT whose pages are requests that feed on each other's answers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from entsurge.client.failure import ClientError
from entsurge.client.url import joined
from entsurge.drivers import pages_file
from entsurge.drivers.judgement import extracted, fault, lacking, refusal
from entsurge.drivers.page import CompiledPage
from entsurge.drivers.page_view import PageView
from entsurge.drivers.pages_file import EVERYONE
from entsurge.drivers.results import broken, turned_away
from entsurge.drivers.template import Missing, Template
from entsurge.errors import UsageError
from entsurge.signon import registry as methods
from entsurge.signon import tokens
from entsurge.signon.flow import Flow
from entsurge.signon.method import Refusal
from entsurge.signon.refusal_patterns import RefusalPatterns
from entsurge.signs import ParsedAnswer, shown
from entsurge.visit.driver import ActionSpec
from entsurge.visit.outcome import Outcome, PageResult

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from entsurge.client.response import Response
    from entsurge.drivers.pages_file import PagesFile
    from entsurge.drivers.registry import Setting
    from entsurge.signon.method import Arrival, SignOn
    from entsurge.visit.driver import Account, Created
    from entsurge.visit.session import Session


@dataclass(slots=True)
class PagesState:
    """What one visitor knows: the values that fill the places of a file's texts, by their names."""

    known: dict[str, str] = field(default_factory=dict)


class PagesDriver:
    """Opens the pages of a file. Keeps nothing of a visitor but in the visitor's memory."""

    def __init__(self, setting: Setting, file: PagesFile, sign_on: SignOn | None) -> None:
        self.setting, self.signs, self.entrance = setting, file.signs, sign_on
        self.door, self.check = Template(file.door), Template(file.signs.check) if file.signs.check else None
        self.landing = file.landing.extract
        words = sign_on.patterns if sign_on else RefusalPatterns()
        self.words = words if self.check else replace(words, proof=self._proves)
        self.cookies = file.cookies
        self.pages = [CompiledPage(each) for each in file.page]
        self.named: dict[tuple[str, str], CompiledPage] = {
            (each.page.name, persona): each for each in self.pages for persona in file.whose(each.page)
        }
        self.whom = frozenset(persona for _, persona in self.named)
        self.actions: Mapping[str, ActionSpec] = {
            each.name: ActionSpec(each.service, each.writes, each.publishes, _having(each.name, file))
            for each in file.page
        }

    # -- sign-on ---------------------------------------------------------------------------------------------------

    def sign_on(self, session: Session, account: Account) -> PageResult:
        """By the file's method, or the target's; proven by one of the file's signs."""
        base = self.setting.portal(account.tenant)
        known = {
            "base": base, "login": account.login, "school": account.school, "tenant": account.tenant,
            "persona": account.persona, "run": session.run_name, **_days(datetime.now().astimezone().date()),
        }  # fmt: skip
        session.memory.keep(PagesState(known))
        door = joined(f"{base}/", self.door.url(known))
        try:
            if self.entrance is None:
                return self._proven(session, session.get(door))
            arrival = self.entrance.enter(Flow(session, self.words), account, door)
            if arrival.refusal is not None:
                return self._turned_away(arrival)
            return self._proven(session, arrival.page)
        except ClientError as error:
            return broken(error)

    def _proves(self, answer: Response) -> bool:
        return shown(self.signs.signed_on, ParsedAnswer(answer))

    def _turned_away(self, arrival: Arrival) -> PageResult:
        """A refusal; where only the proof is lacking, the signs of it by name."""
        if arrival.refusal is Refusal.NOT_SIGNED_ON and self.check is None and not self._proves(arrival.page):
            name = f"GET {self.door.text}"
            return lacking(ParsedAnswer(arrival.page), name, self.signs.signed_on, str(arrival.refusal))
        return turned_away(arrival)

    def _proven(self, session: Session, page: Response) -> PageResult:
        known = session.memory.of(PagesState).known
        name = f"GET {(self.check or self.door).text}"
        if self.check is not None:
            page = session.get(joined(f"{known['base']}/", self.check.url(known)), tokens.authorization(session))
        read = ParsedAnswer(page)
        wrong = refusal(self.signs, read, name)
        if wrong is None and not shown(self.signs.signed_on, read):
            wrong = lacking(read, name, self.signs.signed_on, "not signed on")
        wrong = wrong or extracted(read, name, self.landing, known, session.random)
        return wrong or PageResult(Outcome.OK, size=len(page.body))

    # -- pages -----------------------------------------------------------------------------------------------------

    def open(self, session: Session, service: str, action: str) -> PageResult:
        """The documents one after the other, then assets and XHR in parallel.

        A page that needs what no page has shown yet gives way to the first page of its service that only reads; so
        does one that a persona has not. The result says so.
        """
        known = self._known(session)
        asked = self.named.get((action, self._as(known["persona"])))
        lacked = asked.needs - known.keys() if asked else frozenset[str]()
        page = asked
        if asked is None or lacked:
            page = self._reading(service, known["persona"]) or asked
        if page is None:
            return PageResult(Outcome.FAILED, f"no page of {service} for a {known['persona']}")
        result = PageView(self.signs, session, page, known).open()
        if page is not asked:
            result.instead, result.lacked = page.page.name, ", ".join(sorted(lacked))
        return result

    def _known(self, session: Session) -> dict[str, str]:
        """What fills places now: what pages have shown, something to write, a number, cookies."""
        known = session.memory.of(PagesState).known
        known["sentence"], known["number"] = session.sentence(), str(session.random.randrange(1, 10**9))
        known["unique"] = token_hex(8)
        for name, cookie in self.cookies.items():
            known[name] = session.cookie(cookie)
        return known

    def _reading(self, service: str, persona: str) -> CompiledPage | None:
        """The first page of a service that only reads, as a persona has it."""
        mine = (found for (_, who), found in self.named.items() if who == self._as(persona))
        return next((each for each in mine if each.page.service == service and not each.page.writes), None)

    def reads(self, persona: str) -> frozenset[str]:
        """The services of which a persona has a page that only reads."""
        mine = (found.page for (_, who), found in self.named.items() if who == self._as(persona))
        return frozenset(page.service for page in mine if not page.writes)

    def _as(self, persona: str) -> str:
        """The persona, or everyone where the file nowhere names it."""
        return persona if persona in self.whom else EVERYONE

    # -- signs -----------------------------------------------------------------------------------------------------

    def classify(self, response: Response) -> Outcome:
        """The outcome by the file's signs of overload, then by the status."""
        if shown(self.signs.overload, ParsedAnswer(response)):
            return Outcome.SHED
        return Outcome.FAILED if response.status >= 400 else Outcome.OK

    # -- clean-up --------------------------------------------------------------------------------------------------

    def remove(self, session: Session, created: Created) -> str:
        """Remove what an action created: removed, gone, or kept and why."""
        page = self.named.get((created.action, self._as(session.memory.of(PagesState).known["persona"])))
        if page is None or not page.removing:
            return "kept: the driver's file does not say how to remove it"
        known = self._known(session) | {"created": created.url, **created.values}
        for call in page.removing:
            try:
                answer = call.ask(session, known)
            except Missing as error:
                return f"kept: nothing to fill in for {error.name}"
            if answer.status in (404, 410):
                return "gone"
            read = ParsedAnswer(answer)
            wrong = fault(self.signs, call, read)
            if wrong is not None:
                return f"kept: {wrong.reason}"
            for name, rule in call.request.extract.items():
                value = rule.value(read, session.random)
                known |= {name: value} if value is not None else {}
        return "removed"


def _having(action: str, file: PagesFile) -> frozenset[str]:
    """The personas who have an action, on whichever page of the file."""
    return frozenset(persona for each in file.page if each.name == action for persona in each.personas)


def _days(today: date) -> dict[str, str]:
    """Today, and the school week around it, as addresses have them."""
    monday = today - timedelta(days=today.weekday())
    return {
        "today": today.isoformat(), "week_start": monday.isoformat(),
        "week_end": (monday + timedelta(days=6)).isoformat(),
    }  # fmt: skip


def driver(setting: Setting) -> PagesDriver:
    """The driver of the setting's file. Raises UsageError with every fault of the file."""
    if setting.file is None:
        raise UsageError("the driver `pages` needs a file", hint='driver = "./ours.toml"')
    file = pages_file.load(setting.file)
    return PagesDriver(setting, file, setting.sign_on or _own(file, setting))


def _own(file: PagesFile, setting: Setting) -> SignOn | None:
    """The file's own sign-on; addresses that begin with a slash are the target's."""
    if file.sign_on is None or setting.file is None:
        return None
    if methods.types_passwords(file.sign_on):
        raise UsageError(f"{setting.file}: {methods.TYPES}: {methods.NEEDS}", hint="say [sign_on] in the target file")
    base = setting.url.rstrip("/")
    given: dict[str, Any] = json.loads(json.dumps(file.sign_on), object_hook=lambda each: _absolute(each, base))
    return methods.checked(given, setting.file, pages_file.HINT)


def _absolute(table: dict[str, Any], base: str) -> dict[str, Any]:
    """Addresses under the target's own, where they begin with a slash."""
    return {
        name: base + value if isinstance(value, str) and value.startswith("/") and name in ADDRESSES else value
        for name, value in table.items()
    }


ADDRESSES = frozenset({"login_url", "url", "action", "before", "authorize_url", "token_url"})

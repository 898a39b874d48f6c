"""The driver that is written in TOML alone: any ENT whose pages are requests that feed on each other's answers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from entsurge.client.edge_refusal import refused_by
from entsurge.client.failure import ClientError
from entsurge.drivers import pages_file
from entsurge.drivers.call import Call
from entsurge.drivers.extraction import ParsedAnswer, shown
from entsurge.drivers.results import broken, not_as_it_should_be, turned_away
from entsurge.drivers.template import Missing, Template
from entsurge.errors import UsageError
from entsurge.selectors import assets
from entsurge.signon import registry as methods
from entsurge.signon.flow import Flow
from entsurge.signon.refusal_patterns import RefusalPatterns
from entsurge.visit.driver import ActionSpec
from entsurge.visit.outcome import Outcome, PageResult

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from entsurge.client.response import Response
    from entsurge.drivers.extraction import Extract
    from entsurge.drivers.pages_file import Page, PagesFile
    from entsurge.drivers.registry import Setting
    from entsurge.signon.method import SignOn
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
        self.pages = [_Compiled(each) for each in file.page]
        self.named: dict[tuple[str, str], _Compiled] = {
            (each.page.name, persona): each for each in self.pages for persona in each.page.personas
        }
        self.actions: Mapping[str, ActionSpec] = {
            each.name: ActionSpec(each.service, each.writes, each.publishes) for each in file.page
        }

    # -- sign-on ---------------------------------------------------------------------------------------------------

    def sign_on(self, session: Session, account: Account) -> PageResult:
        """By the file's method, or the target's; proven by one of the file's signs."""
        base = self.setting.portal(account.tenant)
        known = {
            "base": base, "login": account.login, "school": account.school, "tenant": account.tenant,
            "persona": account.persona, **_days(datetime.now().astimezone().date()),
        }  # fmt: skip
        session.memory.keep(PagesState(known))
        door = urljoin(f"{base}/", self.door.url(known))
        try:
            if self.entrance is None:
                return self._proven(session, session.get(door))
            arrival = self.entrance.enter(Flow(session, self.words), account, door)
            if arrival.refusal is not None:
                return turned_away(arrival)
            return self._proven(session, arrival.page)
        except ClientError as error:
            return broken(error)

    def _proves(self, answer: Response) -> bool:
        return shown(self.signs.signed_on, ParsedAnswer(answer))

    def _proven(self, session: Session, page: Response) -> PageResult:
        known = session.memory.of(PagesState).known
        if self.check is not None:
            page = session.get(urljoin(f"{known['base']}/", self.check.url(known)), Call.tokens(session))
        read = ParsedAnswer(page)
        outcome = self._outcome(read)
        if outcome is Outcome.SHED:
            return not_as_it_should_be(page, outcome)
        if not shown(self.signs.signed_on, read):
            return not_as_it_should_be(page, Outcome.FAILED, "not signed on")
        missing = self._extract(session, read, self.landing)
        if missing:
            return not_as_it_should_be(page, Outcome.FAILED, f"no {missing} in the page")
        return PageResult(Outcome.OK, size=len(page.body))

    # -- pages -----------------------------------------------------------------------------------------------------

    def open(self, session: Session, service: str, action: str) -> PageResult:
        """The documents one after the other, then assets and XHR in parallel.

        A page that needs what no page has shown yet gives way to the first page of its service that only reads.
        """
        known = self._known(session)
        page = self.named.get((action, known["persona"]))
        if page is None or not page.needs <= known.keys():
            page = self._reading(service, known["persona"]) or page
        if page is None:
            return PageResult(Outcome.FAILED, f"no page of {service} for a {known['persona']}")
        try:
            return self._open(session, page, known)
        except Missing as error:
            return PageResult(Outcome.FAILED, f"nothing to fill in for {error.name}")
        except ClientError as error:
            return broken(error)

    def _known(self, session: Session) -> dict[str, str]:
        """What fills places now: what pages have shown, something to write, a number, cookies."""
        known = session.memory.of(PagesState).known
        known["sentence"], known["number"] = session.sentence(), str(session.random.randrange(1, 10**9))
        for name, cookie in self.cookies.items():
            known[name] = session.cookie(cookie)
        return known

    def _reading(self, service: str, persona: str) -> _Compiled | None:
        """The first page of a service that only reads, as a persona has it."""
        fitting = (each for each in self.pages if each.page.service == service and persona in each.page.personas)
        return next((each for each in fitting if not each.page.writes), None)

    def _open(self, session: Session, page: _Compiled, known: dict[str, str]) -> PageResult:
        size, found = 0, list[str]()
        for call in page.documents:
            if call.request.unless_known in known:
                continue
            answer = call.ask(session, known)
            wrong = self._judge(session, call, answer)
            if wrong is not None:
                if page.page.writes and call.request.method != "GET" and answer.status < 500:
                    session.created(page.page.name, answer.url)  # it may have been written all the same
                return wrong
            size += len(answer.body)
            if page.page.assets:
                found += assets(answer, session.allow).urls
        if page.page.writes:
            self._list(session, page, known)
        return self._rest(session, page, known, found, size)

    def _list(self, session: Session, page: _Compiled, known: dict[str, str]) -> None:
        """List what a page has written: by the file's own address for it, else by that of the request."""
        made = page.created or page.documents[-1].url
        url = made.url(known)
        values = {name: known[name] for name in made.names}
        session.created(page.page.name, urljoin(f"{known['base']}/", url), values)

    def _rest(
        self, session: Session, page: _Compiled, known: dict[str, str], found: list[str], size: int
    ) -> PageResult:
        """Assets with the calls that can be made at once; then those that fed on their answers."""
        waiting = page.others
        while waiting or found:
            ready = [call for call in waiting if call.names <= known.keys()]
            if not ready and not found:
                raise Missing(", ".join(sorted(waiting[0].names - known.keys())))
            waiting = [call for call in waiting if call not in ready]
            for call, answer in Call.ask_many(session, ready, known, found):
                if isinstance(answer, ClientError):
                    return broken(answer)
                wrong = self._judge(session, call, answer)
                if wrong is not None:
                    return wrong
                size += answer.size
            found = []
        return PageResult(Outcome.OK, size=size)

    def _judge(self, session: Session, call: Call | None, answer: Response) -> PageResult | None:
        """What is wrong with an answer, or nothing; what it holds is kept."""
        if call is None:  # an asset that the page named: one that is not there breaks no page
            there = answer.status < 500 and not refused_by(answer)
            return None if there else not_as_it_should_be(answer, Outcome.FAILED)
        read = ParsedAnswer(answer)
        if shown(self.signs.overload, read):
            return not_as_it_should_be(answer, Outcome.SHED)
        reason = self._fault(session, call, read)
        return None if reason is None else not_as_it_should_be(answer, Outcome.FAILED, reason)

    def _fault(self, session: Session, call: Call, read: ParsedAnswer) -> str | None:
        """Why an answer is not what was asked for; an empty reason stands for its status."""
        if shown(self.signs.signed_out, read):
            return "signed out"
        if read.answer.status not in call.request.expect:
            return ""
        if call.request.wants and not shown(call.request.wants, read):
            return "another page than asked for"
        missing = self._extract(session, read, call.request.extract)
        return f"no {missing} in the page" if missing else None

    def _extract(self, session: Session, read: ParsedAnswer, rules: Mapping[str, Extract]) -> str:
        """Keep what the rules find; the name of the first thing that is missing and must not be."""
        for name, rule in rules.items():
            value = rule.value(read, session.random)
            if value is not None:
                session.memory.of(PagesState).known[name] = value
            elif not rule.optional:
                return name
        return ""

    # -- signs -----------------------------------------------------------------------------------------------------

    def classify(self, response: Response) -> Outcome:
        """The outcome by the file's signs of overload, then by the status."""
        return self._outcome(ParsedAnswer(response))

    def _outcome(self, read: ParsedAnswer) -> Outcome:
        if shown(self.signs.overload, read):
            return Outcome.SHED
        return Outcome.FAILED if read.answer.status >= 400 else Outcome.OK

    # -- clean-up --------------------------------------------------------------------------------------------------

    def remove(self, session: Session, created: Created) -> str:
        """Remove what an action created: removed, gone, or kept and why."""
        page = self.named.get((created.action, session.memory.of(PagesState).known["persona"]))
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
            if answer.status not in call.request.expect:
                return f"kept: {answer.status}"
            read = ParsedAnswer(answer)
            if call.request.wants and not shown(call.request.wants, read):
                return "kept: another answer than wanted"
            for name, rule in call.request.extract.items():
                value = rule.value(read, session.random)
                known |= {name: value} if value is not None else {}
        return "removed"


def _days(today: date) -> dict[str, str]:
    """Today, and the school week around it, as addresses have them."""
    monday = today - timedelta(days=today.weekday())
    return {
        "today": today.isoformat(), "week_start": monday.isoformat(),
        "week_end": (monday + timedelta(days=6)).isoformat(),
    }  # fmt: skip


class _Compiled:
    """A page with its templates taken apart."""

    def __init__(self, page: Page) -> None:
        self.page = page
        calls = [Call(each, first=number == 0) for number, each in enumerate(page.request)]
        self.documents = [call for call in calls if call.role == "document"]
        self.others = [call for call in calls if call.role != "document"]
        self.created = Template(page.created) if page.created else None
        self.removing = [Call(each, first=True) for each in page.remove]
        self.needs = self._needs()

    def _needs(self) -> frozenset[str]:
        """What other pages must have shown before this one can be opened."""
        needs, own = frozenset[str](), frozenset[str]()
        for call in (*self.documents, *self.others):
            needs |= call.names - own
            own |= call.request.extract.keys()
        inside = frozenset(name for call in self.others for name in call.request.extract)
        return needs - inside - {"created"}


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

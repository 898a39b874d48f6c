"""One visit, from arrival to departure: a Locust user that opens the pages its plan calls for.

Partly open: visits arrive whether or not the ENT copes; within a visit nobody clicks a page not yet shown.
due₁ is the end of sign-on, dueₖ = max(startₖ₋₁ + gapₖ₋₁, endₖ₋₁); the visitor leaves after the last page's gap.
"""

from __future__ import annotations

import random
import traceback
from collections import Counter
from contextlib import closing
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

import gevent
from locust import User, task

import entsurge.client.client  # noqa: F401  loaded before the first visit, which would wait for it
from entsurge.audience.shape import SERVICES
from entsurge.errors import UsageError
from entsurge.record.schema import Key
from entsurge.visit.background import BackgroundRequests
from entsurge.visit.driver import Account
from entsurge.visit.log import VisitLog
from entsurge.visit.outcome import Outcome, PageResult
from entsurge.visit.session import Memory
from entsurge.visit.visitor_api import VisitorApi

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from entsurge.client.client import Exchange
    from entsurge.client.dialing import Dialed
    from entsurge.plan.arrivals import PagePlan, VisitPlan
    from entsurge.record.schema import Cohort, OutcomeName
    from entsurge.visit.run_context import RequestsRecord, RunContext

UNANSWERED_US = 10_000_000  # a page that is waited for so long when the run ends is one that the target did not serve
UNREACHABLE = frozenset({"connect-refused", "connect-failed", "name-not-found"})


def journey(service: str) -> Callable[[Callable[..., Iterator[str]]], Callable[..., Iterator[str]]]:
    """Marks a method as what this persona does in a service: it yields the action of each page in turn.

    A visit takes as many actions as it has pages there; the journey begins again when it runs out. Raises UsageError
    for what is no service.
    """
    if not isinstance(service, str):
        raise UsageError(f'@journey needs its service: @journey("homework"), one of {", ".join(SERVICES)}')
    if service not in SERVICES:
        near = get_close_matches(service, SERVICES, 1)
        raise UsageError(
            f"@journey({service!r}): no such service; "
            + (f"nearest: {near[0]}" if near else f"one of {', '.join(SERVICES)}")
        )

    def mark(method: Callable[..., Iterator[str]]) -> Callable[..., Iterator[str]]:
        method.service = service  # type: ignore[attr-defined]
        return method

    return mark


STANDALONE = "entsurge_standalone"  # the attribute of Locust's environment


class Standalone(Protocol):
    """Where a scenario's visits come from, and go to, when Locust runs it without a plan."""

    def run_context(self) -> RunContext:
        """The shared surroundings, made when first asked for."""
        ...

    def draw(self, persona: str) -> VisitPlan:
        """The next visit of this persona."""
        ...


class Asked(NamedTuple):
    """What a visitor waits for: a page, or sign-on for None; when it was due and begun, µs of run time."""

    page: PagePlan | None
    due_us: int
    start_us: int


class Visitor(VisitorApi, User):
    """Abstract: a scenario is a subclass with a persona and its journeys."""

    abstract = True
    persona: ClassVar[str]
    _noted: RequestsRecord
    _noted_of = ("", "")  # service and action that `_noted` is for
    journeys: ClassVar[dict[str, list[str]]] = {}
    cohort: Cohort = "control"
    asked: Asked | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Collect the journeys by service."""
        super().__init_subclass__(**kwargs)
        found: dict[str, list[str]] = {}
        for name in dir(cls):
            service = getattr(getattr(cls, name), "service", None) if not name.startswith("_") else None
            if isinstance(service, str):
                found.setdefault(service, []).append(name)
        cls.journeys = found

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self.memory = Memory()

    @property
    def run_context(self) -> RunContext:
        """What the visitors of this process share. Raises UsageError when nobody has said."""
        found: RunContext | None = getattr(self.environment, "entsurge", None)
        return self._standalone().run_context() if found is None else found

    def _standalone(self) -> Standalone:
        found: Standalone | None = getattr(self.environment, STANDALONE, None)
        if found is None:
            raise UsageError("this scenario has nobody to visit", hint="from entsurge import Visitor, journey")
        return found

    @task
    def ordinary_visit(self) -> None:
        """One visit drawn from the ordinary week, when Locust runs the scenario without a plan."""
        context = self.run_context
        plan = self._standalone().draw(self.persona)
        type(self)(self.environment).visit(plan, context.now_us())

    def visit(self, plan: VisitPlan, due_us: int | None = None) -> None:
        """Live one visit as planned, and record it; `due_us` replaces the plan's due time."""
        context = self.run_context
        self.plan, self.cohort = plan, context.cohort(plan.name)
        self.log = VisitLog(plan, plan.due_us if due_us is None else due_us, context.now_us(), context.personas)
        context.lags_us.append(self.log.start_us - self.log.due_us)
        context.presence.arrive(plan.persona, self.log.start_us)
        self.random = random.Random(plan.name)
        equipment = context.equipped(plan.device)
        self.client = context.access.client(
            plan.account, on_exchange=self._exchange, on_connection=self._connection,
            headers={**equipment.headers, **self._aim(context)}, returning=context.returns(plan.name),
            cache=equipment.cache(plan.name),
        )  # fmt: skip
        try:
            with closing(self.memory.of(BackgroundRequests)):
                self._live(context, plan)
        except gevent.GreenletExit:
            self.log.end = "interrupted"
            if not context.cuts_short:
                self._unanswered(context)
            if context.cuts_short and self.log.remaining():
                context.limits["a worker was told to stop while its visits went on"] += 1
                self._lose_the_rest(context)
            raise
        except Exception as error:  # a scenario's own mistake must not end the run
            self._raised(context, error)
        finally:
            self.client.close()
            equipment.left(self.client.cache)
            context.accounts_in_use.discard((plan.persona, plan.group, plan.account))
            end_us = context.now_us()
            context.presence.depart(plan.persona, end_us)
            context.record.visit(self.log.row(end_us))

    def _unanswered(self, context: RunContext) -> None:
        """The run ends while a page is being waited for: past ten seconds it has failed, else nobody can tell."""
        if self.asked is None or context.now_us() - self.asked.start_us < UNANSWERED_US:
            return
        asked, end_us = self.asked, context.now_us()
        result = PageResult(Outcome.FAILED, "unanswered when the run ended")
        self._note(context, result, asked.due_us, asked.start_us, end_us)
        context.answers -= 1
        if asked.page is None:
            self.log.sign_on = str(result.outcome)
        else:
            self.log.page(asked.page.service, result, end_us - asked.start_us, work=False)

    def _aim(self, context: RunContext) -> dict[str, str]:
        """What every request says of its visitor, so that a fault at an edge can be aimed."""
        aim = {"X-Entsurge-Persona": self.persona}
        return aim | ({"X-Entsurge-Cohort": self.cohort} if context.control_share else {})

    def _live(self, context: RunContext, plan: VisitPlan) -> None:
        if not self._signs_on(context):
            return
        due_us = context.now_us()
        refusals: Counter[Outcome] = Counter()
        patience = context.patience[plan.persona]
        for page, action in zip(plan.pages, self._actions(plan), strict=False):
            start_us, end_us, result = self._page(context, page, action, due_us)
            refusals[result.outcome] += 1
            if refusals[Outcome.SHED] >= patience.shed or refusals[Outcome.FAILED] >= patience.failed:
                self.log.end = "shed" if result.outcome is Outcome.SHED else "failed"
                return
            due_us = max(start_us + page.gap_us, end_us)
            if result.live is not None:
                result.live.until(due_us)
            self._wait_until(due_us)
        self.log.end = "completed"

    def _signs_on(self, context: RunContext) -> bool:
        plan = self.plan
        self.service, self.action = "sign-on", "sign-on"
        self._wait_until(context.quiet_until_us)
        start_us = context.now_us()
        self.asked = Asked(None, self.log.due_us, start_us)
        result = self.driver.sign_on(self, self._account(context))
        self.asked, end_us = None, context.now_us()
        self._note(context, result, self.log.due_us, start_us, end_us)
        self.log.sign_on = str(result.outcome)
        self.log.waiting_us += end_us - start_us
        if not result.ok:
            self.log.end = "shed" if result.outcome is Outcome.SHED else "sign-on"
        return result.ok and bool(plan.pages)

    def _page(self, context: RunContext, page: PagePlan, action: str, due_us: int) -> tuple[int, int, PageResult]:
        self.leave_page()
        self.service, self.action = page.service, action
        self._wait_until(context.quiet_until_us)
        start_us = context.now_us()
        self.asked = Asked(page, due_us, start_us)
        result = self.driver.open(self, self.driver.actions[action].service, action)
        self.asked, end_us = None, context.now_us()
        self._note(context, result, due_us, start_us, end_us)
        self.log.page(page.service, result, end_us - start_us, self._is_work(context, page.service, action))
        return start_us, end_us, result

    def _is_work(self, context: RunContext, service: str, action: str) -> bool:
        work = context.personas[self.persona].work
        if work is None:
            return False
        return self.driver.actions[action].publishes if work.publishes else service in work.services

    def _note(self, context: RunContext, result: PageResult, due_us: int, start_us: int, end_us: int) -> None:
        plan = self.plan
        phase = context.phase_at(due_us, plan.phase)
        key = Key(
            "page", plan.persona, plan.group, self.service, self.action, phase, result.outcome.word, self.cohort,
            attempt=plan.kind, device=plan.device,
        )  # fmt: skip
        context.record.page(key, max(0, end_us - due_us), end_us - start_us)
        part = context.part_at(due_us)
        if part:
            context.record.page(key._replace(kind="phased", phase=part), max(0, end_us - due_us), end_us - start_us)
        if result.outcome is Outcome.LOST:
            context.limits[result.reason] += 1
        if result.retry_after_seconds:
            context.quiet_until_us = max(context.quiet_until_us, end_us + int(result.retry_after_seconds * 1e6))
        if result.reason in UNREACHABLE:
            context.unreachable += 1
        else:
            context.answers += 1
        if not result.ok:
            signature = f"{self.service} {self.action} {result.reason}"
            known = result.example or {"request": {"url": ""}, "response": None}
            row = {
                "outcome": str(result.outcome),
                "persona": plan.persona,
                "service": self.service,
                "page": self.action,
            }
            context.record.failure(end_us / 1e6, signature, {**row, **known, "traceback": None})

    def _exchange(self, exchange: Exchange) -> None:
        """One request of the current page, as the client saw it."""
        status, timing = exchange.status, exchange.timing
        outcome: OutcomeName = "ok" if 0 < status < 400 else "failed"
        requests = self._requests()
        requests.add(outcome, exchange.protocol if status else "", timing)
        if exchange.forgiven:
            requests.forgave(outcome, exchange.forgiven, timing.total_us)

    def _requests(self) -> RequestsRecord:
        """Where the requests of the current page are noted."""
        if self._noted_of != (self.service, self.action):
            plan, self._noted_of = self.plan, (self.service, self.action)
            key = Key(
                "request", plan.persona, plan.group, self.service, self.action, plan.phase, "ok", self.cohort,
                attempt=plan.kind, device=plan.device,
            )  # fmt: skip
            self._noted = self.run_context.record.requests(key)
        return self._noted

    def _connection(self, made: Dialed) -> None:
        """A connection made while the current page was opened, whatever comes of it."""
        plan = self.plan
        key = Key(
            "request", plan.persona, plan.group, self.service, self.action, plan.phase, "ok", attempt=plan.kind,
            device=plan.device,
        )  # fmt: skip
        self.run_context.record.connection(key, made.http, made.how, (made.name_us, made.connect_us, made.tls_us))

    def _raised(self, context: RunContext, error: Exception) -> None:
        """A scenario that raises: its remaining pages are lost, the traceback is kept."""
        self.log.end = "lost"
        self._lose_the_rest(context)
        row = {"outcome": "lost", "persona": self.plan.persona, "service": self.service, "page": self.action}
        signature = f"{self.service} {self.action} {type(error).__name__}"
        empty = {"request": {"url": ""}, "response": None}
        now = context.now_us()
        context.record.failure(now / 1e6, signature, {**row, **empty, "traceback": traceback.format_exc()})

    def _lose_the_rest(self, context: RunContext) -> None:
        """The pages that were not asked for are lost, by the generator's own fault."""
        if not self.log.sign_on:
            self.log.sign_on = "lost"
        for page in self.log.remaining():
            key = Key(
                "page", self.plan.persona, self.plan.group, page.service, self.action, self.plan.phase, "lost",
                self.cohort, attempt=self.plan.kind, device=self.plan.device,
            )  # fmt: skip
            context.record.page(key, 0, 0)
            self.log.page(page.service, PageResult(Outcome.LOST), 0, False)

    def _wait_until(self, due_us: int) -> None:
        remaining = due_us - self.run_context.now_us()
        if remaining > 0:
            gevent.sleep(remaining / 1e6)

    def _account(self, context: RunContext) -> Account:
        population = context.population
        academy = population.academy_names.index(self.plan.group)
        person = population.person_in_academy(self.persona, academy, self.plan.account)
        self.log.school = person.uai
        return Account(self.persona, person.login, person.password, str(person.school), person.uai)

    def _actions(self, plan: VisitPlan) -> Iterator[str]:
        """The action of each planned page, from the journeys of this persona."""
        service, actions = "", self._again("")
        for page in plan.pages:
            if page.service != service:
                service, name = page.service, self._journey(page.service)
                actions = self._again(name)
            yield self._permitted(page.service, next(actions))

    def _journey(self, service: str) -> str:
        names = self.journeys.get(service)
        if not names:
            raise LookupError(f"{type(self).__name__} has no journey for {service}")
        return self.random.choice(names)

    def _again(self, name: str) -> Iterator[str]:
        while True:
            found = list(getattr(self, name)())
            if not found:
                raise LookupError(f"the journey {name} yields no action")
            yield from found

    def _permitted(self, service: str, action: str) -> str:
        """The action, or the first of the service that only reads.

        That is where the target may not be written to, where the product has no such action, or where it has no such
        service and another stands in.
        """
        specs = self.driver.actions
        known = specs.get(action)
        if known is not None and (not known.writes or self.run_context.may_write(known.service)):
            return action
        asked = self.run_context.stand_in.get(service, service)
        found = next((name for name, spec in specs.items() if spec.service == asked and not spec.writes), None)
        if found is None:
            raise LookupError(f"the driver has no page of {asked} that only reads")
        return found

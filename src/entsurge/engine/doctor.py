"""`entsurge doctor --target`, in the engine's process: is everything there that a run will need? One line a finding."""

from __future__ import annotations

import json
import resource
import ssl
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from entsurge import content, errors
from entsurge.audience import profile as profiles
from entsurge.audience.persona import PERSONAS
from entsurge.client import url as urls
from entsurge.client.dialing import dial
from entsurge.client.failure import ClientError
from entsurge.engine import probe, scenarios
from entsurge.engine.first_answer import fault
from entsurge.engine.target_access import TargetAccess
from entsurge.said import Said, each_of, listed, named, said
from entsurge.targets.file import check_authorised
from entsurge.terminal import here
from entsurge.visit.driver import Created
from entsurge.visit.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from entsurge.client.response import Response, Timing
    from entsurge.visit.outcome import PageResult
    from entsurge.visit.run_context import RunContext

SKEW_SECONDS, CERTIFICATE_DAYS, DESCRIPTORS = 2.0, 14, 4096
REACH_SECONDS = 10.0
OUTCOMES = {Outcome.FAILED: "failed: {why}", Outcome.SHED: "shed: {why}", Outcome.LOST: "lost: {why}"}


@dataclass(frozen=True)
class Found:
    """One finding: what was looked at, whether it is well (None: cannot be judged), what was seen, how long it took."""

    check: str
    ok: bool | None
    detail: str
    milliseconds: float | None = None


def main(text: str) -> int:
    """Look at what the specification names; a line of JSON for each finding. The exit code.

    With `terminal`, what the lines say is in the terminal's language; without, in English.
    """
    given = json.loads(text)
    try:
        access = TargetAccess(url=given["url"], driver=given["driver"], target=given["target"])
    except errors.EntsurgeError as error:
        print(f"entsurge: {here(error.message)}", file=sys.stderr)
        if error.hint:
            print(f"  {here(error.hint)}", file=sys.stderr)
        return error.exit_code
    there = dict.fromkeys(
        (*PERSONAS, *(access.target.accounts.counts() if access.target and access.target.accounts else ()))
    )
    unknown = [each for each in given["personas"] if each not in there]
    if unknown:
        told = said("--persona {unknown}: there are {there}", unknown=", ".join(unknown), there=", ".join(there))
        print(f"entsurge: {here(told)}", file=sys.stderr)
        return errors.USAGE
    code = errors.PASS
    asked = [each for each in there if each in (given["personas"] or there)]
    looked = look(access, asked, once=given.get("once", False))
    for found in chain(_scenarios(access, given["scenarios"]), looked):
        shown = replace(found, check=here(found.check), detail=here(found.detail)) if given.get("terminal") else found
        print(json.dumps(asdict(shown)), flush=True)
        if found.ok is False:
            code = errors.UNREACHABLE if found.check == "reach" else code or errors.USAGE
    return code


def look(access: TargetAccess, personas: list[str], *, once: bool = False) -> Iterator[Found]:
    """Every finding, in the order in which a run would meet them; nothing is asked of a target out of its days.

    `once` is for a driver that is new: the first persona who has an account alone, and then the pages that write too,
    where the target file allows it. What they have written is taken away again, as far as the driver says how.
    """
    yield from _room()
    if access.target is not None:
        allowed = _authorised(access)
        yield allowed
        if allowed.ok is False:
            return
    context = probe.run_context(access)
    first, answer = _reach(access, context)
    yield first
    if answer is None:
        return
    yield from _certificate(access.url, context)
    yield _clock(answer)
    forgiven = Counter([answer.forgiven] if answer.forgiven else [])
    allowed_services: frozenset[str] = frozenset()
    if once:
        allowed_services = access.writable or allowed_services
        personas = [each for each in personas if probe.first_of(context.population, each)][:1]
    for persona in personas:
        yield from _persona(context, persona, forgiven, writable=allowed_services)
    if forgiven:
        which = ", ".join(f"{reason} ({count})" for reason, count in forgiven.most_common())
        detail = said("browsers take them, HTTP's rules do not: {which}; the run takes them too", which=which)
        yield Found("answers", None, detail)
    yield Found("writes", None, said("may be written to: {services}", services=_writable(access)))


def _writable(access: TargetAccess) -> str:
    if access.writable is None:
        return said("all services")
    return each_of("service", sorted(access.writable)) or said("none: read-only")


def _scenarios(access: TargetAccess, given: dict[str, str]) -> Iterator[Found]:
    """Each scenario file held against the driver, and against the services of the lockdown week."""
    for persona, path in given.items():
        try:
            classes, paths = scenarios.load({persona: content.find("scenarios", path)})
            scenarios.check({persona: classes[persona]}, paths, profiles.load("lockdown-2020"), access.driver)
        except errors.UsageError as error:
            yield Found(said("scenario {persona}", persona=named("persona", persona)), False, error.message)
            continue
        others = scenarios.giving_way(classes[persona], access.driver)
        detail: str = path
        if others:
            lacked = "{path}; the driver lacks {others}: a page that reads is opened instead"
            detail = said(lacked, path=path, others=each_of("actions", others))
        yield Found(said("scenario {persona}", persona=named("persona", persona)), None if others else True, detail)


def _room() -> Iterator[Found]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = said("no limit") if hard < 0 else str(hard)
    detail = said("{soft}, may be raised to {most}", soft=soft, most=most)
    yield Found(said("descriptors"), hard < 0 or hard >= DESCRIPTORS, detail)


def _authorised(access: TargetAccess) -> Found:
    target = access.target
    given = target.file.authorised if target else None
    if target is None or given is None:
        return Found("authorised", True, "loopback")
    try:
        check_authorised(target, datetime.now(UTC).astimezone().date())
    except errors.UsageError as error:
        return Found("authorised", False, error.message)
    return Found("authorised", True, said("by {by}, until {until}", by=given.by, until=given.until))


def _reach(access: TargetAccess, context: RunContext) -> tuple[Found, Response | None]:
    client = context.access.client()
    try:
        answer = client.request("GET", access.url, deadline_seconds=REACH_SECONDS)
        wrong = fault(answer, context.access)
    except ClientError as error:
        return Found("reach", False, f"{access.url}: {error.said} ({error.reason})"), None
    finally:
        client.close()
    spoken = said("{protocol}; ", protocol=answer.negotiated) if answer.negotiated else ""
    detail = said(
        "{url}: status {status}; {spoken}{steps}{wrong}",
        url=access.url, status=str(answer.status), spoken=spoken, steps=_steps(answer.timing),
        wrong=said("; {wrong}", wrong=wrong) if wrong else "",
    )  # fmt: skip
    well = None if 400 <= answer.status < 500 and not wrong else answer.status < 500 and not wrong
    return Found("reach", well, detail, answer.timing.total_us / 1000), answer


def _steps(timing: Timing) -> str:
    """Where the time of a first request went; no TLS without TLS."""
    steps = "name {name:.1f} ms, connect {connect:.1f} ms, {tls}wait {wait:.1f} ms, transfer {transfer:.1f} ms"
    return said(
        steps,
        name=timing.name_us / 1000, connect=timing.connect_us / 1000, wait=timing.wait_us / 1000,
        transfer=timing.transfer_us / 1000,
        tls=said("TLS {tls:.1f} ms, ", tls=timing.tls_us / 1000) if timing.tls_us else "",
    )  # fmt: skip


def _certificate(url: str, context: RunContext) -> Iterator[Found]:
    """What TLS agreed on with the target, and how long its certificate lasts: as a visitor's connection has it."""
    origin = urls.split(url).origin
    if not origin.secure:
        return
    route = context.access.client().route
    try:
        wire: Any = dial(origin, route, time.monotonic_ns() + int(REACH_SECONDS * 1e9)).wire
    except ClientError as error:
        yield Found("certificate", False, error.said)
        return
    engine = wire.engine
    shown, version, cipher = engine.getpeercert() or {}, engine.version(), engine.cipher()
    wire.close()
    days = (ssl.cert_time_to_seconds(str(shown["notAfter"])) - time.time()) / 86400
    few = "" if days >= CERTIFICATE_DAYS else said("; fewer than {least}", least=CERTIFICATE_DAYS)
    detail = said(
        "{version}, {cipher}, {days:.0f} days left{few}", version=version, cipher=cipher[0], days=days, few=few
    )
    yield Found("certificate", not few, detail)


def _clock(answer: Response) -> Found:
    try:
        there = parsedate_to_datetime(answer.headers.get("date")).timestamp()
    except (ValueError, TypeError):
        return Found("clock", None, said("the target's answers bear no date"))
    skew = there - time.time()
    return Found("clock", abs(skew) <= SKEW_SECONDS, said("the target's clock is {skew:+.1f} s off ours", skew=skew))


def _persona(context: RunContext, persona: str, forgiven: Counter[str], *, writable: frozenset[str]) -> Iterator[Found]:
    """Sign on as the first account of a persona; each page that only reads, or writes where it may, once.

    Adds to what was forgiven.
    """
    where = probe.first_of(context.population, persona)
    if where is None:
        yield Found(_sign_on(persona), None, said("no account of this persona"))
        return
    kept = probe.ProbeRecord(forgiven)
    context.record = kept
    with probe.probing(context, persona, *where) as visitor:
        began = time.monotonic()
        result = visitor.signs_on()
        hops = listed(_hop(step, took / 1000) for step, _, took in kept.hops)
        detail = hops if result.ok else said("{outcome} ({hops})", outcome=_outcome(result), hops=hops)
        yield Found(_sign_on(persona), result.ok, detail, (time.monotonic() - began) * 1000)
        if not result.ok:
            return
        for action, spec in context.driver.actions.items():
            if spec.writes and spec.service not in writable:
                continue
            began = time.monotonic()
            result = visitor.opens(action)
            took = (time.monotonic() - began) * 1000
            well = None if result.ok and result.instead else result.ok
            check = said("{persona} {page}", persona=named("persona", persona), page=named("actions", action))
            yield Found(check, well, _seen(result, spec.service), took)
        yield from (_taken_back(visitor, row) for row in reversed(kept.made))


def _hop(step: str, took: float) -> Said:
    """One hop of a sign-on and its milliseconds; a redirect bears the name of the step before it, and a number."""
    name, _, number = step.partition(" ")
    if number:
        return said("{step} {number} {took:.0f} ms", step=named("hops", name), number=number, took=took)
    return said("{step} {took:.0f} ms", step=named("hops", name), took=took)


def _sign_on(persona: str) -> Said:
    return said("{persona} sign-on", persona=named("persona", persona))


def _outcome(result: PageResult) -> Said:
    return said(OUTCOMES[result.outcome], why=result.detail or result.reason)


def _taken_back(visitor: probe.Probe, row: dict[str, Any]) -> Found:
    """Remove what a page has written."""
    try:
        state = visitor.driver.remove(visitor, Created(row["action"], row["url"], row["values"]))
    except ClientError as error:
        state = said("kept: {reason}", reason=error.reason)
    well = state in ("removed", "gone") or None
    page = named("actions", row["action"])
    return Found("written", well, said("{page}: {url}: {state}", page=page, url=row["url"], state=state))


def _seen(result: PageResult, service: str) -> str:
    """What came of a page, and which one it was if it is not the one asked for."""
    size = {"service": named("service", service), "size": result.size}
    seen = said("{service}, {size} bytes", **size) if result.ok else _outcome(result)
    if not result.instead:
        return seen
    lacked = ", ".join(f"{{{name}}}" for name in result.lacked.split(", ")) if result.lacked else ""
    why = said("nothing known for {lacked}", lacked=lacked) if lacked else said("no such page")
    instead = named("actions", result.instead)
    return said("gave way to {instead}: {why}; {seen}", instead=instead, why=why, seen=seen)

"""`entsurge doctor --target`, in the engine's process: is everything there that a run will need? One line a finding."""

from __future__ import annotations

import json
import resource
import ssl
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
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
from entsurge.targets.file import check_authorised
from entsurge.terminal import here
from entsurge.visit.driver import Created

if TYPE_CHECKING:
    from collections.abc import Iterator

    from entsurge.client.response import Response, Timing
    from entsurge.visit.outcome import PageResult
    from entsurge.visit.run_context import RunContext

SKEW_SECONDS, CERTIFICATE_DAYS, DESCRIPTORS = 2.0, 14, 4096
REACH_SECONDS = 10.0


@dataclass(frozen=True)
class Found:
    """One finding: what was looked at, whether it is well (None: cannot be judged), what was seen, how long it took."""

    check: str
    ok: bool | None
    detail: str
    milliseconds: float | None = None


def main(text: str) -> int:
    """Look at what the specification names; a line of JSON for each finding. The exit code."""
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
        print(f"entsurge: --persona {', '.join(unknown)}: there are {', '.join(there)}", file=sys.stderr)
        return errors.USAGE
    code = errors.PASS
    asked = [each for each in there if each in (given["personas"] or there)]
    looked = look(access, asked, once=given.get("once", False))
    for found in chain(_scenarios(access, given["scenarios"]), looked):
        print(json.dumps(asdict(found)), flush=True)
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
        said = ", ".join(f"{reason} ({count})" for reason, count in forgiven.most_common())
        yield Found("answers", None, f"browsers take them, HTTP's rules do not: {said}; the run takes them too")
    writable = "all services" if access.writable is None else ", ".join(sorted(access.writable)) or "none: read-only"
    yield Found("writes", None, f"may be written to: {writable}")


def _scenarios(access: TargetAccess, given: dict[str, str]) -> Iterator[Found]:
    """Each scenario file held against the driver, and against the services of the lockdown week."""
    for persona, path in given.items():
        try:
            classes, paths = scenarios.load({persona: content.find("scenarios", path)})
            scenarios.check({persona: classes[persona]}, paths, profiles.load("lockdown-2020"), access.driver)
        except errors.UsageError as error:
            yield Found(f"scenario {persona}", False, str(error))
            continue
        others = scenarios.giving_way(classes[persona], access.driver)
        lacked = f"; the driver lacks {', '.join(others)}: a page that reads is opened instead" if others else ""
        yield Found(f"scenario {persona}", None if others else True, f"{path}{lacked}")


def _room() -> Iterator[Found]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = "no limit" if hard < 0 else str(hard)
    yield Found("descriptors", hard < 0 or hard >= DESCRIPTORS, f"{soft}, may be raised to {most}")


def _authorised(access: TargetAccess) -> Found:
    target = access.target
    given = target.file.authorised if target else None
    if target is None or given is None:
        return Found("authorised", True, "loopback")
    try:
        check_authorised(target, datetime.now(UTC).astimezone().date())
    except errors.UsageError as error:
        return Found("authorised", False, str(error))
    return Found("authorised", True, f"by {given.by}, until {given.until}")


def _reach(access: TargetAccess, context: RunContext) -> tuple[Found, Response | None]:
    client = context.access.client()
    try:
        answer = client.request("GET", access.url, deadline_seconds=REACH_SECONDS)
        wrong = fault(answer, context.access)
    except ClientError as error:
        return Found("reach", False, f"{access.url}: {error.said} ({error.reason})"), None
    finally:
        client.close()
    spoken = f"{answer.negotiated}; " if answer.negotiated else ""
    detail = f"{access.url}: status {answer.status}; {spoken}{_steps(answer.timing)}{f'; {wrong}' * bool(wrong)}"
    well = None if 400 <= answer.status < 500 and not wrong else answer.status < 500 and not wrong
    return Found("reach", well, detail, answer.timing.total_us / 1000), answer


def _steps(timing: Timing) -> str:
    """Where the time of a first request went; no TLS without TLS."""
    steps = {
        "name": timing.name_us, "connect": timing.connect_us, "TLS": timing.tls_us, "wait": timing.wait_us,
        "transfer": timing.transfer_us,
    }  # fmt: skip
    return ", ".join(f"{name} {took / 1000:.1f} ms" for name, took in steps.items() if took or name != "TLS")


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
    few = "" if days >= CERTIFICATE_DAYS else f"; fewer than {CERTIFICATE_DAYS}"
    yield Found("certificate", not few, f"{version}, {cipher[0]}, {days:.0f} days left{few}")


def _clock(answer: Response) -> Found:
    try:
        there = parsedate_to_datetime(answer.headers.get("date")).timestamp()
    except (ValueError, TypeError):
        return Found("clock", None, "the target's answers bear no date")
    skew = there - time.time()
    return Found("clock", abs(skew) <= SKEW_SECONDS, f"the target's clock is {skew:+.1f} s off ours")


def _persona(context: RunContext, persona: str, forgiven: Counter[str], *, writable: frozenset[str]) -> Iterator[Found]:
    """Sign on as the first account of a persona; each page that only reads, or writes where it may, once.

    Adds to what was forgiven.
    """
    where = probe.first_of(context.population, persona)
    if where is None:
        yield Found(f"{persona} sign-on", None, "no account of this persona")
        return
    kept = probe.ProbeRecord(forgiven)
    context.record = kept
    with probe.probing(context, persona, *where) as visitor:
        began = time.monotonic()
        result = visitor.signs_on()
        hops = ", ".join(f"{step} {took / 1000:.0f} ms" for step, _, took in kept.hops)
        detail = hops if result.ok else f"{result.outcome}: {result.detail or result.reason} ({hops})"
        yield Found(f"{persona} sign-on", result.ok, detail, (time.monotonic() - began) * 1000)
        if not result.ok:
            return
        for action, spec in context.driver.actions.items():
            if spec.writes and spec.service not in writable:
                continue
            began = time.monotonic()
            result = visitor.opens(action)
            took = (time.monotonic() - began) * 1000
            well = None if result.ok and result.instead else result.ok
            yield Found(f"{persona} {action}", well, _seen(result, spec.service), took)
        yield from (_taken_back(visitor, row) for row in reversed(kept.made))


def _taken_back(visitor: probe.Probe, row: dict[str, Any]) -> Found:
    """Remove what a page has written."""
    try:
        state = visitor.run_context.driver.remove(visitor, Created(row["action"], row["url"], row["values"]))
    except ClientError as error:
        state = f"kept: {error.reason}"
    return Found("written", state in ("removed", "gone") or None, f"{row['action']}: {row['url']}: {state}")


def _seen(result: PageResult, service: str) -> str:
    """What came of a page, and which one it was if it is not the one asked for."""
    said = f"{service}, {result.size} bytes" if result.ok else f"{result.outcome}: {result.detail or result.reason}"
    if not result.instead:
        return said
    why = ", ".join(f"{{{name}}}" for name in result.lacked.split(", ")) if result.lacked else ""
    return f"gave way to {result.instead}: {f'nothing known for {why}' if why else 'no such page'}; {said}"

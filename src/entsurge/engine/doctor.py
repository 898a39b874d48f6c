"""`entsurge doctor --target`, in the engine's process: is everything there that a run will need? One line a finding."""

from __future__ import annotations

import json
import resource
import ssl
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from gevent import socket

from entsurge import errors
from entsurge.audience.shape import PERSONAS
from entsurge.engine import by_hand
from entsurge.engine.way import Way
from entsurge.target.file import check_authorised
from entsurge.visit import address as addresses
from entsurge.visit.client import Client
from entsurge.visit.failure import ClientError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from entsurge.audience.shape import Persona
    from entsurge.visit.response import Response
    from entsurge.visit.stage import Stage

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
        way = Way(url=given["url"], driver=given["driver"], target=given["target"])
    except errors.EntsurgeError as error:
        print(f"entsurge: {error}", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
        return error.exit_code
    code = errors.PASS
    for found in look(way, [each for each in PERSONAS if each in given["personas"]]):
        print(json.dumps(asdict(found)), flush=True)
        if found.ok is False:
            code = errors.UNREACHABLE if found.check == "reach" else code or errors.USAGE
    return code


def look(way: Way, personas: list[Persona]) -> Iterator[Found]:
    """Every finding, in the order in which a run would meet them; nothing is asked of a target out of its days."""
    yield from _room()
    if way.target is not None:
        allowed = _authorised(way)
        yield allowed
        if allowed.ok is False:
            return
    stage = by_hand.stage(way)
    first, answer = _reach(way, stage)
    yield first
    if answer is None:
        return
    yield from _certificate(way)
    yield _clock(answer)
    for persona in personas:
        yield from _persona(stage, persona)
    writable = "all services" if way.writable is None else ", ".join(sorted(way.writable)) or "none: read-only"
    yield Found("writes", None, f"may be written to: {writable}")


def _room() -> Iterator[Found]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = "no limit" if hard < 0 else str(hard)
    yield Found("descriptors", hard < 0 or hard >= DESCRIPTORS, f"{soft}, may be raised to {most}")


def _authorised(way: Way) -> Found:
    target = way.target
    given = target.file.authorised if target else None
    if target is None or given is None:
        return Found("authorised", True, "loopback")
    try:
        check_authorised(target, datetime.now(UTC).astimezone().date())
    except errors.UsageError as error:
        return Found("authorised", False, str(error))
    return Found("authorised", True, f"by {given.by}, until {given.until}")


def _reach(way: Way, stage: Stage) -> tuple[Found, Response | None]:
    client = Client(allow=stage.allow, headers=stage.headers, tls=stage.tls)
    try:
        answer = client.request("GET", way.url, deadline_seconds=REACH_SECONDS)
    except ClientError as error:
        return Found("reach", False, f"{way.url}: {error} ({error.reason})"), None
    finally:
        client.close()
    timing = answer.timing
    detail = f"{way.url}: status {answer.status}; connect {timing.connect_us / 1000:.1f} ms"
    more = f", TLS {timing.tls_us / 1000:.1f} ms" if timing.tls_us else ""
    return Found("reach", answer.status < 500, detail + more, timing.total_us / 1000), answer


def _certificate(way: Way) -> Iterator[Found]:
    origin = addresses.split(way.url).origin
    if not origin.secure or way.tls is None:
        return
    try:
        endpoint = way.allow.endpoints(origin.host, origin.port)[0]
        with (
            socket.create_connection(endpoint.address[:2], REACH_SECONDS) as plain,
            way.tls.context.wrap_socket(plain, server_hostname=origin.host) as secured,
        ):
            shown, version = secured.getpeercert() or {}, secured.version()
    except (OSError, ClientError) as error:
        yield Found("certificate", False, str(error))
        return
    days = (ssl.cert_time_to_seconds(str(shown["notAfter"])) - time.time()) / 86400
    few = "" if days >= CERTIFICATE_DAYS else f"; fewer than {CERTIFICATE_DAYS}"
    yield Found("certificate", not few, f"{version}, {days:.0f} days left{few}")


def _clock(answer: Response) -> Found:
    try:
        there = parsedate_to_datetime(answer.headers.get("date")).timestamp()
    except (ValueError, TypeError):
        return Found("clock", None, "the target's answers bear no date")
    skew = there - time.time()
    return Found("clock", abs(skew) <= SKEW_SECONDS, f"the target's clock is {skew:+.1f} s off ours")


def _persona(stage: Stage, persona: Persona) -> Iterator[Found]:
    """Sign on as the first account of a persona; each page that only reads, once."""
    where = by_hand.first_of(stage.population, persona)
    if where is None:
        yield Found(f"{persona} sign-on", None, "no account of this persona")
        return
    kept = by_hand.Kept()
    stage.record = kept
    with by_hand.led(stage, persona, *where) as visitor:
        began = time.monotonic()
        result = visitor.signs_on()
        hops = ", ".join(f"{step} {took / 1000:.0f} ms" for step, _, took in kept.hops)
        detail = hops if result.ok else f"{result.outcome}: {result.reason} ({hops})"
        yield Found(f"{persona} sign-on", result.ok, detail, (time.monotonic() - began) * 1000)
        if not result.ok:
            return
        for action, spec in stage.driver.actions.items():
            if spec.writes:
                continue
            began = time.monotonic()
            result = visitor.opens(action)
            said = f"{spec.service}, {result.size} bytes" if result.ok else f"{result.outcome}: {result.reason}"
            yield Found(f"{persona} {action}", result.ok, said, (time.monotonic() - began) * 1000)

"""Asks the target's own Prometheus endpoints while the run lasts, and writes what they say to target.jsonl."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Self

import gevent

from entsurge.chaos.envoy_slots import COHORT_HEADER
from entsurge.client.failure import ClientError, NotAllowed
from entsurge.client.url import joined
from entsurge.errors import CannotRecord, UsageError
from entsurge.metrics.exposition import Wanted, pick

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from entsurge.client.access import Access
    from entsurge.client.client import Client
    from entsurge.record.writer import RunDirectory
    from entsurge.visit.run_context import RunContext

EVERY_SECONDS, DEADLINE_SECONDS = 1.0, 2.0
MOST_BYTES = 4_000_000
IN_FORMAT = "expected an address that answers in Prometheus' text format"
ASKED_WITH = {"Accept": "text/plain", COHORT_HEADER: "control"}  # no fault at an edge touches it
OURS = "/metrics"  # the embedded ENT's own, looked at when nothing else is asked for
OUR_SERIES = ("entsandbox_workers_busy", "entsandbox_queue", "entsandbox_pool_busy", "entsandbox_sessions")


class Scraper:
    """A context: from `begin` to its end every endpoint is asked once a second. A failure is an event, never an end."""

    def __init__(self, endpoints: Sequence[Endpoint], context: RunContext, directory: RunDirectory) -> None:
        self.endpoints, self.run_context, self.directory = endpoints, context, directory
        self.asking: list[gevent.Greenlet] = []
        self.broken: dict[Endpoint, str] = {}

    def __enter__(self) -> Self:
        """Nothing is asked yet."""
        return self

    def begin(self) -> None:
        """Begin to ask: run time is zero now."""
        self.asking = [gevent.spawn(self._ask, each) for each in self.endpoints]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ask no more."""
        gevent.killall(self.asking)

    def _ask(self, endpoint: Endpoint) -> None:
        client = self.run_context.access.observing().client()
        try:
            while True:
                t = round(self.run_context.now_us() / 1e6, 3)
                try:
                    self._write(t, endpoint, fetched(client, endpoint.url))
                except ClientError as failure:
                    self._say(t, endpoint, failure.said)
                except ValueError as failure:
                    self._say(t, endpoint, str(failure) or type(failure).__name__)
                now = self.run_context.now_us() / 1e6
                gevent.sleep(EVERY_SECONDS - now % EVERY_SECONDS)
        except CannotRecord:
            return  # the run's own second notices a full disk
        finally:
            client.close()

    def _write(self, t: float, endpoint: Endpoint, text: str) -> None:
        found = pick(text, endpoint.wanted)
        for each in found:
            row = {"t": t, "series": each.series, "value": each.value, "kind": each.kind}
            self.directory.append("target.jsonl", row)
        self._say(t, endpoint, "" if found else "none of the series that are asked for is there")

    def _say(self, t: float, endpoint: Endpoint, what: str) -> None:
        """An event whenever an endpoint begins or ceases to fail; one address may be asked by several."""
        if self.broken.get(endpoint, "") == what:
            return
        self.broken[endpoint] = what
        row = {
            "t": t,
            "kind": "scrape",
            "id": endpoint.url,
            "state": "failing" if what else "answering",
            "detail": what,
        }
        with contextlib.suppress(CannotRecord):
            self.directory.append("events.jsonl", row)


class Endpoint:
    """One URL and the series that are wanted of it. Raises UsageError for a series that cannot be read."""

    def __init__(self, url: str, series: Sequence[str]) -> None:
        self.url = url
        try:
            self.wanted = [Wanted.parse(each) for each in series]
        except ValueError as error:
            raise UsageError(f"--scrape {url}: {error}") from None


def fetched(client: Client, url: str) -> str:
    """The text at this URL. Raises ClientError, or ValueError for an answer that is none."""
    answer = client.request("GET", url, headers=ASKED_WITH, deadline_seconds=DEADLINE_SECONDS)
    if answer.status != 200:
        raise ValueError(f"answered {answer.status}")
    if len(answer.body) > MOST_BYTES:
        raise ValueError(f"answered more than {MOST_BYTES} bytes")
    text: str = answer.text
    return text


def endpoints(asked: Sequence[dict[str, Any]], target: str, access: Access, *, embedded: bool = True) -> list[Endpoint]:
    """What is asked for, relative addresses being the target's.

    Nothing asked: the embedded ENT's own, where the target may be it (`embedded`); nobody else's ENT is asked unbidden.

    Every endpoint is looked at once. Raises UsageError for one that does not answer in Prometheus' format.
    """
    if not asked:
        return _ours(target, access) if embedded else []
    found = [Endpoint(joined(target, each["url"]), each["series"]) for each in asked]
    client = access.observing().client()
    try:
        for each in found:
            _look(client, each)
    finally:
        client.close()
    return found


def _look(client: Client, endpoint: Endpoint) -> None:
    try:
        pick(fetched(client, endpoint.url), endpoint.wanted)
    except NotAllowed as error:
        raise UsageError(f"--scrape {endpoint.url}: {error}", hint="metrics are read from allowed hosts only") from None
    except ClientError as error:
        raise UsageError(f"--scrape {endpoint.url}: {error}", hint=error.hint or IN_FORMAT) from None
    except ValueError as error:
        raise UsageError(f"--scrape {endpoint.url}: {error}", hint=IN_FORMAT) from None


def _ours(target: str, access: Access) -> list[Endpoint]:
    endpoint = Endpoint(joined(target, OURS), OUR_SERIES)
    client = access.observing().client()
    try:
        return [endpoint] if pick(fetched(client, endpoint.url), endpoint.wanted) else []
    except (ClientError, ValueError):
        return []
    finally:
        client.close()

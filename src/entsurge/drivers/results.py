"""What a driver hands back when a page is not what it should be: outcome, reason, an example for the records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entsurge.client.edge_refusal import refused_by, retry_after_seconds
from entsurge.client.failure import ClientError, ConnectFailed, ConnectRefused, NameNotFound, NotAllowed, OwnLimit
from entsurge.signon.flow import outcome_of
from entsurge.signon.method import Refusal
from entsurge.visit.outcome import Outcome, PageResult

if TYPE_CHECKING:
    from entsurge.client.response import Response
    from entsurge.signon.method import Arrival


OF_THE_HOST = (NameNotFound, ConnectRefused, ConnectFailed, OwnLimit)  # whatever is asked for, it is the same


def broken(error: ClientError, request: str = "") -> PageResult:
    """A page for which no usable answer came; its reason names the request, where it is one request's own.

    What this machine lacks, or may not speak to, is lost: the ENT was not asked.
    """
    named = f": {request}" if request and not isinstance(error, OF_THE_HOST) else ""
    if isinstance(error, NotAllowed):
        named = f": {error.host}" if error.host else named
    return PageResult(
        Outcome.LOST if isinstance(error, (OwnLimit, NotAllowed)) else Outcome.FAILED,
        error.reason + named,
        detail=error.said,
        example={"request": {"url": getattr(error, "url", "")}, "response": None},
    )


def not_as_it_should_be(response: Response, outcome: Outcome, reason: str = "") -> PageResult:
    """A page whose answer is another than asked for; `reason` defaults to the status. An edge's refusal is lost."""
    by = refused_by(response)
    if by:
        return PageResult(
            Outcome.LOST, f"{Refusal.EDGE}: {by}", len(response.body), example=example(response),
            retry_after_seconds=retry_after_seconds(response),
        )  # fmt: skip
    return PageResult(outcome, reason or str(response.status), len(response.body), example=example(response))


def turned_away(arrival: Arrival) -> PageResult:
    """A sign-on that led to a refusal, or to a page that proves nothing."""
    refusal = arrival.refusal or Refusal.NOT_SIGNED_ON
    reason = str(arrival.page.status) if refusal is Refusal.ERROR else str(refusal)
    return not_as_it_should_be(arrival.page, outcome_of(refusal), reason)


def example(response: Response) -> dict[str, Any]:
    """The request and its answer, for failures.jsonl, which redacts them."""
    headers = {name: value for name, value in response.headers.items() if name.lower() != "set-cookie"}
    return {
        "request": {"method": response.method, "url": response.url, "headers": {}},
        "response": {"status": response.status, "headers": headers, "excerpt": response.text[:8000]},
    }

"""Before the first arrival: whether somebody is there; with an edge in front of the target, behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.client.failure import ClientError, OwnLimit
from entsurge.client.url import split, url_of
from entsurge.engine.first_answer import fault
from entsurge.errors import TargetUnreachable, UsageError

if TYPE_CHECKING:
    from entsurge.client.access import Access
    from entsurge.client.client import Client
    from entsurge.client.negotiated import Negotiated
    from entsurge.client.response import Response

REACH_SECONDS = 5.0
ALONE = "nothing was sent but this one question"


def reach(url: str, access: Access) -> Negotiated | None:
    """Ask the target once; what the connection was agreed to be. What else is behind an edge is asked once, too.

    Raises TargetUnreachable with the reason: name, refusal, TLS, silence, an edge that answers for the target.
    """
    client = access.client()
    try:
        answer = _asked(client, url)
        wrong = fault(answer, access)
        if wrong:
            raise TargetUnreachable(f"{url}: {wrong}", hint=ALONE)
        own = split(url).origin
        for origin in access.behind:
            if origin != own:
                _asked(client, url_of(origin))
    finally:
        client.close()
    return answer.negotiated


def _asked(client: Client, url: str) -> Response:
    try:
        return client.request("GET", url, deadline_seconds=REACH_SECONDS)
    except OwnLimit as error:
        raise UsageError(
            f"{url}: this machine cannot connect: {error}", hint="is --source an address of it?"
        ) from error
    except ClientError as error:
        raise TargetUnreachable(f"{url}: {error} ({error.reason})", hint=error.hint or ALONE) from error

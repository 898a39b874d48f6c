"""Before the first arrival: whether somebody is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.client.failure import ClientError, OwnLimit
from entsurge.engine.first_answer import fault
from entsurge.errors import TargetUnreachable, UsageError

if TYPE_CHECKING:
    from entsurge.client.access import Access
    from entsurge.client.negotiated import Negotiated

REACH_SECONDS = 5.0


def reach(url: str, access: Access) -> Negotiated | None:
    """Ask the target once; what the connection was agreed to be.

    Raises TargetUnreachable with the reason: name, refusal, TLS, silence.
    """
    client = access.client()
    try:
        answer = client.request("GET", url, deadline_seconds=REACH_SECONDS)
        wrong = fault(answer, access)
    except OwnLimit as error:
        raise UsageError(
            f"{url}: this machine cannot connect: {error}", hint="is --source an address of it?"
        ) from error
    except ClientError as error:
        raise TargetUnreachable(
            f"{url}: {error} ({error.reason})",
            hint=error.hint or "nothing was sent but this one question",
        ) from error
    finally:
        client.close()
    if wrong:
        raise TargetUnreachable(f"{url}: {wrong}", hint="nothing was sent but this one question")
    return answer.negotiated

"""Which policy the processes of perturbations speak by: the run's, told in the environment, or loopback alone."""

from __future__ import annotations

import os

from entsurge.client.access import Access
from entsurge.errors import EntsurgeError

ACCESS = "ENTSURGE_ACCESS"  # the policy as JSON; it holds no secret


def access() -> Access:
    """The policy of the run that this process belongs to; by hand, loopback alone. Raises EntsurgeError."""
    given = os.environ.get(ACCESS, "")
    return of(given) if given else Access()


def of(text: str) -> Access:
    """The policy that a run told, or that a record kept. Raises EntsurgeError."""
    try:
        return Access.from_json(text)
    except ValueError as error:
        raise EntsurgeError(f"{ACCESS}: {error}") from None

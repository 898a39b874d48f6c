"""Which policy the processes of perturbations speak by: the run's, told in the environment, or loopback alone."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from entsurge.client.access import Access
from entsurge.errors import EntsurgeError

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCESS = "ENTSURGE_ACCESS"  # the policy as JSON; it holds no secret


def access() -> Access:
    """The policy of the run that this process belongs to; by hand, loopback alone. Raises EntsurgeError."""
    given = os.environ.get(ACCESS, "")
    return of(given) if given else Access()


@contextlib.contextmanager
def told(policy: Access) -> Iterator[None]:
    """What this process asks of a target speaks by this policy, as long as the context lives."""
    before = os.environ.get(ACCESS)
    os.environ[ACCESS] = policy.to_json()
    try:
        yield
    finally:
        del os.environ[ACCESS]
        os.environ.update({} if before is None else {ACCESS: before})


def of(text: str) -> Access:
    """The policy that a run told, or that a record kept. Raises EntsurgeError."""
    try:
        return Access.from_json(text)
    except ValueError as error:
        raise EntsurgeError(f"{ACCESS}: {error}") from None

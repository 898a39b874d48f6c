"""The interface of a sign-on method, and what a sign-on can come to.

A method goes the way of a browser from a door (the page that the visitor wanted) to the page at the end. The driver
then proves by that page, or by an answer of an API, that the visitor is signed on: never by a status alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from entsurge.client.response import Response
    from entsurge.signon.flow import Flow
    from entsurge.signon.refusal_patterns import RefusalPatterns
    from entsurge.visit.driver import Account


class Refusal(StrEnum):
    """Why nobody is signed on."""

    WRONG_PASSWORD = "bad credentials"  # noqa: S105  what the records say
    FULL = "full house"
    SERVICE_REFUSED = "service refused"
    TICKET_REFUSED = "ticket refused"
    FORM_EXPIRED = "form expired"
    NO_FORM = "no login form"
    NOT_SIGNED_ON = "not signed on"
    INTERSTITIAL = "interstitial page not passed"
    EDGE = "refused by an edge"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where a sign-on has led: the last answer, and the refusal if there is one; `detail` says more."""

    page: Response
    refusal: Refusal | None = None
    detail: str = ""


class SignOn(Protocol):
    """One way of signing on. Keeps nothing of a visitor: tokens that pages need go to `flow.memory`.

    `signs` are the words of refusal that its options name; the driver adds its proof to them.
    """

    patterns: RefusalPatterns

    def enter(self, flow: Flow, account: Account, door: str) -> Arrival:
        """Sign on from this door. Raises a ClientError when an answer does not come."""
        ...

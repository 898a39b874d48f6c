"""CAS 1, 2 and 3 against any server: the form's hidden fields whatever their names, one-time tokens, tickets.

The three versions differ in how the service validates a ticket, which is its own affair; a browser's way is the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

from entsurge.signon.browser import BrowserOptions, credentials, to_form
from entsurge.signon.method import Arrival, Refusal

if TYPE_CHECKING:
    from entsurge.signon.flow import Flow
    from entsurge.visit.driver import Account


class Options(BrowserOptions):
    """`[sign_on] method = "cas"`: without `login_url` the door itself must lead to the form."""


class Cas:
    """From the door to the login form, credentials, a ticket, and the door again."""

    def __init__(self, options: Options) -> None:
        self.options, self.patterns = options, options.patterns()

    def enter(self, flow: Flow, account: Account, door: str) -> Arrival:
        """Sign on; the page at the end is the service's own."""
        page = to_form(flow, self.options, self._first(door))
        arrival = credentials(flow, self.options, page, account)
        if arrival.refusal is Refusal.NOT_SIGNED_ON and _had_ticket(flow):
            return Arrival(arrival.page, Refusal.TICKET_REFUSED)
        return arrival

    def _first(self, door: str) -> str:
        url = self.options.login_url
        if url is None:
            return door
        return f"{url}{'&' if urlsplit(url).query else '?'}service={quote(door, safe='')}"


def _had_ticket(flow: Flow) -> bool:
    """Whether a ticket was given on the way: then it is the service that would not take it."""
    return any("ticket" in parse_qs(urlsplit(answer.redirects_to).query) for answer in flow.seen)


def method(options: Options) -> Cas:
    """The method with these options."""
    return Cas(options)

"""CAS 1, 2 and 3 against any server: the form's hidden fields whatever their names, one-time tokens, tickets.

The three versions differ in how the service validates a ticket, which is its own affair; a browser's way is the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

from pydantic import Field

from entsurge.signon.forms import login_form
from entsurge.signon.method import Arrival, Refusal
from entsurge.signon.options import Address, SignOnOptions

if TYPE_CHECKING:
    from entsurge.drivers.driver import Account
    from entsurge.signon.walk import Walk
    from entsurge.visit.response import Response


class Options(SignOnOptions):
    """`[sign_on] method = "cas"`: without `login_url` the door itself must lead to the form."""

    login_url: Address | None = None
    extra_fields: dict[str, str] = Field(default_factory=dict)


class Cas:
    """From the door to the login form, credentials, a ticket, and the door again."""

    def __init__(self, options: Options) -> None:
        self.options, self.signs = options, options.signs()

    def enter(self, walk: Walk, account: Account, door: str) -> Arrival:
        """Sign on; the page at the end is the service's own."""
        page = walk.get(self._first(door), "form")
        refused = walk.refusal(page)
        if refused is not None:
            return Arrival(page, refused)
        return submit(walk, page, account, extra=self.options.extra_fields)

    def _first(self, door: str) -> str:
        url = self.options.login_url
        if url is None:
            return door
        return f"{url}{'&' if urlsplit(url).query else '?'}service={quote(door, safe='')}"


def submit(walk: Walk, page: Response, account: Account, *, extra: dict[str, str] | None = None) -> Arrival:
    """Fill in the login form of a page and go where it leads; also for a page that asks nothing (single sign-on)."""
    form = login_form(page)
    if form is None:
        return Arrival(page, None if walk.signs.proved(page) else Refusal.NO_FORM)
    name = form.login_field or "username"
    typed = {name: account.login, form.password_field: account.password, **(extra or {})}
    answer = walk.post(form.action, form.filled(typed), "credentials")
    refused = walk.refusal(answer)
    if refused is None and login_form(answer) is not None:
        refused = walk.signs.rejected(answer) or Refusal.NOT_SIGNED_ON
    return Arrival(answer, refused, ticket_of(walk))


def ticket_of(walk: Walk) -> str:
    """The kind of ticket that was given, for records; never the ticket."""
    for answer in walk.seen:
        tickets = parse_qs(urlsplit(answer.redirects_to).query).get("ticket", [])
        if tickets:
            return tickets[0].split("-", 1)[0]
    return ""


def method(options: Options) -> Cas:
    """The method with these options."""
    return Cas(options)

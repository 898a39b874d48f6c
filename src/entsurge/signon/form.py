"""A login form of the product's own, with its protection against forged requests: hidden field, meta tag or cookie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from entsurge.selectors import document, selector
from entsurge.signon.browser import BrowserOptions, beyond, send, through, to_form, typed
from entsurge.signon.forms import Form, login_form
from entsurge.signon.method import Arrival, Refusal
from entsurge.signon.options import Address  # noqa: TC001  pydantic reads it

if TYPE_CHECKING:
    from entsurge.client.response import Response
    from entsurge.signon.flow import Flow
    from entsurge.visit.driver import Account


class Csrf(BaseModel):
    """Where the token stands (a cookie's or a meta tag's name) and how it goes back (a header or a field)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cookie: str = ""
    meta: str = ""
    header: str = ""
    field: str = ""


class Options(BrowserOptions):
    """`[sign_on] method = "form"`: hidden fields are sent back by themselves; `csrf` is for what else there is.

    `refused_without_redirect`: an answer to credentials that leads nowhere is the form again, drawn by script.
    `action` is where the form goes if the page has none (a page drawn by script).
    """

    csrf: Csrf | None = None
    refused_without_redirect: bool = False
    action: Address | None = None


class PlainForm:
    """The form, filled in and sent."""

    def __init__(self, options: Options) -> None:
        self.options, self.patterns = options, options.patterns()

    def enter(self, flow: Flow, account: Account, door: str) -> Arrival:
        """Sign on by the form that the door, or `login_url`, shows."""
        page = to_form(flow, self.options, self.options.login_url or door)
        refused = flow.refusal(page)
        if refused is not None:
            return Arrival(page, refused)
        form = self._form(page)
        if form is None:
            return Arrival(page, None if flow.patterns.proved(page) else Refusal.NO_FORM)
        given = typed(form, self.options, account)
        self._protect(flow, page, given)
        answer = through(flow, send(flow, form, given, "credentials"))
        arrival = beyond(flow, self.options, answer, account)
        same = arrival.page is answer
        again = same and answer.method == "POST" and answer.status == 200 and self.options.refused_without_redirect
        return Arrival(answer, Refusal.WRONG_PASSWORD) if again and arrival.refusal in AGAIN else arrival

    def _form(self, page: Response) -> Form | None:
        found = login_form(page)
        if found is None and self.options.action is not None:
            return Form(self.options.action, "POST", {}, "username", "password")
        return found

    def _protect(self, flow: Flow, page: Response, given: dict[str, str]) -> None:
        csrf = self.options.csrf
        if csrf is None:
            return
        token = flow.cookie(csrf.cookie) if csrf.cookie else _meta(page, csrf.meta)
        if csrf.field:
            given[csrf.field] = token
        if csrf.header:
            flow.headers[csrf.header] = token


AGAIN = (None, Refusal.NOT_SIGNED_ON)


def _meta(page: Response, name: str) -> str:
    tree = document(page)
    found = selector(f'meta[name="{name}"]')(tree) if tree is not None else []
    return str(found[0].get("content") or "") if found else ""


def method(options: Options) -> PlainForm:
    """The method with these options."""
    return PlainForm(options)

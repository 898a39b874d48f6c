"""What every sign-on in a browser has in common: choices on the way, the login form, forms that post themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from entsurge.client.url import joined
from entsurge.selectors import document, selector
from entsurge.signon.forms import carrier, form_around, login_form
from entsurge.signon.interstitial import Interstitial  # noqa: TC001  pydantic reads it
from entsurge.signon.method import Arrival, Refusal
from entsurge.signon.options import Address, SignOnOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from entsurge.client.response import Response
    from entsurge.signon.flow import Flow
    from entsurge.signon.forms import Form
    from entsurge.visit.driver import Account

    Until = Callable[[str], bool]

MOST_POSTS = 6
CARRIED = ("SAMLRequest", "SAMLResponse", "code", "id_token", "wresult")


class BrowserOptions(SignOnOptions):
    """Common to the methods that fill in a login form.

    `login_url` is opened in place of the door; `choose` are CSS selectors of what is clicked before the form (a kind
    of account, an academy); names of fields are found in the form unless they are given; `interstitial` is a page that
    must be passed once on the way in.
    """

    login_url: Address | None = None
    choose: tuple[str, ...] = ()
    login_field: str = ""
    password_field: str = ""
    extra_fields: dict[str, str] = Field(default_factory=dict)
    interstitial: Interstitial | None = None

    @field_validator("choose")
    @classmethod
    def _are_selectors(cls, found: tuple[str, ...]) -> tuple[str, ...]:
        for each in found:
            selector(each)
        return found


def to_form(flow: Flow, options: BrowserOptions, url: str, *, until: Until | None = None) -> Response:
    """Open the address, click what is to be chosen, let forms post themselves: the page that is left."""
    page = through(flow, flow.get(url, "form", until=until), until=until)
    for css in options.choose:
        if flow.refusal(page) is not None:
            return page
        page = through(flow, _click(flow, page, css, until), until=until)
    return page


def credentials(
    flow: Flow, options: BrowserOptions, page: Response, account: Account, *, until: Until | None = None
) -> Arrival:
    """Fill in the login form of a page and go where it leads."""
    refused = flow.refusal(page)
    if refused is not None:
        return Arrival(page, refused)
    form = login_form(page)
    if form is None:
        return Arrival(page, None if flow.patterns.proved(page) else Refusal.NO_FORM)
    answer = send(flow, form, typed(form, options, account), "credentials", until=until)
    return beyond(flow, options, through(flow, answer, until=until), account, until=until)


def beyond(
    flow: Flow, options: BrowserOptions, answer: Response, account: Account, *, until: Until | None = None
) -> Arrival:
    """Where the answer to credentials leads once the interstitial page, if it is one, has been passed."""
    between = options.interstitial
    if between is None or not between.shown(answer):
        return Arrival(answer, judged(flow, answer))
    passed = through(flow, _pass(flow, between, answer, account, until), until=until)
    if between.shown(passed):
        return Arrival(passed, Refusal.INTERSTITIAL)
    return Arrival(passed, judged(flow, passed))


def _pass(flow: Flow, between: Interstitial, page: Response, account: Account, until: Until | None) -> Response:
    """Press what passes the page, or send its form; the page itself where it has neither."""
    given = between.typed(account.password)
    element = between.element(page)
    if element is not None:
        return _press(flow, page, element, "interstitial", given, until)
    form = None if between.press else between.form(page)
    return page if form is None else send(flow, form, given, "interstitial", until=until)


def typed(form: Form, options: BrowserOptions, account: Account) -> dict[str, str]:
    """What a person types into this form."""
    login = options.login_field or form.login_field or "username"
    return {
        login: account.login,
        options.password_field or form.password_field: account.password,
        **options.extra_fields,
    }


def judged(flow: Flow, answer: Response) -> Refusal | None:
    """What the answer to credentials says: the login form again, or a page without proof, is no success."""
    if answer.redirects_to:
        return None
    refused = flow.refusal(answer)
    if refused is not None or flow.patterns.proved(answer):
        return refused
    if carrier(answer, *CARRIED) is not None:  # on its way to where the caller stops
        return None
    if flow.patterns.proof is not None or login_form(answer) is not None:
        return flow.patterns.rejected(answer) or Refusal.NOT_SIGNED_ON
    return flow.patterns.rejected(answer, own=True)


def through(flow: Flow, page: Response, *, until: Until | None = None) -> Response:
    """Post the forms that a browser posts by itself (SAML, form_post), one after the other."""
    for _ in range(MOST_POSTS):
        form = None if page.redirects_to or page.status >= 400 else carrier(page, *CARRIED)
        if form is None or form.password_field:
            return page
        name = next(each for each in CARRIED if each in form.fields)
        if until is not None and until(form.action):
            return page
        page = send(flow, form, {}, name, until=until)
    return page


def send(flow: Flow, form: Form, given: dict[str, str], step: str, *, until: Until | None = None) -> Response:
    """Submit a form with these values."""
    if form.method == "POST":
        return flow.post(form.action, form.filled(given), step, until=until)
    return flow.get_form(form.action, form.filled(given), step, until=until)


def _click(flow: Flow, page: Response, css: str, until: Until | None) -> Response:
    """Follow the link, or submit the form of the button, that is found; the page itself if there is none."""
    tree = document(page)
    found = selector(css)(tree) if tree is not None else []
    if not found:
        return page
    return _press(flow, page, found[0], "choice", {}, until)


def _press(
    flow: Flow, page: Response, element: Any, step: str, given: dict[str, str], until: Until | None
) -> Response:  # fmt: skip
    """Follow a link, or submit the form of a button with these values typed in; the page itself for neither."""
    if element.get("href"):
        return flow.get(joined(page.url, element.get("href")), step, until=until)
    form = form_around(page, element)
    if form is None:
        return page
    pressed = {element.get("name"): element.get("value") or ""} if element.get("name") else {}
    return send(flow, form, given | pressed, step, until=until)

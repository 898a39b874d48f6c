"""SAML 2 web browser SSO: to the identity provider by redirect or by a form that posts itself, and back by another.

National identity providers (ÉduConnect) are never loaded: a test's own stands in for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.signon.browser import BrowserOptions, credentials, to_form
from entsurge.signon.method import Arrival, Refusal

if TYPE_CHECKING:
    from entsurge.signon.flow import Flow
    from entsurge.visit.driver import Account


class Options(BrowserOptions):
    """`[sign_on] method = "saml"`: `login_url` is the service's own start, such as /auth/saml/authn/PROVIDER."""


class Saml:
    """From the service to the identity provider's form, and back with its answer."""

    def __init__(self, options: Options) -> None:
        self.options, self.patterns = options, options.patterns()

    def enter(self, flow: Flow, account: Account, door: str) -> Arrival:
        """Sign on; a way on which no answer of an identity provider was carried is no SAML sign-on."""
        page = to_form(flow, self.options, self.options.login_url or door)
        arrival = credentials(flow, self.options, page, account)
        if arrival.refusal is None and not flow.posted("SAMLResponse"):
            return Arrival(arrival.page, Refusal.NOT_SIGNED_ON, "no SAMLResponse was carried")
        return arrival


def method(options: Options) -> Saml:
    """The method with these options."""
    return Saml(options)

"""Every sign-on method against a server of its kind: the way in, and each refusal by its own name."""

import pytest

from entsurge.signon import tokens
from entsurge.signon.method import Refusal

OIDC = {"client_id": "app", "redirect_uri": "appli://retour"}


def oidc(url: str) -> dict:
    return {**OIDC, "authorize_url": f"{url}/oidc/authorize", "token_url": f"{url}/oidc/token"}


def ways(url: str) -> dict:
    """Method, door and options of each way in that ends at a page."""
    app = {"url": f"{url}/app/session", "before": f"{url}/app/", "login_key": "login", "ok": "$.user.name"}
    return {
        "cas": ("cas", f"{url}/portail/", {}),
        "cas by its own address": ("cas", f"{url}/portail/", {"login_url": f"{url}/cas/login"}),
        "saml": ("saml", f"{url}/sp/", {"choose": ["a.eleve"]}),
        "saml by a button": ("saml", f"{url}/sp/", {"choose": ["#parent"]}),
        "form, token in a meta tag": (
            "form", f"{url}/form/", {"csrf": {"meta": "csrf-token", "header": "X-CSRF-Token"}}
        ),
        "form, token in a cookie": ("form", f"{url}/form/", {"csrf": {"cookie": "XSRF", "field": "_xsrf"}}),
        "json-session": (
            "json-session", f"{url}/app/", {**app, "csrf_cookie": "XSRF-TOKEN", "csrf_header": "X-XSRF-TOKEN"}
        ),
    }  # fmt: skip


WAYS = sorted(ways(""))


@pytest.mark.parametrize("name", WAYS)
def test_the_right_password_leads_to_the_page(name, stub, enter, alone) -> None:
    """Each way ends at the page that proves it, and every hop of it is recorded under its step."""
    method, door, options = ways(stub("identity"))[name]
    arrival = enter(method, door, **options)
    assert arrival.refusal is None
    assert b"Bonjour" in arrival.page.body
    assert len(alone.hops) >= 3
    assert {outcome for _, outcome in alone.hops} == {"ok"}


@pytest.mark.parametrize("name", WAYS)
def test_a_wrong_password_is_called_so(name, stub, enter) -> None:
    """A login form that comes back with 200 is no success, and no other failure."""
    method, door, options = ways(stub("identity"))[name]
    arrival = enter(method, door, password="faux", **options)
    expected = {Refusal.WRONG_PASSWORD, Refusal.NOT_SIGNED_ON} if method == "form" else {Refusal.WRONG_PASSWORD}
    assert arrival.refusal in expected


@pytest.mark.parametrize("name", WAYS)
def test_a_full_house_is_told_from_a_wrong_password(name, stub, enter, alone) -> None:
    """A waiting room answers 200; its hop is shed."""
    method, door, options = ways(stub("identity"))[name]
    assert enter(method, door, login="plein", **options).refusal is Refusal.FULL
    assert alone.hops[-1][1] == "shed"


def test_an_edge_is_no_word_of_the_ent(stub, enter, alone) -> None:
    """A WAF's 403 is neither a wrong password nor a failure of the ENT."""
    assert enter("cas", f"{stub('identity')}/portail/", login="bloque").refusal is Refusal.EDGE
    assert alone.hops[-1] == ("credentials", "lost")


def test_cas_refuses_a_service_it_does_not_know(stub, enter) -> None:
    """A service that is not registered is told apart from a password that is wrong."""
    arrival = enter("cas", "http://elsewhere.example/", login_url=f"{stub('identity')}/cas/login")
    assert arrival.refusal is Refusal.SERVICE_REFUSED


def test_a_ticket_counts_once(stub, enter, alone) -> None:
    """The service refuses a ticket that is replayed."""
    url = stub("identity")
    enter("cas", f"{url}/portail/")
    ticketed = next(location for location in map(_location, alone_seen(alone, url)) if "ticket=" in location)
    alone.client.exchanges.cookies = type(alone.client.cookies)()
    replay = alone.client.get(ticketed, deadline_seconds=5)
    assert replay.status == 401
    assert b"INVALID_TICKET" in replay.body


def alone_seen(alone, url) -> list:
    """The answers of a sign-on done by hand, so that its ticket can be seen."""
    from entsurge.signon.forms import login_form

    alone.client.exchanges.cookies = type(alone.client.cookies)()
    page = alone.client.get(f"{url}/portail/", deadline_seconds=5)
    form = login_form(page)
    from urllib.parse import urlencode

    body = urlencode(form.filled({"username": "alix", "password": "juste"})).encode()
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = alone.client.request("POST", form.action, headers=kind, body=body, deadline_seconds=5)
    alone.client.follow(answer, deadline_seconds=5)
    return [answer]


def _location(answer) -> str:
    return answer.redirects_to


@pytest.mark.parametrize("mode", [{}, {"extra_parameters": {"response_mode": "form_post"}}])
def test_openid_code_flow_gives_tokens(stub, enter, alone, mode) -> None:
    """Code with PKCE, by redirect or by a form that posts itself; the token opens the API."""
    url = stub("identity")
    assert enter("oidc", url, **oidc(url), **mode).refusal is None
    headers = tokens.authorization(alone)
    assert alone.client.get(f"{url}/api/moi", headers=headers, deadline_seconds=5).body == b'{"login": "alix"}'
    assert [step for step, _ in alone.hops] == ["form", "credentials", "token"]


@pytest.mark.parametrize(
    ("login", "password", "client", "refusal"),
    [
        ("alix", "faux", "app", Refusal.WRONG_PASSWORD),
        ("plein", "juste", "app", Refusal.FULL),
        ("quota", "juste", "app", Refusal.FULL),
        ("alix", "juste", "autre", Refusal.SERVICE_REFUSED),
    ],
)
def test_openid_refusals(stub, enter, login, password, client, refusal) -> None:
    """Wrong password, full house (page or 509) and a client that is not known each have their name."""
    url = stub("identity")
    options = {**oidc(url), "client_id": client}
    assert enter("oidc", url, login=login, password=password, **options).refusal is refusal


@pytest.mark.parametrize("method", ["oidc", "bearer"])
def test_a_token_that_expires_is_refreshed(stub, enter, alone, method) -> None:
    """A short-lived token is replaced before it is sent, once, and the hop is recorded."""
    url = stub("identity")
    options = oidc(url) if method == "oidc" else {"url": f"{url}/bearer/token"}
    enter(method, url, login="bref", **options)
    before = alone.memory.of(tokens.Tokens).access
    headers = tokens.authorization(alone)
    assert before not in headers["Authorization"]
    assert alone.client.get(f"{url}/api/moi", headers=headers, deadline_seconds=5).status == 200
    assert alone.hops[-1] == ("refresh", "ok")
    tokens.authorization(alone)
    assert [step for step, _ in alone.hops].count("refresh") == 1


@pytest.mark.parametrize(
    ("login", "password", "refusal"),
    [("alix", "juste", None), ("alix", "faux", Refusal.WRONG_PASSWORD), ("plein", "juste", Refusal.FULL)],
)
def test_bearer(stub, enter, login, password, refusal) -> None:
    """The password grant and its refusals: 400 invalid_grant, 509 quota_overflow."""
    url = stub("identity")
    assert enter("bearer", url, login=login, password=password, url=f"{url}/bearer/token").refusal is refusal


def test_tokens_are_never_shown(stub, enter, alone) -> None:
    """A token in a message or a log would be a password in it."""
    url = stub("identity")
    enter("bearer", url, url=f"{url}/bearer/token")
    found = alone.memory.of(tokens.Tokens)
    assert found.access not in repr(found)
    assert found.refresh not in repr(found)


def test_a_circle_of_redirects_ends(stub, alone) -> None:
    """A sign-on that leads nowhere ends after a bounded number of hops."""
    from entsurge.client.failure import TooManyRedirects
    from entsurge.client.redirects import MOST
    from entsurge.signon.flow import Flow

    with pytest.raises(TooManyRedirects):
        Flow(alone).get(f"{stub('identity')}/ailleurs", "form")
    assert len(alone.hops) == MOST + 1

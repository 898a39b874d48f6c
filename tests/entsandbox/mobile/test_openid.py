"""OpenID Connect as an app meets it: each rule that keeps a stranger out is tried from the stranger's side."""

import base64
import json

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from tests.entsandbox.mobile.conftest import CLIENT, PEOPLE, REDIRECT, said

from entsandbox.__main__ import parser, settings_of


def test_discovery_names_what_is_there(sandbox, phone) -> None:
    """Every address that discovery names answers, and the issuer is where discovery was found."""
    found = phone(sandbox).discovery()
    assert found["issuer"] == f"{sandbox.url}/cas/oidc"
    assert found["code_challenge_methods_supported"] == ["S256"]
    for name in ("jwks_uri", "userinfo_endpoint", "authorization_endpoint", "token_endpoint", "revocation_endpoint"):
        method = "POST" if name in ("token_endpoint", "revocation_endpoint") else "GET"
        assert httpx.request(method, found[name]).status_code != 404, name


def test_identity_token_is_signed_for_this_app_and_this_request(sandbox, phone) -> None:
    """Signature by the published key, issuer, audience, nonce and the access token's hash."""
    pupil = phone(sandbox).sign_on(scope="openid profile")
    keys = KeySet.import_key_set(pupil.client.get("/cas/oidc/jwks").json())
    claims = jwt.decode(pupil.tokens["id_token"], keys).claims
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (f"{sandbox.url}/cas/oidc", CLIENT, "n-1")
    assert (claims["sub"], claims["family_name"]) == (pupil.id, pupil.person.family_name)
    assert claims["exp"] - claims["iat"] == pupil.tokens["expires_in"] == 3600


def test_keys_are_public_alone(sandbox, phone) -> None:
    """No private part of the key leaves the sandbox."""
    (key,) = phone(sandbox).client.get("/cas/oidc/jwks").json()["keys"]
    assert key.keys() == {"kty", "n", "e", "use", "alg", "kid"}


def test_userinfo_says_what_was_granted(pupil, sandbox, phone) -> None:
    """Names come with the scope profile alone; without a token nothing comes."""
    ask = {"authorization": f"Bearer {pupil.tokens['access_token']}"}
    assert pupil.client.get("/cas/oidc/oidcProfile", headers=ask).json() == {"sub": pupil.id}
    named = phone(sandbox).sign_on(scope="openid profile")
    ask = {"authorization": f"Bearer {named.tokens['access_token']}"}
    assert named.client.get("/cas/oidc/oidcProfile", headers=ask).json()["name"]
    refused = pupil.client.get("/cas/oidc/oidcProfile")
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_token")


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/", "skoapp-prod://sign-in-callback/more", "skoapp-prod://sign-in-callback?a=b", "", None],
)
def test_codes_go_to_known_addresses_alone(sandbox, phone, address) -> None:
    """An unknown address of return is answered by a page here, never by a redirect."""
    answer, _ = phone(sandbox).authorize(redirect_uri=address)
    assert (answer.status_code, "location" in answer.headers) == (400, False)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"prompt": "none"}, "login_required"),
        ({"nonce": "n" * 501}, "invalid_request"),
        ({"nonce": "n\x00"}, "invalid_request"),
    ],
)
def test_wrong_requests_are_answered_at_the_app(sandbox, phone, changed, code) -> None:
    """The error goes to the app's address with the app's state and the issuer's name, and no code."""
    answer, _ = phone(sandbox).authorize(**changed)
    found = said(answer)
    assert answer.headers["location"].startswith(REDIRECT)
    assert (found["error"], found["state"], found["iss"]) == (code, "s-1", f"{sandbox.url}/cas/oidc")
    assert "code" not in found


def test_the_allow_list_is_a_setting() -> None:
    """Other apps' addresses can be named; Skolengo's is then no longer known unless it is named too."""
    asked = parser().parse_args(["--mobile-redirect", "app://a", "--mobile-redirect", "app://b"])
    assert list(settings_of(asked).mobile_redirects) == ["app://a", "app://b"]


def test_an_unknown_app_is_told_so_here(sandbox, phone) -> None:
    """Without a client_id there is nobody to answer."""
    answer, _ = phone(sandbox).authorize(client_id=None)
    assert answer.status_code == 400


def test_who_is_signed_on_is_not_asked_again(pupil) -> None:
    """The CAS's own cookie carries a second app in, with prompt=none as well."""
    answer, _ = pupil.authorize(prompt="none")
    assert "code" in said(pupil.through_cas(answer))


def test_a_wrong_password_gives_no_code(sandbox, phone) -> None:
    """The form comes back with 200, as the portal's does."""
    caller = phone(sandbox)
    caller.person = PEOPLE.person("student", 4)
    object.__setattr__(caller.person, "password", "wrong")
    answer, _ = caller.authorize()
    back = caller.through_cas(answer)
    assert (back.status_code, "location" in back.headers) == (200, False)
    assert "incorrects" in back.text


def test_a_code_is_good_once(sandbox, phone) -> None:
    """Used again it gives nothing, and ends what it gave before: somebody else had it."""
    caller = phone(sandbox)
    code, verifier = caller.code()
    caller.tokens = caller.exchange(code, verifier).json()
    assert caller.ask(f"/users-info/{caller.id}").status_code == 200
    again = caller.exchange(code, verifier)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert caller.ask(f"/users-info/{caller.id}").status_code == 401
    assert caller.refresh().json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "changed",
    [
        {"code_verifier": "v" * 43},
        {"code_verifier": ""},
        {"client_id": "another-app"},
        {"redirect_uri": "https://evil.example/"},
        {"code": "OC-made-up"},
    ],
)
def test_a_code_is_bound_to_app_address_and_verifier(sandbox, phone, changed) -> None:
    """Whoever intercepts a code cannot use it."""
    caller = phone(sandbox)
    answer = caller.exchange(*caller.code(), **changed)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_ticket_of_the_portal_gives_no_code(sandbox, phone) -> None:
    """A ticket is good for the service that it was made for, and not for the mobile door."""
    caller = phone(sandbox)
    ticket = said(sandbox.submit(caller.client, caller.person))["ticket"]
    asked = {
        "client_id": CLIENT, "redirect_uri": REDIRECT, "scope": "openid", "response_type": "code",
        "code_challenge": "c" * 43, "code_challenge_method": "S256", "ticket": ticket,
    }  # fmt: skip
    assert said(caller.client.get("/cas/oauth2.0/callbackAuthorize", params=asked))["error"] == "access_denied"


def test_refresh_tokens_are_replaced_and_bound_to_the_app(pupil) -> None:
    """A new pair comes back, with an identity token for the same person; another app has no use for it."""
    other = pupil.refresh(client_id="another-app")
    assert (other.status_code, other.json()["error"]) == (400, "invalid_grant")
    pupil.sign_on()
    renewed = pupil.refresh().json()
    assert renewed["refresh_token"] != pupil.tokens["refresh_token"]
    payload = renewed["id_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert (claims["sub"], "nonce" in claims) == (pupil.id, False)
    assert pupil.ask(f"/users-info/{pupil.id}", token=renewed["access_token"]).status_code == 200


def test_scopes_narrow_and_never_widen(pupil) -> None:
    """A renewed token may do less, never more than what was granted."""
    reader = pupil.refresh(scope="openid skoapp.read").json()
    wider = pupil.refresh(reader["refresh_token"], scope="openid skoapp.write")
    assert wider.json()["error"] == "invalid_scope"
    patch = {"data": {"type": "homework", "id": "1", "attributes": {"done": True}}}
    answer = pupil.ask("/homework-assignments/1", "PATCH", patch, token=reader["access_token"])
    assert (answer.status_code, answer.json()["errors"][0]["title"]) == (403, "INSUFFICIENT_SCOPE")
    assert pupil.ask(f"/users-info/{pupil.id}", token=reader["access_token"]).status_code == 200


def test_tokens_end_with_time(start, phone) -> None:
    """An access token of a second is refused after it; the refresh token brings the app back."""
    caller = phone(start("--service-seconds", "0", "--token-seconds", "3600", "--compression", "36000")).sign_on()
    assert caller.tokens["expires_in"] == 1
    deadline = 200
    while caller.ask(f"/users-info/{caller.id}").status_code == 200 and deadline:
        deadline -= 1
    refused = caller.ask(f"/users-info/{caller.id}")
    assert (refused.status_code, "invalid_token" in refused.headers["www-authenticate"]) == (401, True)
    caller.tokens = caller.refresh().json()
    assert caller.tokens["access_token"]


def test_a_logout_ends_the_app_too(pupil) -> None:
    """A token is as good as its sign-on; coming back, the app takes a new place."""
    pupil.client.get("/cas/logout")
    assert pupil.ask(f"/users-info/{pupil.id}").status_code == 401
    pupil.tokens = pupil.refresh().json()
    assert pupil.ask(f"/users-info/{pupil.id}").status_code == 200


def test_revocation_ends_the_family_for_its_own_app(pupil) -> None:
    """Another app's request ends nothing and is answered 200 all the same (RFC 7009)."""
    token = pupil.tokens["refresh_token"]
    assert pupil.client.post("/cas/oidc/revoke", data={"token": token, "client_id": "another"}).status_code == 200
    assert pupil.ask(f"/users-info/{pupil.id}").status_code == 200
    assert pupil.client.post("/cas/oidc/revoke", data={"token": token, "client_id": CLIENT}).status_code == 200
    assert pupil.ask(f"/users-info/{pupil.id}").status_code == 401


def test_tokens_are_not_kept_by_browsers(sandbox, phone) -> None:
    """The token endpoint's answers are never cached."""
    caller = phone(sandbox)
    answer = caller.exchange(*caller.code())
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({}, 401, "invalid_client"),
        ({"client_id": CLIENT}, 400, "unsupported_grant_type"),
        (
            {"client_id": CLIENT, "grant_type": "password", "username": "a", "password": "b"},
            400,
            "unsupported_grant_type",
        ),
        ({"client_id": CLIENT, "grant_type": "refresh_token"}, 400, "invalid_grant"),
    ],
)
def test_nonsense_is_answered_as_the_rules_say(sandbox, phone, fields, status, code) -> None:
    """RFC 6749, 5.2."""
    answer = phone(sandbox).client.post("/cas/oidc/oidcAccessToken", data=fields)
    assert (answer.status_code, answer.json()["error"]) == (status, code)


def test_a_full_house_answers_509_where_apps_come_in(start, phone) -> None:
    """Let in above the limit, an app is turned away at the token and gives its place back; so is who comes back."""
    small = start("--service-seconds", "0", "--session-limit", "1")
    first, second = phone(small, index=1), phone(small, index=2)
    forms = [(each, *each.authorize()) for each in (first, second)]
    pages = [each.client.get(answer.headers["location"]) for each, answer, _ in forms]
    codes = [said(each.through_cas(page))["code"] for (each, _, _), page in zip(forms, pages, strict=True)]
    answers = [each.exchange(code, verifier) for (each, _, verifier), code in zip(forms, codes, strict=True)]
    assert [(a.status_code, a.json().get("error")) for a in answers] == [(509, "quota_overflow"), (200, None)]
    waiting = phone(small, index=3)
    assert "très nombreux" in waiting.through_cas(waiting.authorize()[0]).text
    second.tokens = answers[1].json()
    second.client.get("/cas/logout")
    first.sign_on()
    back = second.refresh()
    assert (back.status_code, back.json()) == (509, {"error": "quota_overflow"})
    first.client.get("/cas/logout")
    assert second.refresh().status_code == 200, "whoever was put off may come back with the same token"


def test_a_measure_keeps_an_app_out(measured, phone) -> None:
    """Parents who may not come in are told so by the API, and by the token endpoint when they come back."""
    caller = phone(measured, "parent").sign_on()
    measured.measure("pupils-and-teachers-first")
    answer = caller.ask(f"/users-info/{caller.id}")
    assert (answer.status_code, answer.json()["errors"][0]["title"]) == (503, "ACCESS_RESERVED")
    caller.client.get("/cas/logout")
    back = caller.refresh()
    assert (back.status_code, back.json()["error"]) == (503, "temporarily_unavailable")


def test_two_renewals_at_once_are_one_sign_on(start, phone) -> None:
    """An app that asks twice at once gets tokens twice and takes one place."""
    small = start("--service-seconds", "0", "--session-limit", "1")
    caller = phone(small).sign_on()
    caller.client.get("/cas/logout")
    answers = [caller.refresh(caller.tokens["refresh_token"]) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    for answer in answers:
        assert caller.ask("/schools-info", token=answer.json()["access_token"]).status_code == 200
    waiting = phone(small, index=5)
    assert "très nombreux" in waiting.through_cas(waiting.authorize()[0]).text


def test_a_refresh_token_used_again_later_ends_its_family() -> None:
    """Within half a minute it is an app in a hurry; after that somebody else has it."""
    from sqlalchemy import create_engine

    from entsandbox.mobile.grants import OVERLAP_SECONDS, Grant, Grants
    from entsandbox.state.store.schema import METADATA

    now = [1_000.0]
    engine = create_engine("sqlite://")
    METADATA.create_all(engine)
    with engine.begin() as db:
        grants = Grants(lambda: now[0])
        grant = Grant("family", "app", "login", "openid", "TGT-1")
        token, access = grants.issue(db, "refresh", grant, 3_600), grants.issue(db, "access", grant, 60)
        assert grants.take(db, "refresh", token, OVERLAP_SECONDS) == grant
        now[0] += OVERLAP_SECONDS - 1
        assert grants.take(db, "refresh", token, OVERLAP_SECONDS) == grant
        assert grants.find(db, "access", access) == grant
        now[0] += 2
        assert grants.take(db, "refresh", token, OVERLAP_SECONDS) is None
        assert grants.find(db, "access", access) is None
        assert access not in str(grant)
        assert "TGT-1" not in repr(grant)
    engine.dispose()

"""Stands in for every kind of sign-on: CAS, an OpenID provider, ÉduConnect (SAML), forms, APIs. Password: `juste`."""

import base64
import hashlib
from urllib.parse import quote, urlencode

from web import Answer, Web, hidden, html, js, to

web = Web()
PASSWORD = "juste"
FULL = html("<h1>Vous êtes très nombreux à vouloir vous connecter</h1><p>Merci d'attendre 3 minutes.</p>")
EDGE = html("Attention Required! <div class=cf-error-details>", 403, headers={"Server": "cloudflare", "CF-RAY": "1"})
LANDED = '<div id="connecte">Bonjour {}</div>'


def trouble(login):
    """Some logins meet something else, whatever their password."""
    return {"plein": FULL, "bloque": EDGE}.get(login)


def session(asked):
    return web.kept.get(asked.cookies.get("S", ""))


def landed(asked):
    who = session(asked)
    return html(LANDED.format(who[1])) if who and who[0] == "session" else None


def opened(login):
    return f"S={web.token(('session', login))}; Path=/; HttpOnly"


# -- CAS: hidden fields whose names change with every page, and a token that counts once ----------------------------


@web.on("GET", "/cas/login")
def cas_form(asked):
    service = asked.query.get("service", "")
    if not service.startswith(asked.base):
        return html("<h2>Application Not Authorized to Use CAS</h2>", 403)
    return _cas_form(service)


def _cas_form(service, problem=""):
    odd = f"x{web.token('name')[:6]}"
    fields = hidden(**{odd: web.token(("once", odd)), "_eventId": "submit", "geolocation": ""})
    return html(
        f"{problem}<form action='/search'><input name=q></form>"
        f"<form method=post action='/cas/login?service={quote(service, safe='')}'>"
        f"<input id=u name=username><input type=password name=password>{fields}"
        "<input type=checkbox name=warn value=true><button name=submitBtn value=Go>Go</button></form>"
    )


@web.on("POST", "/cas/login")
def cas_submit(asked):
    service, form = asked.query["service"], asked.form
    once = [name for name in form if web.kept.get(form[name]) == ("once", name)]
    if not once or form.get("submitBtn") != "Go" or "warn" in form:
        return _cas_form(service, "<p>La page de connexion a expiré</p>")
    web.take(form[once[0]])
    if trouble(form["username"]):
        return trouble(form["username"])
    if form["password"] != PASSWORD:
        return _cas_form(service, "<p class=error>Identifiants incorrects</p>")
    ticket = f"ST-{web.token(('ticket', service, form['username']))}"
    return to(f"{service}{'&' if '?' in service else '?'}ticket={ticket}", "TGC=1; Path=/cas")


@web.on("GET", "/portail/")
def cas_service(asked):
    if landed(asked):
        return landed(asked)
    here = f"{asked.base}/portail/"
    ticket = asked.query.get("ticket", "").removeprefix("ST-")
    if not ticket:
        return to(f"/cas/login?service={quote(here, safe='')}")
    made = web.take(ticket)
    if not made or made[1] != here:
        return html("Le ticket n'est pas reconnu: INVALID_TICKET", 401)
    return to(here, opened(made[2]))


# -- a page between the password and the portal, which must be passed once --------------------------------------------


@web.on("GET", "/entre/")
def between_login(asked):
    return html("<form method=post action=/entre/><input name=username><input type=password name=password></form>")


@web.on("POST", "/entre/")
def between(asked):
    login = asked.form["username"]
    if asked.form["password"] != PASSWORD:
        return html("<p class=error>Identifiants incorrects</p>")
    kept = web.token(("between", login))
    return html(
        "<h1>Votre mot de passe a expiré</h1><form action=/search><input name=q></form>"
        f"<form id=renew method=post action=/entre/passer>{hidden(kept=kept)}<input type=password name=new>"
        "<input type=password name=confirm><button name=go value=now>Changer</button>"
        f"<button name=later value=yes>Plus tard</button></form><a id=skip href='/entre/passer?kept={kept}'>Passer</a>"
    )


@web.on("GET", "/entre/passer")
def between_skipped(asked):
    made = web.take(asked.query.get("kept", ""))
    return html(LANDED.format(made[1])) if made else html("<h1>Votre mot de passe a expiré</h1><form id=renew></form>")


@web.on("POST", "/entre/passer")
def between_passed(asked):
    form = asked.form
    made = web.take(form.get("kept", ""))
    same = form.get("new") == form.get("confirm") == PASSWORD
    if made and made[1] != "encore" and (same or form.get("later") == "yes" or form.get("accept") == "on"):
        return html(LANDED.format(made[1]))
    return html("<h1>Votre mot de passe a expiré</h1><form id=renew method=post><input type=password name=new></form>")


# -- OpenID Connect ------------------------------------------------------------------------------------------------


@web.on("GET", "/oidc/authorize")
def authorize(asked):
    asks = asked.query
    if asks.get("client_id") != "app":
        return html("unauthorized_client", 400)
    if not asks.get("code_challenge") or asks.get("code_challenge_method") != "S256":
        return to(f"{asks['redirect_uri']}?error=invalid_request&state={asks['state']}")
    kept = web.token(("authorize", asks))
    return html(f"<form method=post action=/oidc/login>{hidden(asked=kept)}<input name=u type=email>"
                "<input type=password name=p></form>")  # fmt: skip


@web.on("POST", "/oidc/login")
def oidc_login(asked):
    asks = web.kept[asked.form["asked"]][1]
    if trouble(asked.form["u"]):
        return trouble(asked.form["u"])
    if asked.form["p"] != PASSWORD:
        return html("<p>Invalid credentials</p><form method=post><input name=u><input type=password name=p></form>")
    code = web.token(("code", asks, asked.form["u"]))
    if asks.get("response_mode") == "form_post":
        return html(f"<form method=post action='{asks['redirect_uri']}'>{hidden(code=code, state=asks['state'])}</form>"
                    "<script>document.forms[0].submit()</script>")  # fmt: skip
    return to(f"{asks['redirect_uri']}?{urlencode({'code': code, 'state': asks['state']})}")


def _tokens(login, seconds=3600):
    access, refresh = web.token(("access", login)), web.token(("refresh", login))
    return js({"access_token": access, "refresh_token": refresh, "expires_in": seconds, "token_type": "Bearer"})


@web.on("POST", "/oidc/token")
def token(asked):
    form = asked.form
    made = web.take(form.get("code") or form.get("refresh_token") or "")
    if form["grant_type"] == "refresh_token":
        return _tokens(made[1]) if made and made[0] == "refresh" else js({"error": "invalid_grant"}, 400)
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    if not made or base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != made[1]["code_challenge"]:
        return js({"error": "invalid_grant"}, 400)
    if made[2] == "quota":
        return js({"error": "quota_overflow"}, 509)
    return _tokens(made[2], seconds=0 if made[2] == "bref" else 3600)


@web.on("GET", "/api/moi")
def me(asked):
    made = web.kept.get(asked.headers.get("authorization", "").removeprefix("Bearer "))
    return js({"login": made[1]}) if made and made[0] == "access" else js({"error": "unauthorized"}, 401)


@web.on("POST", "/bearer/token")
def password_grant(asked):
    form = asked.form
    if form["grant_type"] == "refresh_token":
        return token(asked)
    if form["password"] != PASSWORD:
        return js({"error": "invalid_grant"}, 400)
    if form["username"] == "plein":
        return js({"error": "quota_overflow"}, 509)
    return _tokens(form["username"], seconds=0 if form["username"] == "bref" else 3600)


# -- SAML: a service, and what stands in for ÉduConnect ------------------------------------------------------------


@web.on("GET", "/sp/")
def service_provider(asked):
    if landed(asked):
        return landed(asked)
    request = base64.b64encode(b"<samlp:AuthnRequest/>").decode()
    return html(f"<form method=post action=/idp/sso>{hidden(SAMLRequest=request, RelayState='/sp/')}</form>")


@web.on("POST", "/idp/sso")
def provider(asked):
    relay = asked.form["RelayState"]
    return html(f"<p>Je suis</p><a class=eleve href='/idp/form?relay={relay}&who=eleve'>Élève</a>"
                f"<form action=/idp/form>{hidden(relay=relay)}<button id=parent name=who value=parent>Parent</button>"
                "</form>")  # fmt: skip


@web.on("GET", "/idp/form")
def provider_form(asked):
    fields = hidden(relay=asked.query["relay"], who=asked.query["who"], execution=web.token("e1s1"))
    return html(f"<form method=post action=/idp/login>{fields}<input name=j_username>"
                "<input name=j_password type=password><button name=_eventId_proceed>OK</button></form>")  # fmt: skip


@web.on("POST", "/idp/login")
def provider_login(asked):
    form = asked.form
    if web.take(form["execution"]) != "e1s1" or "_eventId_proceed" not in form:
        return html("Votre session a expiré", 400)
    if trouble(form["j_username"]):
        return trouble(form["j_username"])
    if form["j_password"] != PASSWORD:
        return html("Identifiant ou mot de passe incorrect")
    assertion = web.token(("assertion", f"{form['who']} {form['j_username']}"))
    response = base64.b64encode(assertion.encode()).decode()
    return html(f"<form method=post action=/sp/acs>{hidden(SAMLResponse=response, RelayState=form['relay'])}</form>")


@web.on("POST", "/sp/acs")
def consumer(asked):
    made = web.take(base64.b64decode(asked.form["SAMLResponse"]).decode())
    return to(asked.form["RelayState"], opened(made[1])) if made else html("assertion déjà consommée", 403)


# -- forms and APIs of one's own -----------------------------------------------------------------------------------


@web.on("GET", "/form/")
def own_form(asked):
    if landed(asked):
        return landed(asked)
    once = web.token("meta")
    page = html(f"<meta name=csrf-token content={once}><form method=post action=/form/><input name=identifiant>"
                "<input name=secret type=password></form>")  # fmt: skip
    page.cookies = ["XSRF=biscuit; Path=/"]
    return page


@web.on("POST", "/form/")
def own_submit(asked):
    if web.take(asked.headers.get("x-csrf-token", "")) != "meta" and asked.form.get("_xsrf") != "biscuit":
        return html("CSRF token mismatch", 419)
    if trouble(asked.form["identifiant"]):
        return trouble(asked.form["identifiant"])
    if asked.form["secret"] != PASSWORD:
        return to("/form/?error=1")
    return to("/form/", opened(asked.form["identifiant"]))


@web.on("GET", "/app/")
def application(asked):
    return landed(asked) or html("<div id=root></div>", 200, cookies=["XSRF-TOKEN=biscuit; Path=/"])


@web.on("POST", "/app/session")
def json_session(asked):
    if asked.headers.get("x-xsrf-token") != "biscuit":
        return js({"error": "csrf token mismatch"}, 403)
    given = asked.json or {}
    if given.get("login") == "plein":
        return js({"error": "too many users"}, 200)
    if given.get("password") != PASSWORD:
        return js({"user": None, "error": "Identifiants invalides"})
    return js({"user": {"name": given["login"]}}, cookies=[opened(given["login"])])


@web.on("GET", "/ailleurs")
def elsewhere(asked):
    return Answer("", 302, {"Location": "/ailleurs"})


if __name__ == "__main__":
    web.serve()

"""Answers as entcore does: login that renders a page for a wrong password, tooload.html with 200, XSRF, JSON APIs."""

import json
import re
from urllib.request import urlopen

from web import Web, html, js, to

web = Web()
LOGIN = "<div ng-controller=LoginController></div><script src=/public/login.js></script>"
web.mails, web.documents, web.sessions = {}, {}, set()


def who(asked):
    return web.kept.get(asked.cookies.get("oneSessionId", ""))


def signed_on(function):
    """As entcore: a page leads to the login, an API says 401."""

    def wrapped(asked):
        if who(asked) is None:
            return js({"error": "unauthorized"}, 401) if asked.method != "GET" else to("/auth/login")
        if asked.method != "GET" and asked.headers.get("x-xsrf-token") != "xsrf-1":
            return js({"error": "xsrf"}, 403)
        return function(asked)

    return wrapped


@web.on("GET", "/auth/login")
def form(asked):
    limit = web.kept.get("limit", 0)
    if web.kept.get("full") or 0 < limit < len(web.sessions):
        return html("<h1>Vous êtes très nombreux à vouloir accéder à l'ENT</h1><p>Merci d'attendre 3 minutes</p>")
    return html(LOGIN)


@web.on("POST", "/auth/login")
def submit(asked):
    if asked.form.get("password") != "juste" or "callBack" not in asked.form:
        return html(LOGIN)
    token = web.token(asked.form["email"])
    web.sessions.add(token)
    cookies = [f"oneSessionId={token}; Path=/; HttpOnly", "authenticated=true; Path=/", "XSRF-TOKEN=xsrf-1; Path=/"]
    return to("/timeline/timeline", *cookies)


@web.on("PUT", "/stub/full/(yes|no)")
def full(asked):
    web.kept["full"] = asked.groups[0] == "yes"
    return js({})


@web.on("PUT", "/stub/read-limit")
def read_limit(asked):
    """What the auth module does every five minutes with its `session-limit-config`."""
    with urlopen(f"{asked.json['uri']}/session/limit", timeout=5) as answer:
        web.kept["limit"] = json.load(answer)[asked.json["platform"]]
    return js({"limit": web.kept["limit"]})


@web.on("GET", "/auth/oauth2/userinfo")
@signed_on
def userinfo(asked):
    children = {"enfant-1": {"lastName": "TEST"}} if who(asked).startswith("parent") else {}
    return js({"userId": f"id-{who(asked)}", "structures": ["ecole-1"], "children": children})


@web.on("GET", "/(timeline/timeline|conversation/conversation|diary|workspace/workspace|viescolaire)")
@signed_on
def page(asked):
    return html("<script src=/public/app.js></script><link rel=stylesheet href='/public/theme.css'><my-app></my-app>")


@web.on("GET", r"/public/\w+\.(js|css)")
def asset(asked):
    found = html("x" * 500)
    found.headers["Cache-Control"] = "max-age=3600"
    return found


@web.on("GET", "/(timeline/flashmsg/listuser|applications-list|theme|timeline/lastNotifications)")
@signed_on
def calls(asked):
    return js({"results": [], "type": asked.query.get("type", "")})


@web.on("GET", "/conversation/list/INBOX")
@signed_on
def inbox(asked):
    return js([{"id": "accueil", "subject": "Bienvenue"}])


@web.on("GET", "/conversation/count/INBOX")
@signed_on
def count(asked):
    return js({"count": 1})


@web.on("GET", "/conversation/message/(.+)")
@signed_on
def message(asked):
    return js({"id": asked.groups[0], "body": "<p>bonjour</p>"})


@web.on("POST", "/conversation/draft")
@signed_on
def draft(asked):
    identity = web.token("draft")
    web.mails[identity] = asked.json
    return js({"id": identity}, 201)


@web.on("POST", "/conversation/send")
@signed_on
def send(asked):
    sent = web.mails.get(asked.query.get("id", ""))
    if sent is None or asked.json["to"] != [f"id-{who(asked)}"]:
        return js({"error": "unknown"}, 400)
    return js({"sent": 1})


@web.on("PUT", "/conversation/(trash|delete)")
@signed_on
def bin_(asked):
    if asked.groups[0] == "delete":
        for each in asked.json["id"]:
            web.mails.pop(each, None)
    return js({})


@web.on("GET", r"/diary/(homeworks|sessions)/own/(\d{4}-\d\d-\d\d)/(\d{4}-\d\d-\d\d)/ecole-1")
@signed_on
def own(asked):
    return js([]) if not who(asked).startswith("parent") else js({"error": "forbidden"}, 401)


@web.on("GET", r"/diary/(homeworks|sessions)/child/(\d{4}-\d\d-\d\d)/(\d{4}-\d\d-\d\d)/enfant-1/ecole-1")
@signed_on
def childs(asked):
    return js([])


@web.on("GET", "/workspace/documents")
@signed_on
def documents(asked):
    return js([{"_id": each} for each in web.documents])


@web.on("POST", "/workspace/document")
@signed_on
def upload(asked):
    identity = web.token("document")
    web.documents[identity] = asked.files["file"]
    return js({"_id": identity}, 201)


@web.on("DELETE", "/workspace/document/(.+)")
@signed_on
def delete(asked):
    return js({}, 200 if web.documents.pop(asked.groups[0], None) else 404)


@web.on("GET", "/competences/devoirs")
@signed_on
def marks(asked):
    return js([]) if asked.query.get("idEtablissement") == "ecole-1" else js({}, 400)


@web.on("GET", "/presences/students/(.+)/events")
@signed_on
def absences(asked):
    mine = {f"id-{who(asked)}", "enfant-1"}
    return js({"all": []}) if re.sub("^$", "?", asked.groups[0]) in mine else js({}, 401)


@web.on("GET", "/stub/left")
def left(asked):
    return js({"things": len(web.mails) + len(web.documents)})


if __name__ == "__main__":
    web.serve()

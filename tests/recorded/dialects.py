"""One visit, as each of the programs writes it down that people record with."""

import base64
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote_plus, urlsplit

ENT = "https://ent.example.org"
PASSWORD, LOGIN, TICKET, XSRF, CSRF = "Ma!son9", "lea.martin@example.org", "s3ss10nQz81", "x5rfTok3nA1", "k9F+a/b2Tz=="
FORM = "application/x-www-form-urlencoded"
PIXEL = base64.b64decode("R0lGODlhAQABAAAAACw=")


@dataclass
class Exchange:
    """A request and its answer; bodies as they went over the wire."""

    method: str
    url: str
    role: str
    status: int = 200
    kind: str = "text/html; charset=utf-8"
    body: bytes = b""
    sent: str = ""
    sent_kind: str = ""
    headers: dict = field(default_factory=dict)
    answer: dict = field(default_factory=dict)


HEAD = "<html><head><link rel=stylesheet href=/t.css></head>"
FORM_PAGE = f"{HEAD}<form method=post><input name=u type=email><input type=password name=p></form>"
HOME = f"{HEAD}<a href='/deconnexion'>Déconnexion</a><a href='/messagerie/'>Messagerie</a></html>"
WRITE = f"{HEAD}<a href='/deconnexion'>x</a><form><input type=hidden name=jeton value='{CSRF}'></form>"
COOKIES = {"Cookie": f"SESSION={TICKET}; XSRF-TOKEN={XSRF}"}

VISIT = [
    Exchange("GET", f"{ENT}/portail", "document", 302, answer={"Location": "/connexion?profil=eleve"}),
    Exchange("GET", f"{ENT}/connexion?profil=eleve", "document", body=FORM_PAGE.encode()),
    Exchange("GET", f"{ENT}/t.css", "stylesheet", kind="text/css", body=b"a{}"),
    Exchange("GET", "https://mesure.example.net/px.gif", "image", kind="image/gif", body=PIXEL),
    Exchange("POST", f"{ENT}/connexion", "document", 302, sent=f"u={quote_plus(LOGIN)}&p={quote_plus(PASSWORD)}",
             sent_kind=FORM,
             answer={"Location": f"{ENT}/accueil", "Set-Cookie": f"SESSION={TICKET}\nXSRF-TOKEN={XSRF}"}),
    Exchange("GET", f"{ENT}/accueil", "document", body=HOME.encode(), headers=COOKIES),
    Exchange("GET", f"{ENT}/messagerie/", "document", 304, headers=COOKIES),
    Exchange("GET", f"{ENT}/messagerie/api/liste?dossier=re%C3%A7us&vide", "xhr", kind="application/json",
             body=b'[{"id": "m-48213"}]', headers={**COOKIES, "X-Requested-With": "XMLHttpRequest"}),
    Exchange("OPTIONS", f"{ENT}/messagerie/api/lu", "preflight", 204, kind=""),
    Exchange("PUT", f"{ENT}/messagerie/api/lu", "xhr", kind="application/json", body=b"{}",
             sent_kind="application/json", sent='{"id":"m-48213","quand":null}',
             headers={**COOKIES, "X-XSRF-TOKEN": XSRF}),
    Exchange("GET", f"{ENT}/messagerie/nouveau", "document", body=WRITE.encode(), headers=COOKIES),
    Exchange("POST", f"{ENT}/messagerie/envoi", "document", body=HOME.encode(), sent_kind=FORM, headers=COOKIES,
             sent=f"jeton={quote_plus(CSRF)}&a=12&a=34&texte=Bonjour+%C3%A0+tous"),
]  # fmt: skip


def decoded(text: str) -> list[dict]:
    """Fields as Firefox lists them."""
    return [{"name": name, "value": value} for name, value in parse_qsl(text, keep_blank_values=True)]


def listed(one: Exchange) -> list[dict]:
    return decoded(one.sent) if one.sent_kind == FORM else []


def encoded(text: str) -> list[dict]:
    """Fields as Chrome lists them."""
    return [dict(zip(("name", "value"), piece.partition("=")[::2], strict=True)) for piece in text.split("&")]


def pairs(headers: dict, *, without: tuple = ()) -> list[dict]:
    return [{"name": name, "value": value} for name, value in headers.items() if name.lower() not in without]


def content(one: Exchange, *, all_in_base64: bool = False) -> dict:
    binary = all_in_base64 or one.kind.startswith("image/")
    text = base64.b64encode(one.body).decode() if binary else one.body.decode()
    return {"size": len(one.body), "mimeType": one.kind, "text": text, **({"encoding": "base64"} if binary else {})}


def whole(creator: str, entries: list[dict], **more: object) -> dict:
    return {
        "log": {"version": "1.2", "creator": {"name": creator, "version": "1"}, "pages": [], "entries": entries, **more}
    }


def chrome(*, sensitive: bool = True) -> dict:
    """Chrome, Edge: encoded params, kinds of resources; without sensitive data no cookie and no Authorization."""
    hidden = () if sensitive else ("cookie", "set-cookie", "authorization")
    entries = []
    for n, one in enumerate(VISIT):
        posted = {"mimeType": one.sent_kind, "text": one.sent}
        if one.sent_kind == FORM:
            posted["params"] = encoded(one.sent)
        asked = {":authority": urlsplit(one.url).netloc, "sec-fetch-dest": "empty" if one.role == "xhr" else one.role}
        entries.append({
            "_initiator": {"type": "other"}, "_priority": "VeryHigh", "_resourceType": one.role, "pageref": "page_1",
            "startedDateTime": f"2026-01-12T10:00:{n:02}.{n}00Z", "time": 12.5,
            "request": {"method": one.method, "url": one.url, "httpVersion": "h2", "cookies": [], "queryString": [],
                        "headers": pairs({**asked, **{k.lower(): v for k, v in one.headers.items()}}, without=hidden),
                        **({"postData": posted} if one.sent else {})},
            "response": {"status": one.status, "headers": pairs(one.answer, without=hidden), "cookies": [],
                         "content": content(one), "redirectURL": one.answer.get("Location", "")},
        })  # fmt: skip
    return whole("WebInspector", entries)


def firefox() -> dict:
    """Firefox: decoded params beside the text, no kinds of resources, times with an offset."""
    entries = []
    for n, one in enumerate(VISIT):
        posted = {"mimeType": one.sent_kind, "params": listed(one), "text": one.sent}
        entries.append({
            "startedDateTime": f"2026-01-12T11:00:{n:02}.100+01:00", "pageref": "page_1", "_securityState": "secure",
            "request": {"bodySize": len(one.sent), "method": one.method, "url": one.url, "httpVersion": "HTTP/2",
                        "headers": pairs(one.headers), "cookies": [], "queryString": [],
                        **({"postData": posted} if one.sent else {})},
            "response": {"status": one.status, "headers": pairs(one.answer), "cookies": [], "content": content(one),
                         "redirectURL": one.answer.get("Location", "")},
        })  # fmt: skip
    entries.append({"startedDateTime": "2026-01-12T11:00:40.100+01:00", "request": {"method": "GET", "url": f"{ENT}/x"},
                    "response": {"status": 0, "headers": [], "content": {}}})  # fmt: skip
    return whole("Firefox", entries, browser={"name": "Firefox", "version": "140.0"})


def safari() -> dict:
    """Safari: where a redirect leads stands in `redirectURL` alone, posted text has no list of fields."""
    entries = []
    for n, one in enumerate(VISIT):
        posted = {"mimeType": one.sent_kind, "text": one.sent}
        entries.append({
            "startedDateTime": f"2026-01-12T10:00:{n:02}.{n:03}Z", "_fetchType": "Network Load", "_priority": "high",
            "request": {"method": one.method, "url": one.url, "httpVersion": "", "headers": pairs(one.headers),
                        "cookies": [], **({"postData": posted} if one.sent else {})},
            "response": {"status": one.status, "headers": pairs(one.answer, without=("location",)), "cookies": [],
                         "content": content(one), "redirectURL": one.answer.get("Location", "")},
        })  # fmt: skip
    return whole("WebKit Web Inspector", entries)


def charles() -> dict:
    """Charles: ports that go without saying are said, fields without the text, every content in base64, tunnels."""
    entries = [{"startedDateTime": "2026-01-12T10:59:59.000+01:00", "response": {"status": 200, "content": {}},
                "request": {"method": "CONNECT", "url": "https://ent.example.org:443", "headers": []}}]  # fmt: skip
    for n, one in enumerate(VISIT):
        posted = {"mimeType": one.sent_kind}
        posted |= {"params": decoded(one.sent)} if one.sent_kind == FORM else {"text": one.sent}
        entries.append({
            "startedDateTime": f"2026-01-12T11:00:{n:02}.000+01:00", "_charlesStatus": "COMPLETE",
            "request": {"method": one.method, "url": one.url.replace(".org/", ".org:443/"),
                        "headers": pairs(one.headers),
                        "cookies": [], **({"postData": posted} if one.sent else {})},
            "response": {"status": one.status, "headers": pairs(one.answer),
                         "content": content(one, all_in_base64=True)},
        })  # fmt: skip
    return whole("Charles Proxy", entries)


def fiddler() -> dict:
    """Fiddler: seven digits of a second, tunnels, statuses as they come, comments."""
    entries = [{"startedDateTime": "2026-01-12T10:59:59.0000000+01:00", "response": {"status": 200, "content": {}},
                "request": {"method": "CONNECT", "url": "http://ent.example.org:443", "headers": []}}]  # fmt: skip
    for n, one in enumerate(VISIT):
        posted = {"mimeType": one.sent_kind, "text": one.sent, "params": listed(one)}
        entries.append({
            "startedDateTime": f"2026-01-12T11:00:{n:02}.1234567+01:00", "comment": f"[#{n}]",
            "request": {"method": one.method, "url": one.url, "headers": pairs(one.headers),
                        **({"postData": posted} if one.sent else {})},
            "response": {"status": one.status, "headers": pairs({**one.answer, "Content-Type": one.kind}),
                         "content": {**content(one), "mimeType": one.kind.partition(";")[0]}},
        })  # fmt: skip
    return whole("Fiddler", entries)


def playwright(folder) -> dict:
    """Playwright: contents in files beside, `_resourceType` left empty, params decoded."""
    entries = []
    for n, one in enumerate(VISIT):
        name = f"{n:040x}.bin"
        (folder / name).write_bytes(one.body)
        posted = {"mimeType": one.sent_kind, "text": one.sent, "params": listed(one)}
        entries.append({
            "startedDateTime": f"2026-01-12T10:00:{n:02}.000Z", "_monotonicTime": n * 1000.5, "_frameref": "frame@1",
            "request": {"method": one.method, "url": one.url, "headers": pairs(one.headers),
                        **({"postData": posted} if one.sent else {})},
            "response": {"status": one.status, "headers": pairs(one.answer),
                         "redirectURL": one.answer.get("Location", ""),
                         "content": {"size": -1, "mimeType": one.kind, "_file": name}},
        })  # fmt: skip
    return whole("Playwright", entries, browser={"name": "chromium", "version": "140.0"})


def mitmproxy() -> dict:
    """mitmproxy: microseconds, cookies listed, kinds of resources that are null, in the order in which answers came."""
    entries = []
    for n, one in enumerate(VISIT):
        posted = {"mimeType": one.sent_kind, "text": one.sent, "params": listed(one)}
        entries.append({
            "startedDateTime": f"2026-01-12T10:00:{n:02}.123456+00:00", "_resourceType": None,
            "request": {"method": one.method, "url": one.url, "headers": pairs(one.headers), "cookies": [],
                        **({"postData": posted} if one.sent else {})},
            "response": {"status": one.status, "headers": pairs(one.answer), "cookies": [], "content": content(one),
                         "redirectURL": one.answer.get("Location", "")},
        })  # fmt: skip
    return whole("mitmproxy", entries[::-1])

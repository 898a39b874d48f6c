"""Finds the sign-on in a recorded visit: the step that sent a password, and the table that does it again."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from entsurge.recorded import json_text
from entsurge.recorded.address import literal, plain
from entsurge.recorded.harmless import harmless
from entsurge.recorded.json_text import Number
from entsurge.recorded.secrets_of import sent
from entsurge.recorded.sensitive import by_look, secret_name
from entsurge.recorded.step import address, path_of

if TYPE_CHECKING:
    from entsurge.recorded.secrets_of import Secrets
    from entsurge.recorded.step import Step
    from entsurge.recorded.values import Values

LOGIN = re.compile(r"user|login|mail|identifi|account|uid|name|compte", re.IGNORECASE)
TOKEN = re.compile(r"(?:csrf|xsrf)", re.IGNORECASE)
_KEY = re.compile(r"[A-Za-z_]\w*")
SERVICE = re.compile(r"[?&]service=[^&#]*")


@dataclass(frozen=True)
class Found:
    """The sign-on: the step that sent the password (-1: none), who it was, and whose fields they are."""

    step: int
    login: str = ""
    password: str = field(default="", repr=False)
    login_field: str = ""
    password_field: str = ""
    shown: int = -1  # the step that showed the form


def found(steps: list[Step], secrets: Secrets) -> Found:
    """The step that signed somebody on: the first that sends a password and is not answered by the form again."""
    sending = [n for n, step in enumerate(steps) if step.method == "POST" and _password(step, secrets)]
    if not sending:
        return Found(-1)
    index = next((n for n in sending if not steps[n].facts.asks_password and steps[n].status < 400), sending[-1])
    step = steps[index]
    password_field, password = _password(step, secrets) or ("", "")
    shown = next((n for n in range(index - 1, -1, -1) if steps[n].facts.asks_password), -1)
    hidden = steps[shown].facts.hidden if shown >= 0 else set()
    typed = [(name, value) for name, value in sent(step) if name not in hidden and name not in secrets.password_names]
    login_field, login = _login(typed)
    if not login:
        earlier = (pair for each in reversed(steps[:index]) if each.method == "POST" for pair in sent(each))
        login = next((value for name, value in earlier if LOGIN.search(name) and value), "")
    return Found(index, login, password, login_field, password_field, shown)


def _password(step: Step, secrets: Secrets) -> tuple[str, str] | None:
    return next(((name, value) for name, value in sent(step) if name in secrets.password_names and value), None)


def _login(typed: list[tuple[str, str]]) -> tuple[str, str]:
    """The field that says who it is: by its name, else the first that says anything but a constant."""
    named = next((pair for pair in typed if LOGIN.search(pair[0]) and pair[1]), None)
    told = next((pair for pair in typed if pair[1] and not harmless(*pair)), ("", ""))
    return named or told


def sends_password(step: Step, secrets: Secrets) -> bool:
    """Whether a step sends a password: to sign on, or to change it."""
    return step.method != "GET" and _password(step, secrets) is not None


class SignOn:
    """The `[sign_on]` table of a visit, and what is doubtful about it."""

    def __init__(self, steps: list[Step], signed: Found, values: Values, root: str) -> None:
        self.steps, self.signed, self.values, self.root = steps, signed, values, root
        self.step = steps[signed.step]
        self.notes: list[str] = []

    def table(self) -> dict[str, Any]:
        """A method with its options; empty where none can do what was recorded."""
        signed, shown = self.signed, self.signed.shown
        if self.step.sent.kind.endswith("json") or self.step.sent.text.lstrip().startswith("{"):
            return self._session()
        fields: dict[str, Any] = {"login_field": signed.login_field, "password_field": signed.password_field}
        fields = {name: each for name, each in fields.items() if each and not by_look(each)}
        if shown < 0:
            return {"method": "form", **self._drawn_by_script(), **fields}
        if "/cas/login" in path_of(self.steps[shown].landed) + path_of(self.step.url):
            if shown == 0:
                return {"method": "cas", **fields}
            url = self._address(SERVICE.sub("", self.steps[shown].landed).replace("login&", "login?"), shown)
            return {"method": "cas", "login_url": url, **fields} if url else {"method": "cas", **fields}
        url = self._address(self.steps[shown].landed, shown)
        if not url:
            self.notes.append("sign_on.login_url: left out, for secrets stand in it: the door must lead to the form")
        return {"method": "form", **({"login_url": url} if url else {}), **fields}

    @property
    def service(self) -> str:
        """The address that a CAS was asked to come back to; empty for none."""
        shown = self.signed.shown
        found = SERVICE.search(self.steps[shown].landed) if shown >= 0 else None
        return unquote(found[0].partition("=")[2]) if found else ""

    def _address(self, url: str, n: int) -> str:
        """An address with its query; empty where it cannot be written down whole."""
        text = plain(url, n, self.values, self.root)
        path = address(url)[2] or "/"
        whole = "?" in text or not address(url)[3].strip("?")
        return literal(text) if whole and "{login}" not in text and (text != "/" or path == "/") else ""

    def _drawn_by_script(self) -> dict[str, Any]:
        """A form that no page shows: where it goes, and what goes with it, stand in the file."""
        before = next((n for n in range(self.signed.step - 1, -1, -1) if self.steps[n].is_document), -1)
        made: dict[str, Any] = {}
        page = self._address(self.steps[before].landed, before) if before >= 0 else ""
        goes = self._address(self.step.url, self.signed.step)
        goes = goes or self._address(self.step.url.partition("?")[0], self.signed.step)
        if page:
            made["login_url"] = page
        if goes:
            made["action"] = goes
        typed = {self.signed.login_field, self.signed.password_field}
        extra = {name: value for name, value in sent(self.step)
                 if name not in typed and harmless(name, value) and not secret_name(name, value)}  # fmt: skip
        left = [name for name, _ in sent(self.step) if name not in typed and name not in extra]
        if left:
            self.notes.append(
                f"sign_on: {len(left)} fields beside login and password were left out: say them in extra_fields"
            )
        return {**made, **({"extra_fields": extra} if extra else {})}

    def _session(self) -> dict[str, Any]:
        """A session that an API opens."""
        try:
            given = json_text.read(self.step.sent.text)
        except ValueError:
            given = None
        signed, url = self.signed, self._address(self.step.url, self.signed.step)
        if not isinstance(given, dict) or signed.password_field not in given or not url:
            self.notes.append("the sign-on sends its password in a way that no method knows: write [sign_on] by hand")
            return {}
        keys = _keys(self.step.body)
        made: dict[str, Any] = {
            "method": "json-session", "url": url, "login_key": signed.login_field or "username",
            "password_key": signed.password_field, "ok": f"$.{keys[0]}" if keys else "$.user",
        }  # fmt: skip
        self.notes.append("sign_on.ok: say what a successful answer holds and a refusal does not")
        extra = {name: value for name, value in given.items()
                 if name not in (signed.login_field, signed.password_field) and _extra(name, value)}  # fmt: skip
        if extra:
            made["extra"] = {name: int(value) if isinstance(value, Number) else value for name, value in extra.items()}
        return {**made, **self._bearer(), **self._double_submit()}

    def _bearer(self) -> dict[str, str]:
        """Where the answer shows the token that later requests bear."""
        borne = {step.headers.get("authorization", "")[7:] for step in self.steps[self.signed.step + 1 :]
                 if step.headers.get("authorization", "").lower().startswith("bearer ")}  # fmt: skip
        for key in _keys(self.step.body):
            if str(json_text.read(self.step.body).get(key)) in borne:
                return {"token": f"$.{key}"}
        if borne:
            self.notes.append(
                "sign_on.token: requests bear a token that the sign-on's answer does not show: say where it is"
            )
        return {}

    def _double_submit(self) -> dict[str, str]:
        """A cookie that goes back in a header."""
        for name, value in self.step.headers.items():
            cookies = {
                **self.step.sent_cookies,
                **{k: v for each in self.steps[: self.signed.step] for k, v in each.cookies.items()},
            }
            cookie = next((key for key, given in cookies.items() if given == value and TOKEN.search(key)), "")
            if TOKEN.search(name) and cookie:
                return {"csrf_cookie": cookie, "csrf_header": name}
        return {}


def _extra(name: str, value: Any) -> bool:
    """Whether what goes with login and password may stand in a file."""
    if isinstance(value, Number):
        return value.isdigit() and len(value) <= 6 and not secret_name(name, str(value))
    return isinstance(value, bool) or (
        isinstance(value, str) and harmless(name, value) and not secret_name(name, value)
    )


def _keys(body: str) -> list[str]:
    """The names in a JSON answer that say something, in its order."""
    try:
        value = json_text.read(body)
    except ValueError:
        return []
    told = value.items() if isinstance(value, dict) else ()
    return [key for key, each in told if _KEY.fullmatch(key) and each is not None and not by_look(key)]

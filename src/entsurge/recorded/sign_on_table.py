"""The `[sign_on]` table of a recorded visit: a method with its options, and what is doubtful about it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from entsurge.recorded import json_text
from entsurge.recorded.address import literal, plain
from entsurge.recorded.harmless import harmless
from entsurge.recorded.json_text import Number
from entsurge.recorded.secrets_of import sent
from entsurge.recorded.sensitive import by_look, harmless_name, secret_name
from entsurge.recorded.step import address, path_of
from entsurge.signon.forms import login_form

if TYPE_CHECKING:
    from entsurge.recorded.page_facts import Control
    from entsurge.recorded.signing import Found
    from entsurge.recorded.step import Step
    from entsurge.recorded.values import Values

Table = dict[str, Any]
TOKEN = re.compile(r"csrf|xsrf|requestverification", re.IGNORECASE)
SERVICE = re.compile(r"[?&]service=[^&#]*")
_KEY = re.compile(r"[A-Za-z_]\w*")


class SignOnTable:
    """Made from the step that signed somebody on, and from the page that showed the form."""

    def __init__(self, steps: list[Step], signed: Found, values: Values, root: str) -> None:
        self.steps, self.signed, self.values, self.root = steps, signed, values, root
        self.step = steps[signed.step]
        self.shown = steps[signed.shown] if signed.shown >= 0 else None
        self.notes: list[str] = []

    def table(self) -> Table:
        """A method with its options; empty where none can do what was recorded."""
        if self.step.sent.kind.endswith("json") or self.step.sent.text.lstrip().startswith("{"):
            return self._session()
        named = {"login_field": self.signed.login_field, "password_field": self.signed.password_field}
        fields = {name: each for name, each in named.items() if harmless_name(each)}
        if self.shown is None:
            return {"method": "form", **self._drawn_by_script(), **fields, **self._csrf()}
        if "/cas/login" in path_of(self.shown.landed) + path_of(self.step.url):
            return {"method": "cas", **self._without_service(), **fields, **self._chosen()}
        url = self._address(self.shown.landed, self.signed.shown)
        if not url:
            self.notes.append("sign_on.login_url: left out, for secrets stand in it: the door must lead to the form")
        return {"method": "form", **({"login_url": url} if url else {}), **fields, **self._chosen(), **self._csrf()}

    @property
    def service(self) -> str:
        """The address that a CAS was asked to come back to; empty for none."""
        found = SERVICE.search(self.shown.landed) if self.shown is not None else None
        return unquote(found[0].partition("=")[2]) if found else ""

    def _address(self, url: str, n: int) -> str:
        """An address with its query; empty where it cannot be written down whole."""
        text = plain(url, n, self.values, self.root)
        whole = "?" in text or not address(url)[3].strip("?")
        return literal(text) if whole and "{login}" not in text and (text != "/" or path_of(url) == "/") else ""

    # -- forms -----------------------------------------------------------------------------------------------------

    def _without_service(self) -> Table:
        """Where a CAS is asked, unless the door leads there; the method says by itself where it is to lead back."""
        if self.shown is None or self.signed.shown == 0:
            return {}
        url = SERVICE.sub("", self.shown.landed)
        url = self._address(url if "?" in url else url.replace("&", "?", 1), self.signed.shown)
        return {"login_url": url} if url else {}

    def _drawn_by_script(self) -> Table:
        """A form that no page shows: where it goes, and what goes with it, stand in the file."""
        made: Table = {}
        before = next((n for n in range(self.signed.step - 1, -1, -1) if self.steps[n].is_document), -1)
        page = self._address(self.steps[before].landed, before) if before >= 0 else ""
        if page:
            made["login_url"] = page
        goes = self._address(self.step.url, self.signed.step)
        goes = goes or self._address(self.step.url.partition("?")[0], self.signed.step)
        if goes:
            made["action"] = goes
        typed = {self.signed.login_field, self.signed.password_field}
        others = [(name, value) for name, value in sent(self.step) if name not in typed and not TOKEN.search(name)]
        extra = {name: value for name, value in others if harmless(name, value) and not secret_name(name, value)}
        left = [name for name, _ in others if name not in extra]
        if left:
            self.notes.append(f"sign_on: {len(left)} fields beside login and password: say them in extra_fields")
        return {**made, **({"extra_fields": extra} if extra else {})}

    def _chosen(self) -> Table:
        """What was chosen or ticked beside login and password: fields that were sent unlike the form has them."""
        shown = login_form(self.values.origins.answer(self.signed.shown).answer)
        if shown is None or self.shown is None:
            return {}
        own, typed = shown.filled({}), {self.signed.login_field, *self.values.secrets.password_names}
        offered = {(each.name, each.value) for each in self.shown.facts.controls if _is_choice(each)}
        extra: dict[str, str] = {}
        for name, value in sent(self.step):
            if name in typed or TOKEN.search(name) or own.get(name) == value or not harmless_name(name):
                continue
            public = (name, value) in offered and not by_look(value)
            if (public or harmless(name, value)) and not secret_name(name, value):
                extra[name] = value
            else:
                self.notes.append(f"sign_on.extra_fields: {name}: sent unlike the form has it: say its value there")
        return {"extra_fields": extra} if extra else {}

    def _csrf(self) -> Table:
        """A token against forged requests that no hidden field brings: where it stands, and how it goes back."""
        hidden = self.shown.facts.hidden if self.shown is not None else set()
        given = [("header", name, value) for name, value in self.step.headers.items() if TOKEN.search(name)]
        given += [("field", name, value) for name, value in self.step.sent.fields
                  if TOKEN.search(name) and name not in hidden]  # fmt: skip
        for where, name, value in given:
            source = self._source(value)
            if source:
                return {"csrf": {**source, where: name}}
        if given:
            self.notes.append(f"sign_on.csrf: {given[0][1]}: nothing recorded shows where its value is from")
        return {}

    def _source(self, value: str) -> Table:
        """The cookie or the meta tag that holds a token."""
        cookies = {name: each for step in self.steps[: self.signed.step] for name, each in step.cookies.items()}
        cookie = next((name for name, each in {**self.step.sent_cookies, **cookies}.items() if each == value), "")
        if cookie and harmless_name(cookie):
            return {"cookie": cookie}
        metas = self.shown.facts.controls if self.shown is not None else ()
        found = next((each.name for each in metas if each.tag == "meta" and each.value == value), "")
        return {"meta": found} if re.fullmatch(r"[\w.:-]+", found) else {}

    # -- an API ----------------------------------------------------------------------------------------------------

    def _session(self) -> Table:
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
        made: Table = {
            "method": "json-session", "url": url, "login_key": signed.login_field or "username",
            "password_key": signed.password_field, "ok": f"$.{keys[0]}" if keys else "$.user",
        }  # fmt: skip
        self.notes.append("sign_on.ok: say what a successful answer holds and a refusal does not")
        typed = (signed.login_field, signed.password_field)
        extra = {name: int(value) if isinstance(value, Number) else value for name, value in given.items()
                 if name not in typed and _extra(name, value)}  # fmt: skip
        return {**made, **({"extra": extra} if extra else {}), **self._bearer(), **self._double_submit()}

    def _bearer(self) -> Table:
        """Where the answer shows the token that later requests bear."""
        heads = (step.headers.get("authorization", "") for step in self.steps[self.signed.step + 1 :])
        borne = {head[7:] for head in heads if head.lower().startswith("bearer ")}
        for key in _keys(self.step.body):
            if str(json_text.read(self.step.body).get(key)) in borne:
                return {"token": f"$.{key}"}
        if borne:
            self.notes.append("sign_on.token: requests bear a token that the sign-on does not show: say where it is")
        return {}

    def _double_submit(self) -> Table:
        """A cookie that goes back in a header, and the page that sets it."""
        found = self._csrf().get("csrf", {})
        if "cookie" not in found or "header" not in found:
            return {}
        setting = (n for n in range(self.signed.step) if found["cookie"] in self.steps[n].cookies)
        before = next((url for n in setting if (url := self._address(self.steps[n].url, n))), "")
        return {
            **({"before": before} if before else {}),
            "csrf_cookie": found["cookie"], "csrf_header": found["header"],
        }  # fmt: skip


def _is_choice(control: Control) -> bool:
    """Whether a control offers one value of several to whoever signs on."""
    return control.tag in ("option", "button") or control.kind in ("radio", "checkbox", "submit")


def _extra(name: str, value: Any) -> bool:
    """Whether what goes with login and password may stand in a file."""
    if isinstance(value, Number):
        return value.isdigit() and len(value) <= 6 and not secret_name(name, str(value))
    if isinstance(value, str):
        return harmless(name, value) and not secret_name(name, value)
    return isinstance(value, bool)


def _keys(body: str) -> list[str]:
    """The names in a JSON answer that say something, in its order."""
    try:
        value = json_text.read(body)
    except ValueError:
        return []
    told = value.items() if isinstance(value, dict) else ()
    return [key for key, each in told if _KEY.fullmatch(key) and each is not None and not by_look(key)]

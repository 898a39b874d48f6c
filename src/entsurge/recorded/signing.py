"""Finds the sign-on in a recorded visit, and the signs that somebody is signed on."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from entsurge.recorded.har import Step

PASSWORD = re.compile(r"pass|pwd|mdp|motdepasse|secret", re.IGNORECASE)
LOGIN = re.compile(r"user|login|mail|identifi|account|uid|name", re.IGNORECASE)
WAY_OUT = r"logout|logoff|signout|sign_out|deconnexion|disconnect"
LOGOUT = re.compile(rf"""<a\b[^>]*\bhref=["']([^"']*(?:{WAY_OUT})[^"']*)""", re.IGNORECASE)
HIDDEN_NAME = re.compile(r"""<input\b(?=[^>]*type=["']?hidden)[^>]*\bname=["']?([^"'\s>]+)""", re.IGNORECASE)
PASSWORD_FIELD = re.compile(r"""<input\b[^>]*type=["']?password""", re.IGNORECASE)


@dataclass(frozen=True)
class Found:
    """The sign-on: the step that sent the password (-1: none), what was sent, and the table that does it again."""

    step: int
    login: str = ""
    password: str = field(default="", repr=False)
    table: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def found(steps: list[Step]) -> Found:
    """The first step that sends a password, and how."""
    index = next((n for n, step in enumerate(steps) if _sends_password(step)), -1)
    if index < 0:
        return Found(-1, notes=("no sign-on was found in the recording: add [sign_on], or record from before it",))
    step = steps[index]
    fields = sent_fields(step)
    secret = next(name for name in fields if PASSWORD.search(name))
    shown = next((each for each in reversed(steps[:index]) if PASSWORD_FIELD.search(each.body)), None)
    hidden = set(HIDDEN_NAME.findall(shown.body)) if shown is not None else set()
    typed = [name for name in fields if name not in hidden and not PASSWORD.search(name)]
    login = next((name for name in typed if LOGIN.search(name)), typed[0] if typed else "")
    notes: tuple[str, ...] = ()
    if step.sent_kind.startswith("application/json"):
        keys = _keys(step.body)
        table = {"method": "json-session", "url": urlsplit(step.url).path or "/", "login_key": login or "username",
                 "password_key": secret, "ok": f"$.{keys[0]}" if keys else "$.user"}  # fmt: skip
        notes = ("sign_on.ok: say what a successful answer holds and a refusal does not",)
    elif shown is not None and "/cas/login" in urlsplit(shown.url).path + urlsplit(step.url).path:
        table = {"method": "cas", "login_field": login, "password_field": secret}
    else:
        address = urlsplit((shown or step).url).path or "/"
        table = {"method": "form", "login_url": address, "login_field": login, "password_field": secret}
    return Found(index, fields.get(login, ""), fields[secret], table, notes)


def signs(steps: list[Step], sign_on: int, notes: list[str]) -> dict[str, Any]:
    """Signs by a link to sign off, which only those have who are signed on; a guess is said to be one."""
    landed = steps[max(sign_on, 0)]
    later = [landed, *[step for step in steps[sign_on + 1 :] if step.is_document]]
    shows = next((step for step in later if LOGOUT.search(step.body)), None)
    link = LOGOUT.search(shows.body) if shows is not None else None
    if shows is None or link is None:
        notes.append("signs.signed_on: no link to sign off was seen; name something only members see")
        made: dict[str, Any] = {"signed_on": [{"regex": "(?i)logout|déconnexion|se déconnecter"}]}
    else:
        word = re.search(WAY_OUT, link[1], re.IGNORECASE)
        made = {"signed_on": [{"css": f'a[href*="{word[0] if word else "logout"}"]'}]}
        if shows is not landed:
            made["check"] = quote(urlsplit(shows.url).path or "/")
    if not any(PASSWORD_FIELD.search(step.body) for step in later):
        made["signed_out"] = [{"css": 'input[type="password"]'}]
    return made


def sent_fields(step: Step) -> dict[str, str]:
    """What a step sends as names and texts, in a form or in JSON."""
    if step.form or not step.sent_kind.startswith("application/json"):
        return step.form
    try:
        value = json.loads(step.sent)
    except (ValueError, RecursionError):
        return {}
    return {name: each for name, each in value.items() if isinstance(each, str)} if isinstance(value, dict) else {}


def _sends_password(step: Step) -> bool:
    return step.method == "POST" and any(PASSWORD.search(name) for name in sent_fields(step))


def _keys(body: str) -> list[str]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return []
    return [key for key in value if re.fullmatch(r"[A-Za-z_]\w*", key)] if isinstance(value, dict) else []

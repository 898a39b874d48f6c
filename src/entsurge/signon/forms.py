"""HTML forms as a browser sees them: fields with their values, hidden ones whatever their names, where they go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from entsurge.client.failure import ProtocolBroken
from entsurge.client.url import joined, split
from entsurge.selectors import document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsurge.client.response import Response

SILENT = frozenset({"submit", "button", "image", "reset", "file"})
LOGIN_KINDS = frozenset({"text", "email", "tel", ""})
NAMED_LIKE_A_LOGIN = ("username", "login", "user", "email", "identifiant", "j_username", "uid", "account")


@dataclass(slots=True)
class Form:
    """One form of a page: where it goes, how, and what it sends if nothing is typed."""

    action: str
    method: str
    fields: dict[str, str]
    login_field: str = ""
    password_field: str = ""
    multipart: bool = False
    identity: str = ""
    submits: dict[str, str] = field(default_factory=dict)

    def filled(self, given: Mapping[str, str]) -> dict[str, str]:
        """What is sent with these values typed in, the first named button pressed."""
        pressed = dict(list(self.submits.items())[:1])
        return {**self.fields, **pressed, **given}


def forms(answer: Response) -> list[Form]:
    """Every form of a page, in its order; empty for what is no page."""
    tree = document(answer)
    if tree is None:
        return []
    base = tree.find(".//base")
    root = _resolved(answer.url, base.get("href") or "", answer.url) if base is not None else answer.url
    return [_form(element, root) for element in tree.iter("form")]


def form_around(answer: Response, element: Any) -> Form | None:
    """The form that a button stands in."""
    found = next(element.iterancestors("form"), None)
    return None if found is None else _form(found, answer.url)


def _form(element: Any, root: str) -> Form:
    made = Form(
        action=_resolved(root, element.get("action") or "", element.get("action") or root),
        method=(element.get("method") or "get").upper(),
        fields={},
        multipart=(element.get("enctype") or "").lower().startswith("multipart/"),
        identity=element.get("id") or element.get("name") or "",
    )
    for control in element.iter("input", "select", "textarea", "button"):
        name = control.get("name")
        if control.tag == "button" or (control.tag == "input" and (control.get("type") or "").lower() in SILENT):
            if name and (control.get("type") or "submit").lower() == "submit":
                made.submits.setdefault(name, control.get("value") or "")
        elif name and control.get("disabled") is None:
            _field(made, control, name)
    return made


def _resolved(base: str, reference: str, otherwise: str) -> str:
    """The address that a page means; a broken one breaks the page only for who follows it."""
    try:
        found = joined(base, reference)
        split(found)
    except ProtocolBroken:
        return otherwise
    return found


def _field(made: Form, control: Any, name: str) -> None:
    kind = (control.get("type") or "").lower() if control.tag == "input" else control.tag
    if kind in ("checkbox", "radio"):
        if control.get("checked") is not None:
            made.fields[name] = control.get("value") or "on"
        return
    made.fields[name] = _value(control)
    if kind == "password" and not made.password_field:
        made.password_field = name
    elif kind in LOGIN_KINDS and (not made.login_field or _like_a_login(name, made.login_field)):
        made.login_field = name


def _like_a_login(name: str, before: str) -> bool:
    return name.lower() in NAMED_LIKE_A_LOGIN and before.lower() not in NAMED_LIKE_A_LOGIN


def _value(control: Any) -> str:
    if control.tag == "textarea":
        return control.text or ""
    if control.tag == "select":
        options = list(control.iter("option"))
        chosen = next((each for each in options if each.get("selected") is not None), options[0] if options else None)
        if chosen is None:
            return ""
        return chosen.get("value") if chosen.get("value") is not None else (chosen.text or "")
    return control.get("value") or ""


def login_form(answer: Response) -> Form | None:
    """The form with a password field, if the page has one."""
    if b"password" not in answer.body.lower():  # a page is parsed only when something can be in it
        return None
    return next((each for each in forms(answer) if each.password_field), None)


def carrier(answer: Response, *names: str) -> Form | None:
    """The form that a page posts by itself (SAML, form_post): the one that holds one of these fields."""
    if not any(name.encode() in answer.body for name in names):
        return None
    return next((each for each in forms(answer) if any(name in each.fields for name in names)), None)

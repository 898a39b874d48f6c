"""Signs that somebody is signed on, from what recorded pages show and only members see; a guess is said to be one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from entsurge.recorded.address import plain
from entsurge.recorded.step import address, path_of, same

if TYPE_CHECKING:
    from entsurge.recorded.step import Step
    from entsurge.recorded.values import Values

WAY_OUT = re.compile(r"logout|logoff|log_out|signout|sign_out|deconnexion|disconnect", re.IGNORECASE)
WORDS = re.compile(
    r"logout|log out|sign out|d(?:é|&eacute;|\\u00e9|e)connexion|se d(?:é|&eacute;|e)connecter", re.IGNORECASE
)
GUESS = "(?i)logout|déconnexion|se déconnecter"
_ID = re.compile(r"[A-Za-z][A-Za-z_-]{2,40}")


def signs(steps: list[Step], sign_on: int, values: Values, root: str) -> dict[str, Any]:
    """The `[signs]` table: a link to sign off, words of one, the page's address, an element new to it, or a guess."""
    landed = steps[max(sign_on, 0)]
    later = [landed, *(step for step in steps[sign_on + 1 :] if step.is_document and step.status < 400)]
    made = _signed_on(sign_on, later, values, root)
    if not any(step.facts.asks_password for step in later):
        made["signed_out"] = [{"css": 'input[type="password"]'}]
    return made


def _signed_on(sign_on: int, later: list[Step], values: Values, root: str) -> dict[str, Any]:
    landed = later[0]
    for step in later:
        where = _where(step, landed, values, root)
        link = _way_out(step) if where is not None else ""
        if link:
            return {"signed_on": [{"css": link}], **({"check": where} if where else {})}
    values.notes["signs.signed_on: no link to sign off was seen; name something only members see"] = None
    if WORDS.search(landed.body):
        return {"signed_on": [{"regex": GUESS}]}
    path = address(landed.landed)[2]
    if same(landed.landed) != same(landed.url) and path not in ("", "/") and _plain_path(landed, values, root) == path:
        return {"signed_on": [{"url": f"^https?://[^/]+{re.escape(path)}"}]}
    before = {each for step in values.steps[:sign_on] for each in step.facts.ids}
    for step in later if sign_on >= 0 else ():
        where = _where(step, landed, values, root)
        called = next((each for each in step.facts.ids if each not in before and _names(each, values)), "")
        if called and where is not None:
            return {"signed_on": [{"css": f"#{called}"}], **({"check": where} if where else {})}
    return {"signed_on": [{"regex": GUESS}]}


def _names(called: str, values: Values) -> bool:
    """Whether the id of an element is a name, and nobody's."""
    return _ID.fullmatch(called) is not None and not values.secrets.hide(called)


def _where(step: Step, landed: Step, values: Values, root: str) -> str | None:
    """Where a sign is looked for: nowhere but where the sign-on ends; at this address; None where it cannot be said."""
    if step is landed:
        return ""
    where = plain(step.landed, 0, values, root)
    return where if where != "/" or path_of(step.landed) == "/" else None


def _plain_path(step: Step, values: Values, root: str) -> str:
    return plain(step.landed, 0, values, root).partition("?")[0]


def _way_out(step: Step) -> str:
    """A selector of what leads to signing off; empty for none."""
    for attribute, link in step.facts.links:
        found = WAY_OUT.search(link)
        if found:
            tag = "form" if attribute == "action" else "a"
            return f'{tag}[{attribute}*="{found[0]}"]'
    return ""

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


def signs(steps: list[Step], sign_on: int, values: Values, root: str) -> dict[str, Any]:
    """The `[signs]` table: a link to sign off, else words of one, else the address of the page, else a guess."""
    landed = steps[max(sign_on, 0)]
    later = [landed, *(step for step in steps[sign_on + 1 :] if step.is_document and step.status < 400)]
    made = _signed_on(landed, later, values, root)
    if not any(step.facts.asks_password for step in later):
        made["signed_out"] = [{"css": 'input[type="password"]'}]
    return made


def _signed_on(landed: Step, later: list[Step], values: Values, root: str) -> dict[str, Any]:
    for step in later:
        link = _way_out(step)
        where = "" if step is landed else plain(step.landed, 0, values, root)
        if link and (step is landed or where != "/" or path_of(step.landed) == "/"):
            return {"signed_on": [{"css": link}], **({"check": where} if step is not landed else {})}
    values.notes["signs.signed_on: no link to sign off was seen; name something only members see"] = None
    if WORDS.search(landed.body):
        return {"signed_on": [{"regex": GUESS}]}
    path = address(landed.landed)[2]
    where = plain(landed.landed, 0, values, root).partition("?")[0]
    if same(landed.landed) != same(landed.url) and path not in ("", "/") and where == path:
        return {"signed_on": [{"url": f"^https?://[^/]+{re.escape(path)}"}]}
    return {"signed_on": [{"regex": GUESS}]}


def _way_out(step: Step) -> str:
    """A selector of what leads to signing off; empty for none."""
    for attribute, link in step.facts.links:
        found = WAY_OUT.search(link)
        if found:
            tag = "form" if attribute == "action" else "a"
            return f'{tag}[{attribute}*="{found[0]}"]'
    return ""

"""Bearer tokens of one visitor: asked for, sent, refreshed before they expire."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from entsurge.signon.walk import FORM, Walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsurge.visit.response import Response
    from entsurge.visit.visitor import Visitor

MEMORY = "tokens"
EARLY_SECONDS = 5.0
NO_EXPIRY = float("inf")


@dataclass(slots=True)
class Tokens:
    """What a token endpoint gave; `until` in monotonic seconds. How to ask for the next ones stands beside them."""

    access: str = field(repr=False)
    refresh: str = field(repr=False, default="")
    until: float = NO_EXPIRY
    endpoint: str = ""
    client: Mapping[str, str] = field(repr=False, default_factory=dict)


def keep(memory: dict[str, Any], answer: Response, endpoint: str, client: Mapping[str, str]) -> Tokens | None:
    """Keep the tokens of an OAuth 2 answer in a visitor's memory; none when it holds none."""
    given = value_of(answer)
    access = given.get("access_token") if isinstance(given, dict) else None
    if not isinstance(access, str) or not access:
        return None
    seconds = given.get("expires_in")
    until = monotonic() + float(seconds) if isinstance(seconds, (int, float)) else NO_EXPIRY
    before = memory.get(MEMORY)
    refresh = given.get("refresh_token") or (before.refresh if isinstance(before, Tokens) else "")
    memory[MEMORY] = Tokens(access, str(refresh), until, endpoint, client)
    return memory[MEMORY]  # type: ignore[no-any-return]


def value_of(answer: Response) -> Any:
    """The JSON of an answer; None when it is none."""
    try:
        return json.loads(answer.body)
    except ValueError:
        return None


def authorization(visitor: Visitor, now: float | None = None) -> dict[str, str]:
    """The header that a request of this visitor carries, refreshed first if it is about to expire; none without."""
    tokens = visitor.memory.get(MEMORY)
    if not isinstance(tokens, Tokens):
        return {}
    late = (monotonic() if now is None else now) >= tokens.until - EARLY_SECONDS
    if late and tokens.refresh:
        tokens = refreshed(visitor, tokens)
    return {"Authorization": f"Bearer {tokens.access}"}


def refreshed(visitor: Visitor, tokens: Tokens) -> Tokens:
    """New tokens for the refresh token; the old ones when the server will not."""
    fields = {"grant_type": "refresh_token", "refresh_token": tokens.refresh, **tokens.client}
    answer = Walk(visitor).once("POST", tokens.endpoint, "refresh", headers=FORM, body=urlencode(fields).encode())
    return keep(visitor.memory, answer, tokens.endpoint, tokens.client) or tokens

"""Bearer tokens of one visitor: asked for, sent, refreshed before they expire."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from entsurge.signon.flow import FORM, Flow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsurge.client.response import Response
    from entsurge.visit.session import Memory, Session

EARLY_SECONDS = 5.0
NO_EXPIRY = float("inf")


@dataclass(slots=True)
class Tokens:
    """What a token endpoint gave; `access` is empty before, `until` in monotonic seconds.

    How to ask for the next ones stands beside them.
    """

    access: str = field(repr=False, default="")
    refresh: str = field(repr=False, default="")
    until: float = NO_EXPIRY
    endpoint: str = ""
    client: Mapping[str, str] = field(repr=False, default_factory=dict)


def keep(memory: Memory, answer: Response, endpoint: str, client: Mapping[str, str]) -> Tokens | None:
    """Keep the tokens of an OAuth 2 answer in a visitor's memory; none when it holds none."""
    given = value_of(answer)
    access = given.get("access_token") if isinstance(given, dict) else None
    if not isinstance(access, str) or not access:
        return None
    seconds = given.get("expires_in")
    until = monotonic() + float(seconds) if isinstance(seconds, (int, float)) else NO_EXPIRY
    refresh = given.get("refresh_token") or memory.of(Tokens).refresh
    kept = Tokens(access, str(refresh), until, endpoint, client)
    memory.keep(kept)
    return kept


def value_of(answer: Response) -> Any:
    """The JSON of an answer; None when it is none."""
    try:
        return json.loads(answer.body)
    except ValueError:
        return None


def authorization(session: Session, now: float | None = None) -> dict[str, str]:
    """The header that a request of this visitor carries, refreshed first if it is about to expire; none without."""
    tokens = session.memory.of(Tokens)
    if not tokens.access:
        return {}
    late = (monotonic() if now is None else now) >= tokens.until - EARLY_SECONDS
    if late and tokens.refresh:
        tokens = refreshed(session, tokens)
    return {"Authorization": f"Bearer {tokens.access}"}


def refreshed(session: Session, tokens: Tokens) -> Tokens:
    """New tokens for the refresh token; the old ones when the server will not."""
    fields = {"grant_type": "refresh_token", "refresh_token": tokens.refresh, **tokens.client}
    answer = Flow(session).once("POST", tokens.endpoint, "refresh", headers=FORM, body=urlencode(fields).encode())
    return keep(session.memory, answer, tokens.endpoint, tokens.client) or tokens

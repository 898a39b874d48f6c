"""Takes secrets and personal details out of what is kept as an example."""

from __future__ import annotations

import re
from typing import Any

HIDDEN = "•••"
SECRET_HEADERS = frozenset({"authorization", "cookie", "set-cookie", "x-csrf-token", "proxy-authorization"})
_SECRET_PAIR = re.compile(
    r"(?i)\b(ticket|password|passwd|mot_de_passe|token|access_token|refresh_token|id_token|code|execution|lt|csrf|"
    r"samlresponse|samlrequest|session|secret|jwt|sceau)(=|%3D|\"\s*:\s*\"|:\s)([^&\s\"'<>;]+)"
)
_TICKET = re.compile(r"\b(ST|TGT|PT)-[A-Za-z0-9._-]{6,}")
_HIDDEN_FIELD = re.compile(r"(?i)(<(?:input|meta)\b[^>]*?(?:value|content)=[\"'])([^\"']{12,})([\"'])")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
EXCERPT = 2000


def redact_text(text: str) -> str:
    """The text without tickets, tokens, passwords and addresses, cut to a length that can be read."""
    text = _TICKET.sub(lambda found: f"{found[1]}-{HIDDEN}", text[: 4 * EXCERPT])
    text = _SECRET_PAIR.sub(lambda found: f"{found[1]}{found[2]}{HIDDEN}", text)
    text = _HIDDEN_FIELD.sub(lambda found: f"{found[1]}{HIDDEN}{found[3]}", text)
    return _EMAIL.sub(HIDDEN, text)[:EXCERPT]


def redact(value: Any, name: str = "") -> Any:
    """The same structure with every text redacted and secret headers hidden."""
    if isinstance(value, dict):
        return {key: redact(item, str(key)) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [redact(item, name) for item in value]
    if isinstance(value, str):
        return HIDDEN if name.lower() in SECRET_HEADERS else redact_text(value)
    return value

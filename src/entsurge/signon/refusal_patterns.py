"""The signs by which a refusal is told from a sign-on: words in pages, statuses, headers; French and English."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from entsurge.client.edge_refusal import refused_by
from entsurge.signon.method import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from entsurge.client.response import Response

FULL = (
    "très nombreux", "forte affluence", "trop d’utilisateurs", "trop d'utilisateurs", "quota_overflow",
    "réservé aux élèves et aux enseignants", "réservé aux parents", "too many users", "waiting room",
)  # fmt: skip
WRONG_PASSWORD = (
    "incorrect", "invalid_grant", "invalid credentials", "identifiants invalides", "bad credentials",
    "mot de passe erroné", "invalid login", "authentication failed", "échec de l’authentification",
    "échec de l'authentification", "invalid username or password",
)  # fmt: skip
SERVICE_REFUSED = (
    "service non autorisé", "application non autorisée", "not authorized to use cas", "unauthorized_client",
    "service access denied", "invalid_service", "redirect_uri", "unauthorized service",
)  # fmt: skip
FORM_EXPIRED = ("a expiré", "has expired", "csrf token mismatch", "jeton invalide", "token expired")
FULL_STATUSES = frozenset({429, 509})  # a bare 503 is a failure: nobody was put off on purpose


@dataclass(frozen=True)
class RefusalPatterns:
    """What an ENT's answers say when they refuse; each list replaces the known words, compared without case.

    `proof` says whether an answer shows that the visitor is signed on; such a page is no refusal, whatever its words.
    """

    full: tuple[str, ...] = FULL
    wrong_password: tuple[str, ...] = WRONG_PASSWORD
    service_refused: tuple[str, ...] = SERVICE_REFUSED
    form_expired: tuple[str, ...] = FORM_EXPIRED
    full_statuses: frozenset[int] = FULL_STATUSES
    proof: Callable[[Response], bool] | None = None

    @cached_property
    def _full(self) -> re.Pattern[str]:
        return _any(self.full)

    @cached_property
    def _after_submit(self) -> tuple[tuple[re.Pattern[str], Refusal], ...]:
        return (
            (_any(self.form_expired), Refusal.FORM_EXPIRED),
            (_any(self.wrong_password), Refusal.WRONG_PASSWORD),
        )

    @cached_property
    def _service(self) -> re.Pattern[str]:
        return _any(self.service_refused)

    def refusal(self, answer: Response) -> Refusal | None:
        """What any answer on the way may say: an edge, a full house, a service refused, an error."""
        if answer.redirects_to:
            return None
        if refused_by(answer):
            return Refusal.EDGE
        if answer.status in self.full_statuses:
            return Refusal.FULL
        return self._of_error(answer) if answer.status >= 400 else self._of_page(answer)

    def _of_error(self, answer: Response) -> Refusal:
        text = words(answer)
        if self._service.search(text):
            return Refusal.SERVICE_REFUSED
        if self._full.search(text):
            return Refusal.FULL
        return (self.rejected(answer) if answer.status < 500 else None) or Refusal.ERROR

    def _of_page(self, answer: Response) -> Refusal | None:
        text = words(answer)
        waits = self._full.search(text) and not _PASSWORD.search(text) and not self.proved(answer)
        return Refusal.FULL if waits else None

    def proved(self, answer: Response) -> bool:
        """Whether the answer shows that the visitor is signed on; never, where there is no proof to look for."""
        return self.proof is not None and self.proof(answer)

    def rejected(self, answer: Response) -> Refusal | None:
        """What the answer to credentials may say: a form that has expired, a wrong password."""
        text = words(answer)
        return next((refusal for pattern, refusal in self._after_submit if pattern.search(text)), None)


def words(answer: Response) -> str:
    """What a person reads, in lower case: scripts and styles are no words of a page."""
    kind = answer.headers.get("content-type")
    if kind and not kind.startswith(("text/", "application/json", "application/xhtml", "application/problem")):
        return ""
    text = answer.text.lower()
    return _UNREAD.sub(" ", text) if "<s" in text else text


_PASSWORD = re.compile(r"""<input\b[^>]*\btype=["']?password""")  # who may try a password stands in no waiting room
_UNREAD = re.compile(r"<(script|style)\b.*?</\1\s*>", re.DOTALL)


def _any(texts: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(text.lower()) for text in texts) or r"(?!)")

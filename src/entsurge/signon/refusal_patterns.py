"""The signs by which a refusal is told from a sign-on: words in pages, statuses, headers; French and English."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from entsurge.client.edge_refusal import refused_by
from entsurge.phrases import anchor, folded
from entsurge.signon.method import Refusal
from entsurge.signs import ParsedAnswer, Sign, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from entsurge.client.response import Response

FULL = (
    "très nombreux", "forte affluence", "trop d'utilisateurs", "quota_overflow",
    "réservé aux élèves et aux enseignants", "réservé aux parents", "too many users", "waiting room",
)  # fmt: skip
WRONG_PASSWORD = (
    "incorrect", "invalid_grant", "invalid credentials", "identifiants invalides", "bad credentials",
    "mot de passe erroné", "invalid login", "authentication failed", "échec de l'authentification",
    "invalid username or password", "cannot be determined to be authentic", "n'ont pas permis de vous authentifier",
)  # fmt: skip
SERVICE_REFUSED = (
    "service non autorisé", "application non autorisée", "not authorized to use cas", "unauthorized_client",
    "service access denied", "invalid_service", "redirect_uri", "unauthorized service",
)  # fmt: skip
FORM_EXPIRED = ("a expiré", "has expired", "csrf token mismatch", "jeton invalide", "token expired")
FULL_STATUSES = frozenset({429, 509})  # a bare 503 is a failure: nobody was put off on purpose


class Reading:
    """One answer as it is looked at for words: folded and in lower case, made when it is first asked for."""

    def __init__(self, answer: Response) -> None:
        self.answer, self.parsed = answer, ParsedAnswer(answer)

    @cached_property
    def words(self) -> str:
        """What the answer says, attributes of its elements included: scripts and styles are no words of a page."""
        return folded(self.raw)

    @cached_property
    def read(self) -> str:
        """What a person reads of a page; nothing of what is no page."""
        return folded(_TAG.sub(" ", self.raw)) if "<" in self.raw else ""

    @cached_property
    def asks_password(self) -> bool:
        """Whether a password may be tried here: who may try one stands in no waiting room."""
        return "password" in self.raw and _PASSWORD.search(self.raw) is not None

    @cached_property
    def raw(self) -> str:
        """The answer in lower case, without scripts and styles; empty for what says nothing."""
        kind = self.answer.headers.get("content-type")
        if kind and not kind.startswith(("text/", "application/json", "application/xhtml", "application/problem")):
            return ""
        text = self.answer.text
        if "json" in kind and "\\u" in text:
            text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
        text = text.lower()
        return _without_scripts(text) if "<s" in text else text


@dataclass(frozen=True)
class Wording:
    """How an ENT says one thing: any of these words, or signs. `own` where an operator wrote them.

    The known words are guesses, and count where a person would expect them. An operator's own are facts: they count
    wherever they stand, in an attribute too (`trmsg="5"`), and whatever the status.
    """

    words: tuple[str | Sign, ...]
    own: bool = False

    @cached_property
    def _anchored(self) -> tuple[tuple[str, str], ...]:
        """Each word as it is compared, after the part of it that no escaping changes."""
        folds = (folded(each).lower() for each in self.words if isinstance(each, str))
        return tuple((anchor(each), each) for each in folds)

    @cached_property
    def signs(self) -> tuple[Sign, ...]:
        """What is no word."""
        return tuple(each for each in self.words if isinstance(each, Sign))

    def said(self, reading: Reading) -> bool:
        """Whether an answer says it, by words or by a sign."""
        return any(each in reading.words for each in self._likely(reading)) or shown(self.signs, reading.parsed)

    def read(self, reading: Reading) -> bool:
        """Whether a person reads one of the words in a page."""
        return any(each in reading.words and each in reading.read for each in self._likely(reading))

    def _likely(self, reading: Reading) -> list[str]:
        """The words that may be said: nearly every page has none, and is not unescaped."""
        return [each for part, each in self._anchored if part in reading.raw]


@dataclass(frozen=True)
class RefusalPatterns:
    """What an ENT's answers say when they refuse; words are compared without case, as people read them.

    `proof` says whether an answer shows that the visitor is signed on; such a page is no refusal, whatever its words.
    """

    full: Wording = Wording(FULL)
    wrong_password: Wording = Wording(WRONG_PASSWORD)
    service_refused: Wording = Wording(SERVICE_REFUSED)
    form_expired: Wording = Wording(FORM_EXPIRED)
    full_statuses: frozenset[int] = FULL_STATUSES
    proof: Callable[[Response], bool] | None = None

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
        reading = Reading(answer)
        if self.service_refused.said(reading):
            return Refusal.SERVICE_REFUSED
        if self.full.said(reading):
            return Refusal.FULL
        return self._rejected(reading, own=answer.status >= 500) or Refusal.ERROR

    def _of_page(self, answer: Response) -> Refusal | None:
        """A page with 200 may refuse as well, unless it is the one that was wanted."""
        reading, found = Reading(answer), None
        if self._refuses_service(reading):
            found = Refusal.SERVICE_REFUSED
        elif self.full.said(reading) and not reading.asks_password:
            found = Refusal.FULL
        return None if found is None or self.proved(answer) else found

    def _refuses_service(self, page: Reading) -> bool:
        if self.service_refused.own:
            return self.service_refused.said(page)
        return self.service_refused.read(page) and not page.asks_password

    def proved(self, answer: Response) -> bool:
        """Whether the answer shows that the visitor is signed on; never, where there is no proof to look for."""
        return self.proof is not None and self.proof(answer)

    def rejected(self, answer: Response, *, own: bool = False) -> Refusal | None:
        """What the answer to credentials may say: a form that has expired, a wrong password.

        With `own` only an operator's words count: the known ones may stand in any page.
        """
        return self._rejected(Reading(answer), own=own)

    def _rejected(self, reading: Reading, *, own: bool) -> Refusal | None:
        known = ((self.form_expired, Refusal.FORM_EXPIRED), (self.wrong_password, Refusal.WRONG_PASSWORD))
        return next((refusal for wording, refusal in known if (wording.own or not own) and wording.said(reading)), None)


_PASSWORD = re.compile(r"""<input\b[^<>]*\btype\s*=\s*["']?password""")
_TAG = re.compile(r"<[^<>]*>")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_OPENS = re.compile(r"<(script|style)\b")


def _without_scripts(page: str) -> str:
    """A page without its scripts and styles, in one pass; what is never closed goes on to the end, as in a browser."""
    parts, at = [], 0
    for found in _OPENS.finditer(page):
        if found.start() < at:
            continue
        parts.append(page[at : found.start()])
        at = page.find(f"</{found[1]}", found.end())
        if at < 0:
            return " ".join(parts)
    return " ".join((*parts, page[at:]))

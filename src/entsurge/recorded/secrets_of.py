"""What a visit's recording must not give away: who signed on, passwords, tokens, cookies; found in all of its steps."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, unquote

from entsurge.recorded import json_text
from entsurge.recorded.sensitive import PASSWORD, drawn, secret_name, worth_tracing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from entsurge.recorded.step import Step

SHORTEST = 4  # a secret shorter than this may be a part of any word
CREDENTIALS = re.compile(r"(?:Bearer|Basic|Token|Digest|Negotiate)\s+(\S+)", re.IGNORECASE)
_LETTERS = re.compile(r"[\W_]+")
_BREAK = re.compile(r"[\W_]")


class Secrets:
    """Values that are never written, and the names of the fields in which passwords are typed.

    `login` and `password` are those of the sign-on, once it is known; `people` the words of names that were shown.
    """

    def __init__(self, steps: Iterable[Step]) -> None:
        steps = list(steps)
        typed = {name for step in steps for name in step.facts.passwords}
        self.password_names = typed | {name for step in steps for name, _ in sent(step) if PASSWORD.search(name)}
        self.login = self.password = ""
        self.people: frozenset[str] = frozenset()  # folded words of people's names
        self._values = {value for step in steps for value in self._of(step)}

    def know(self, login: str, password: str) -> None:
        """Take in who signed on."""
        self.login, self.password = login, password
        self._values |= {each for each in (login if _telling(login) else "", password) if len(each) >= SHORTEST}

    def hide(self, text: str) -> bool:
        """Whether a text may not be written, for a secret is in it, in whatever way it is encoded."""
        if not text:
            return False
        if text == self.password:
            return True
        plain = unquote(text, errors="replace")
        if self._holds(text) or (plain != text and self._holds(plain)):
            return True
        return _telling(self.login) and _plain(self.login) in _plain(plain)

    def _holds(self, text: str) -> bool:
        """Whether a secret is in a text; one that is a word only as a word."""
        words = _BREAK.split(text)
        return any(value in (words if value.isalpha() else text) for value in self._values)

    def ways(self) -> Iterator[str]:
        """Every secret in each way in which it may stand in a text."""
        for value in self._values:
            yield from {value, quote(value, safe="", errors="replace"), quote_plus(value, errors="replace")}

    def _of(self, step: Step) -> Iterator[str]:
        for name, value in sent(step):
            if value and (name in self.password_names or drawn(value)) and len(value) >= SHORTEST:
                yield value
        for value in (*step.cookies.values(), *step.sent_cookies.values()):
            if worth_tracing(value) and not value.isdigit():
                yield value
        for name, value in step.headers.items():
            if name in ("authorization", "proxy-authorization"):
                yield from _credentials(value)
            elif secret_name(name, value) and worth_tracing(value):
                yield value


def sent(step: Step) -> list[tuple[str, str]]:
    """What a step sends as names and texts: in a form, or anywhere in JSON."""
    if step.sent.fields or not step.sent.text:
        return step.sent.fields
    return texts_of(step.sent.text)


def texts_of(text: str) -> list[tuple[str, str]]:
    """The texts in JSON, each with the name of its member; none for what is no JSON."""
    try:
        return list(_texts(json_text.read(text), ""))
    except ValueError:
        return []


def _texts(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _texts(each, key)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each, name)
    elif isinstance(value, str):
        yield name, str(value)


def _credentials(value: str) -> Iterator[str]:
    """What an Authorization header holds: a token, or a name and a password."""
    found = CREDENTIALS.search(value)
    if found is None:
        yield from (value,) if len(value) >= SHORTEST else ()
        return
    if len(found[1]) >= SHORTEST:
        yield found[1]
    try:
        plain = base64.b64decode(found[1], validate=True).decode()
    except (binascii.Error, ValueError):
        return
    yield from (each for each in plain.split(":") if len(each) >= 6)


def _telling(login: str) -> bool:
    """Whether a login is somebody's, and no word that any address may hold."""
    return len(_plain(login)) >= 6 or (len(login) >= SHORTEST and not login.isalpha())


def _plain(text: str) -> str:
    """Letters and digits alone: `alix.martin` is in `/profil/Alix-Martin`."""
    return _LETTERS.sub("", text).lower()

r"""Words looked for in answers, however they are written there: entities, JSON's escapes, charsets, apostrophes.

Products write one phrase in many ways. PHP escapes the apostrophe as `&#039;`, Django as `&#x27;`, an editor makes it
typographic; a non-breaking space stands before French punctuation; JSON says `\u00e9`; old pages are in Latin-1.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape
from html.entities import html5

_ALIKE = {"'": "'’ʼ", " ": " \xa0\u202f"}
_LETTERS = re.compile(r"[A-Za-z0-9]+")  # what no product escapes


def folded(text: str) -> str:
    """The text with its entities undone; apostrophes are straight and spaces plain."""
    if "&" in text:
        text = unescape(text)
    if not text.isascii():
        for one, others in _ALIKE.items():
            for other in others[1:]:
                text = text.replace(other, one)
    return text


def anchor(text: str) -> str:
    """The longest run of letters and digits in a text, which is written in one way only; empty for none."""
    return max(_LETTERS.findall(text), key=len, default="")


class Phrase:
    """A phrase to be found in bodies as they came: neither decoded nor unescaped, which would cost more than the page.

    A body is first searched for the phrase's anchor; the expression that knows every way of writing the rest is for
    bodies that hold it.
    """

    __slots__ = ("_anchor", "_pattern")

    def __init__(self, text: str) -> None:
        text = folded(text)
        self._anchor = anchor(text).encode()
        whole = self._anchor == text.encode()
        self._pattern = None if whole else re.compile(b"".join(_written(each) for each in text))

    def within(self, body: bytes) -> bool:
        """Whether a body says it; case counts."""
        return self._anchor in body and (self._pattern is None or self._pattern.search(body) is not None)


@lru_cache(maxsize=512)
def phrase(text: str) -> Phrase:
    """A phrase, compiled once."""
    return Phrase(text)


@lru_cache(maxsize=512)
def _written(character: str) -> bytes:
    """An expression for every way in which a character of a phrase may stand in a body."""
    if _LETTERS.fullmatch(character):
        return character.encode()
    ways: dict[bytes, None] = {}
    for one in _ALIKE.get(character, character):
        for charset in ("utf-8", "cp1252", "iso-8859-15"):
            ways[re.escape(one.encode(charset, "ignore"))] = None
        ways |= dict.fromkeys(_escapes(one))
    ways.pop(b"", None)  # what a charset lacks
    return b"(?:" + b"|".join(ways) + b")"


def _escapes(one: str) -> list[bytes]:
    """References of HTML (by name, in decimal, in hexadecimal) and escapes of JSON."""
    names = sorted((name for name, value in html5.items() if value == one), key=len, reverse=True)
    units = one.encode("utf-16-be")
    pairs = b"".join(b"\\\\u%b" % units[at : at + 2].hex().encode() for at in range(0, len(units), 2))
    own = b"\\\\" + re.escape(one.encode()) if one in '"/\\' else b""
    return [
        *(b"&" + name.encode() for name in names),
        b"&#0*%d;?" % ord(one),
        b"&#[xX]0*(?i:%x);?" % ord(one),
        b"(?i:%b)" % pairs,
        own,
    ]

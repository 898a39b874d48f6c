"""Words for readers: the gettext catalogues of reports/, `<document>.<language>.po`, each read once in a process.

A message's id is its key (`verdict.missed`) in every language, English too; [ADR 16](docs/adr/0016-words-by-gettext.md)
has the reasons.
"""

from __future__ import annotations

from functools import lru_cache, partial
from gettext import GNUTranslations
from io import BytesIO
from typing import TYPE_CHECKING, Any

from entsurge import content

if TYPE_CHECKING:
    from collections.abc import Callable

    from babel.messages.catalog import Catalog, Message

LANGUAGES = ("fr", "en")
COMMON = "common"  # what several documents say: days, services, personas, phases


class Counted(str):
    """A message that agrees in number: it reads as for many; `of` says it for a count."""

    __slots__ = ("_choose",)
    _choose: Callable[[int], str]

    @classmethod
    def chosen_by(cls, choose: Callable[[int], str]) -> Counted:
        """The message whose form for a count is what `choose` gives."""
        made = cls(choose(1000))
        made._choose = choose
        return made

    def of(self, count: int, **fields: object) -> str:
        """The form for this count, its fields filled in; `{n}` is the count unless it is given as a field."""
        return self._choose(count).format(**{"n": count, **fields})


def read(document: str, language: str) -> Catalog:
    """One catalogue as Babel reads it: ids, strings, plural rule. Raises OSError where there is none."""
    from babel.messages.pofile import read_po

    with (content.root("reports") / f"{document}.{language}.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def translations(document: str, language: str) -> GNUTranslations:
    """One catalogue as gettext looks words up in it."""
    return _compiled(read(document, language))


def _compiled(found: Catalog) -> GNUTranslations:
    from babel.messages.mofile import write_mo

    compiled = BytesIO()
    write_mo(compiled, found)
    compiled.seek(0)
    return GNUTranslations(compiled)


@lru_cache(maxsize=32)
def catalogue(document: str, language: str) -> dict[str, Any]:
    """The words of one document in one language, what all documents share among them.

    `verdict.missed` is `["verdict"]["missed"]`; keys that are whole numbers make a list. A message with plural forms is
    a `Counted`. It is everybody's: not to be changed.
    """
    words: dict[str, Any] = {}
    for name in dict.fromkeys((COMMON, document)):
        for key, text in _messages(name, language):
            _put(words, key, text)
    return {key: _listed(value) for key, value in words.items()}


@lru_cache(maxsize=32)
def _messages(document: str, language: str) -> list[tuple[str, str]]:
    """One file's keys with what they say."""
    found = read(document, language)
    known = _compiled(found)

    def said(key: str, *, plural: bool) -> str:
        return Counted.chosen_by(partial(known.ngettext, key, key)) if plural else known.gettext(key)

    return [(key, said(key, plural=plural)) for key, plural in (_key(each) for each in found if each.id)]


def _key(message: Message) -> tuple[str, bool]:
    """A message's key, and whether it has plural forms."""
    return (message.id, False) if isinstance(message.id, str) else (message.id[0], True)


def _put(words: dict[str, Any], key: str, text: str) -> None:
    *above, last = key.split(".")
    for part in above:
        words = words.setdefault(part, {})
    words[last] = text


def _listed(words: Any) -> Any:
    """The same with every branch whose keys are all whole numbers made a list, in their order."""
    if not isinstance(words, dict):
        return words
    if all(key.isdigit() for key in words):
        return [_listed(words[key]) for key in sorted(words, key=int)]
    return {key: _listed(value) for key, value in words.items()}

"""English sentences that were put together elsewhere, said in French: known again by the templates of the catalogues.

Most rooms (`audience`, `client`, `chaos`, `calibration` …) raise their mistakes in plain English and know no reader;
what they said crosses processes, JSON and lists of faults as text alone. `reports/errors.fr.po` has their sentences as
templates, `no persona {persona}; the personas are {known}`: a text that one of them fits is said by its French, each
field likewise. `path: key: what is wrong`, what stands after semicolons and what in brackets is said part by part.
What nothing fits stays as it is.
"""

from __future__ import annotations

import re
from functools import lru_cache
from string import Formatter
from typing import NamedTuple

from entsurge.catalogue import read

DOCUMENTS = ("errors", "terminal")
FEWEST_LETTERS = 4  # of a template beside its fields: with fewer it fits anything
COUNT, ANY = r"(\d[\d.,]*%?)", "(.*?)"  # a field `n` is a count
COLON, SEMICOLON = "\u00a0: ", "\u202f; "
_NUMBER = re.compile(r"[+-]?(?:1/)?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+)")
TYPED = {"found", "least", "most", "text"}  # fields with a value of a file or a command line: as it is typed there
_QUOTED = re.compile(r"'[^']*'")
_CHOICES = re.compile(r"('[^']*'(?:, '[^']*')*) or ('[^']*')")
_PER_CENT = re.compile(rf"({_NUMBER.pattern}|[+-]?\d+)%")


class _Template(NamedTuple):
    """A sentence with fields: its texts between them, in order, and its French."""

    weight: int
    longest: str
    texts: tuple[str, ...]
    names: tuple[str, ...]
    french: str

    def fields(self, text: str) -> dict[str, str] | None:
        """What stands in the fields of a text that this fits; None for any other."""
        if self.longest not in text or not text.startswith(self.texts[0]) or not text.endswith(self.texts[-1]):
            return None
        fields = (
            f"{COUNT if name == 'n' else ANY}{re.escape(after)}"
            for name, after in zip(self.names, self.texts[1:], strict=True)
        )
        found = re.fullmatch(re.escape(self.texts[0]) + "".join(fields), text, re.DOTALL)
        return dict(zip(self.names, found.groups(), strict=True)) if found else None


@lru_cache(maxsize=1)
def messages() -> dict[str, str]:
    """Every sentence that these catalogues have, with its French."""
    return {str(each.id): str(each.string) for document in DOCUMENTS for each in read(document, "fr") if each.id}


@lru_cache(maxsize=1)
def _templates() -> list[_Template]:
    """Sentences with fields, that with most letters of its own first."""
    found = (_template(key, french) for key, french in messages().items() if "{" in key)
    return sorted((each for each in found if each.weight >= FEWEST_LETTERS), reverse=True)


def _template(key: str, french: str) -> _Template:
    texts, names = [""], []
    for text, name, _, _ in Formatter().parse(key):
        texts[-1] += text
        if name is not None:
            names.append(name)
            texts.append("")
    weight = sum(map(str.isalpha, "".join(texts)))
    return _Template(weight, max(texts, key=len), tuple(texts), tuple(names), french)


def in_french(text: str) -> str:
    """The text as French says it, as far as the catalogues know its sentences; line by line."""
    return "\n".join(_line(line) for line in text.split("\n"))


def _line(line: str) -> str:
    bare = line.lstrip()
    return line[: len(line) - len(bare)] + (_said(bare) or bare)


def _said(text: str) -> str:
    """One sentence; empty for one that nothing is known of."""
    if text in messages() or " " not in text:
        return messages().get(text, "")
    return _by_template(text) or _in_parts(text, ": ", COLON) or _in_parts(text, "; ", SEMICOLON) or _in_brackets(text)


def _by_template(text: str) -> str:
    for each in _templates():
        fields = each.fields(text)
        if fields is not None:
            return each.french.format_map(_Fields({name: _field(name, value) for name, value in fields.items()}))
    return ""


class _Fields(dict[str, str]):
    """Fields that were written already: what a template says of their form is left out."""

    def __getitem__(self, name: str) -> str:
        return _Written(super().__getitem__(name))


class _Written(str):
    """A text that no format specification changes."""

    __slots__ = ()

    def __format__(self, specification: str) -> str:
        return str(self)

    def __repr__(self) -> str:
        return str(self)


def _in_parts(text: str, between: str, french: str) -> str:
    """The text before a sign and that after it; empty where nothing is known of what comes after."""
    before, sign, after = text.partition(between)
    if not sign:
        return ""
    first, rest = messages()[before] if before == "(file)" else _phrase(before), _said(after)
    if not rest and (between == ": " or first == before):
        return ""
    return f"{first}{french}{rest or after}"


def _in_brackets(text: str) -> str:
    """The text and what stands in brackets after it; empty where nothing is known of both."""
    before, sign, inside = text.removesuffix(")").rpartition(" (")
    if not sign or not text.endswith(")"):
        return ""
    first, last = _said(before), _said(inside)
    return f"{first or before} ({last or inside})" if first or last else ""


def _field(name: str, value: str) -> str:
    """A field: a figure as French writes it, a sentence, or a name or a typed value that stays."""
    if choices := _CHOICES.fullmatch(value):
        return f"{choices[1]} ou {choices[2]}"
    if _QUOTED.fullmatch(value):
        return value
    if name in TYPED:
        return _phrase(value)
    if _NUMBER.fullmatch(value) or _PER_CENT.fullmatch(value):
        return value.replace(",", "\u202f").replace(".", ",").replace("%", "\u202f%")
    return _phrase(value)


def _phrase(value: str) -> str:
    """Several words are said, one word is a name."""
    return _said(value) or value if " " in value.strip() else value

"""Texts of others, fit to be shown."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text with a dot for every letter that no terminal shows: control signs, stray bytes of file names."""
    return "".join(letter if letter.isprintable() else "·" for letter in text)

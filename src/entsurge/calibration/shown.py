"""Texts of others, fit to be shown."""

from __future__ import annotations


def counted(number: int, what: str) -> str:
    """A number and what it counts, in the singular for one: `1 hour`, `2,000 hours`."""
    return f"{number:,} {what}" + "s" * (number != 1)


def printable(text: str) -> str:
    """The text with a dot for every letter that no terminal shows: control signs, stray bytes of file names."""
    return "".join(letter if letter.isprintable() else "·" for letter in text)

"""Pieces that every statement of this room is made of."""

from __future__ import annotations


def text(value: str) -> str:
    """A value as SQL text."""
    return "'" + value.replace("'", "''") + "'"

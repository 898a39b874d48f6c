"""Values that later requests feed on, taken from an answer: by CSS, JSON path, expression, header."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import model_validator

from entsurge.signs import Rule, exactly_one

if TYPE_CHECKING:
    from random import Random

    from entsurge.signs import ParsedAnswer


class Extract(Rule):
    """A value to feed on: one way of finding it, and which of several is taken."""

    pick: Literal["first", "last", "random"] = "first"
    optional: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> Extract:
        exactly_one(self, "css", "json_path", "regex", "header")
        return self

    def value(self, of: ParsedAnswer, random: Random) -> str | None:
        """The value; None when there is none."""
        found = self.texts(of)
        if not found:
            return None
        if self.pick == "random":
            return random.choice(found)
        return found[0] if self.pick == "first" else found[-1]

"""What a reader left out or doubts, counted by its kind, each kind with its first example: said in the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class LeftOut:
    """Counts of each kind of thing that was left out; memory holds the kinds alone."""

    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def add(self, what: str, example: str) -> None:
        """One more of a kind, such as `Eleve that stand there twice`; an example says where it stands."""
        self.counts[what] += 1
        self.first.setdefault(what, example)

    def lines(self) -> list[str]:
        """One sentence a kind: how many, and the first of them."""
        return [f"{count:,} {what}; the first is {self.first[what]}" for what, count in self.counts.items()]

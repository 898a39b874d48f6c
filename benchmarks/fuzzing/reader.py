"""One reader under test: what it is given, how often, and what it may refuse with."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fuzzing import texts, trees

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    Read = Callable[[bytes], object]

REPOSITORY = Path(__file__).parents[2]
FOUND = REPOSITORY / "tests" / "fuzz" / "corpus"
BLOWN_UP = 0.03  # of the inputs
AS_TEXT = 0.3  # of those for JSON and TOML


@dataclass(frozen=True)
class Reader:
    """`make` gets a folder of its own and gives what reads bytes; `share` is its part of all inputs.

    `refuses` are the errors that it documents. `seeds` gives the inputs that are changed; `way` is how.
    """

    name: str
    share: int
    way: str
    seeds: Callable[[], Iterable[bytes]]
    make: Callable[[Path], Read]
    refuses: tuple[type[Exception], ...]
    openings: Sequence[bytes] = field(default=(b"[", b"{", b'"', b"a=", b"<", b"\\", b"%41", b"\n", b","))

    @property
    def folder(self) -> str:
        """Where its found inputs lie."""
        return self.name.replace("/", "-").replace(" ", "-")

    def corpus(self) -> list[bytes]:
        """What was found once, then the seeds; never empty."""
        return [*(path.read_bytes() for path in sorted((FOUND / self.folder).glob("*"))), *self.seeds()]

    def made(self, corpus: Sequence[bytes], seed: int, number: int) -> bytes:
        """The input of this number: first the corpus as it is, then what is made of it. The same each time."""
        if number < len(corpus):
            return corpus[number]
        dice = random.Random(f"{seed}/{self.name}/{number}")
        one, other = dice.choice(corpus), dice.choice(corpus)
        if self.way != "file":
            return self._changed(one, other, self.way, dice)
        name, _, content = one.partition(b"\n")  # a file's name, a line's end, what is in it
        return name + b"\n" + self._changed(content, content, _way_of(name), dice)

    def _changed(self, one: bytes, other: bytes, way: str, dice: random.Random) -> bytes:
        if dice.random() < BLOWN_UP:
            return texts.blown_up(one, dice, self.openings)
        return _mutated(one, other, way, dice)


def at(*patterns: str) -> Callable[[], Iterator[bytes]]:
    """The files of the repository that these patterns name."""

    def seeds() -> Iterator[bytes]:
        for pattern in patterns:
            yield from (path.read_bytes() for path in sorted(REPOSITORY.glob(pattern)) if path.is_file())

    return seeds


def _way_of(name: bytes) -> str:
    return "json" if name.endswith(b".json") else "lines" if name.endswith(b".jsonl") else "bytes"


def _mutated(one: bytes, other: bytes, way: str, dice: random.Random) -> bytes:
    if way in ("json", "toml") and dice.random() >= AS_TEXT:
        form: trees.Form = "json" if way == "json" else "toml"
        tree = trees.parsed(one, form)
        if tree is not None:
            return trees.written(trees.changed(tree, dice, trees.parsed(other, form)), form)
    ways = {"bytes": texts.BYTES, "frames": texts.FRAMES, "markup": texts.MARKUP}.get(way, texts.LINES)
    return texts.changed(one, dice, ways, other)


def plainly(read: Callable[[bytes], object]) -> Callable[[Path], Read]:
    """A reader that needs no folder."""
    return lambda folder: read


def told(*given: bytes) -> Callable[[], tuple[bytes, ...]]:
    """These."""
    return lambda: given

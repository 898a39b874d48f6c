"""Named streams of 64-bit integers: whoever knows the seed and the name draws the same, in any order, anywhere."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

WHOLE = 1 << 64


def key(seed: int, *names: str) -> tuple[int, int]:
    """The Philox key of a named stream: 128 bits of BLAKE2b."""
    text = "/".join((str(seed), *names)).encode()
    digest = hashlib.blake2b(text, digest_size=16).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


def draw(stream: tuple[int, int], count: int, *, block: int = 0, item: int = 0) -> list[int]:
    """`count` raw Philox integers of 64 bits, of this block and item of the stream; no floating point anywhere."""
    if not count:
        return []
    generator = np.random.Philox(
        key=np.array(stream, dtype=np.uint64), counter=np.array([0, block, item, 0], dtype=np.uint64)
    )
    return [int(number) for number in np.atleast_1d(generator.random_raw(count))]


def below(raw: int, bound: int) -> int:
    """An integer from 0 to bound−1 of a raw draw (multiply and shift; bias under bound/2⁶⁴)."""
    return (raw * bound) >> 64


def unit(stream: tuple[int, int]) -> Fraction:
    """One exact fraction in [0, 1)."""
    return Fraction(draw(stream, 1)[0], WHOLE)


def thresholds(shares: Sequence[Fraction]) -> list[int]:
    """Cumulative shares as 64-bit thresholds: entry i is the first raw value past item i; the last is 2⁶⁴."""
    total, so_far, result = sum(shares), Fraction(0), []
    for share in shares:
        so_far += share
        result.append(int(so_far * WHOLE / total))
    return result

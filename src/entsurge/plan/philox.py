"""Philox 4×64 of ten rounds over whole arrays of counters: the integers that `chance.draw` gives, many items at once.

(Salmon, Moraes, Dror, Shaw: Parallel random numbers, as easy as 1, 2, 3; SC 2011.)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
_FACTORS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
_STEPS = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)
_ROUNDS, _WHOLE = 10, 1 << 64
WORDS = 4  # of a counter


def high(values: Words, factor: Words | np.uint64) -> Words:
    """The upper 64 bits of each product of 128."""
    low, up = values & _LOW, values >> _HALF
    factor_low, factor_up = factor & _LOW, factor >> _HALF
    across = low * factor_up
    middle = ((low * factor_low) >> _HALF) + (across & _LOW) + up * factor_low
    found: Words = up * factor_up + (across >> _HALF) + (middle >> _HALF)
    return found


def blocks(key: tuple[int, int], counter: Words, block: Words, item: Words) -> tuple[Words, Words, Words, Words]:
    """The four words of each counter; draw n of an item is word n mod 4 of counter n div 4 + 1."""
    first, second, third, fourth = counter, block, item, np.zeros_like(counter)
    low, up = key
    one, two = (np.uint64(factor) for factor in _FACTORS)
    for turn in range(_ROUNDS):
        key_low, key_up = (
            np.uint64((part + turn * step) % _WHOLE) for part, step in zip((low, up), _STEPS, strict=True)
        )
        first, second, third, fourth = (
            high(third, two) ^ second ^ key_low, third * two, high(first, one) ^ fourth ^ key_up, first * one,
        )  # fmt: skip
    return first, second, third, fourth


def rows(key: tuple[int, int], count: int, block: Words, item: Words) -> Words:
    """The first `count` draws of each item: one row an item, as `chance.draw` gives them."""
    width = -(-count // WORDS)
    shape = (len(block), width)
    counter = np.broadcast_to(np.arange(1, width + 1, dtype=np.uint64), shape)
    words = blocks(key, counter, np.broadcast_to(block[:, None], shape), np.broadcast_to(item[:, None], shape))
    return np.stack(words, axis=-1).reshape(len(block), width * WORDS)[:, :count]


def singles(key: tuple[int, int], place: Words, block: Words) -> Words:
    """Of each block the draw at this place, item 0."""
    counter = place // np.uint64(WORDS) + np.uint64(1)
    words = np.stack(blocks(key, counter, block, np.zeros_like(block)))
    found: Words = words[(place % np.uint64(WORDS)).astype(np.int64), np.arange(len(place))]
    return found

"""Which pupils are siblings and who their parents are, by arithmetic alone.

Pupils of a school are cut in blocks of ten; a block always holds the same seven households. Anyone's
family is thus found from a number, without listing the others. The last block may be cut short.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise

_CHILDREN = (1, 2, 1, 1, 3, 1, 1)
_PARENTS = (2, 2, 1, 2, 2, 1, 2)
_BLOCK = sum(_CHILDREN)
_BLOCK_PARENTS = sum(_PARENTS)
_CHILD_EDGES = (0, *accumulate(_CHILDREN))
_PARENT_EDGES = (0, *accumulate(_PARENTS))
_HOUSE_OF_CHILD = tuple(house for house, size in enumerate(_CHILDREN) for _ in range(size))
_HOUSE_OF_PARENT = tuple(house for house, size in enumerate(_PARENTS) for _ in range(size))


@dataclass(frozen=True, slots=True)
class Household:
    """One family: its number in the school, its pupils and its parents, by their numbers there."""

    number: int
    children: range
    parents: range


def parents_in_school(pupils: int) -> int:
    """How many parents a school of so many pupils has."""
    blocks, rest = divmod(pupils, _BLOCK)
    houses = sum(1 for start, _ in pairwise(_CHILD_EDGES) if start < rest)
    return blocks * _BLOCK_PARENTS + _PARENT_EDGES[houses]


def household_of_pupil(pupil: int, pupils: int) -> Household:
    """The family of a pupil, in a school of so many pupils."""
    block, place = divmod(pupil, _BLOCK)
    return _household(block, _HOUSE_OF_CHILD[place], pupils)


def household_of_parent(parent: int, pupils: int) -> Household:
    """The family of a parent, in a school of so many pupils."""
    block, place = divmod(parent, _BLOCK_PARENTS)
    return _household(block, _HOUSE_OF_PARENT[place], pupils)


def _household(block: int, house: int, pupils: int) -> Household:
    first, parents = block * _BLOCK, block * _BLOCK_PARENTS
    return Household(
        number=block * len(_CHILDREN) + house,
        children=range(first + _CHILD_EDGES[house], min(first + _CHILD_EDGES[house + 1], pupils)),
        parents=range(parents + _PARENT_EDGES[house], parents + _PARENT_EDGES[house + 1]),
    )

"""Conversations as a mailbox lists them: what was said first and last in each, and which one a word belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, func, select

from entsandbox.state.store import held
from entsandbox.state.store.messages import Participation
from entsandbox.state.store.schema import PARTICIPATION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from entsurge.population import Person


class Ends(NamedTuple):
    """How a conversation began, where it stands, and how much was said in it."""

    first: Participation
    last: Participation
    number: int


_SAID = PARTICIPATION.c
_ENDS = (
    select(func.min(_SAID.id), func.max(_SAID.id), func.count())
    .where(_SAID.communication.in_(bindparam("keys", expanding=True)), held.shown("participation", _SAID.id))
    .group_by(_SAID.communication)
)
_THESE = select(PARTICIPATION).where(_SAID.id.in_(bindparam("keys", expanding=True)))


def ends(db: Connection, keys: Sequence[int], reader: Person) -> dict[int, Ends]:
    """Both ends of each of these communications, as far as their reader has them."""
    rows = db.execute(_ENDS, {"keys": list(keys), **held.as_read_by(reader)})
    found = [(int(first), int(last), int(number)) for first, last, number in rows]
    wanted = {key for first, last, _ in found for key in (first, last)}
    said = {row.id: Participation._make(row) for row in db.execute(_THESE, {"keys": sorted(wanted)})}
    return {said[last].communication: Ends(said[first], said[last], number) for first, last, number in found}

"""The pages of chat and video class: the rooms that one may enter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.sandbox.views.view import Asked, Item, Section, View

if TYPE_CHECKING:
    from sqlalchemy import Connection


def read(db: Connection, asked: Asked) -> View | None:
    """One room for each class that one has to do with."""
    del db
    if asked.key is not None:
        return None
    return View([Section([Item(name) for name in asked.reach.classes], "Salons")])

"""A written page with its templates taken apart, and what must be known before it can be opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.drivers.call import Call
from entsurge.drivers.template import Template

if TYPE_CHECKING:
    from collections.abc import Iterable

    from entsurge.drivers import pages_file


class CompiledPage:
    """The requests of a page by when they are made: documents one by one, others at once, those nobody waits for.

    `needs` are the names that other pages must have shown; `made_here` those of `created` that only this page shows;
    `kept` those that removing what it has written needs to know.
    """

    def __init__(self, page: pages_file.Page) -> None:
        self.page = page
        calls = [Call(each, first=number == 0) for number, each in enumerate(page.request)]
        self.documents = [call for call in calls if call.role == "document"]
        self.background = [call for call in calls if call.request.background]
        self.others = [call for call in calls if call.role != "document" and not call.request.background]
        self.created = Template(page.created) if page.created else self.documents[-1].url
        self.removing = [Call(each, first=True) for each in page.remove]
        self.needs = self._needs()
        always = [call for call in (*self.documents, *self.others) if call.request.unless_known is None]
        self.made_here = (self.created.names & _extracted(always)) - self.needs
        self.kept = self.created.names | {"unique" for call in self.removing if call.unique}

    def _needs(self) -> frozenset[str]:
        """What `created` is made of counts too: what has been written must be found again."""
        needs, own = frozenset[str](), frozenset[str]()
        for call in self.documents:
            needs |= call.names - own
            own |= call.request.extract.keys()
        own |= _extracted(self.others)
        later = _needed((*self.others, *self.background))
        if self.page.writes:
            later |= self.created.names
        return needs | (later - own) - {"created", "unique"}


def _extracted(calls: Iterable[Call]) -> frozenset[str]:
    return frozenset(name for call in calls for name in call.request.extract)


def _needed(calls: Iterable[Call]) -> frozenset[str]:
    return frozenset[str]().union(*(call.names for call in calls))

"""Which of a recording's hosts are the ENT: where most of the pages are that the person went to, never a frame's."""

from __future__ import annotations

from collections import Counter
from ipaddress import ip_address
from typing import TYPE_CHECKING

from entsurge.client.failure import ProtocolBroken
from entsurge.client.url import joined, split
from entsurge.recorded.secrets_of import sent
from entsurge.recorded.step import host, origin_of, same

if TYPE_CHECKING:
    from collections.abc import Iterable

    from entsurge.recorded.step import Step


class Hosts:
    """Hosts as they are named, with a port or without: `ent.example`, `ent.example:8443`, `::1`, `[::1]:8099`."""

    def __init__(self, named: Iterable[str]) -> None:
        self.named = list(dict.fromkeys(each.strip().lower() for each in named))
        self._kept = {_taken_apart(each) for each in self.named}

    def hold(self, url: str) -> bool:
        """Whether a URL's host is one of them."""
        try:
            origin = split(url).origin
        except ProtocolBroken:
            return False
        return (origin.host, 0) in self._kept or (origin.host, origin.port) in self._kept


def _taken_apart(named: str) -> tuple[str, int]:
    """Host, and port or 0 for any."""
    bare = named.rpartition("://")[2].rpartition("@")[2].partition("/")[0]
    try:
        return str(ip_address(bare.strip("[]"))), 0
    except ValueError:
        pass
    try:
        origin = split(f"http://{bare}").origin
    except ProtocolBroken:
        return bare, 0
    return origin.host, origin.port if bare.rpartition(":")[2].isdigit() else 0


def mark_frames(steps: list[Step]) -> None:
    """Mark the documents that stand inside a page which was seen before them."""
    framed: set[str] = set()
    for step in steps:
        if framed and not framed.isdisjoint(same(each) for each in step.hops):
            step.in_frame = True
        for source in step.facts.frames:
            try:
                framed.add(same(joined(step.landed, source).partition("#")[0]))
            except ProtocolBroken:
                continue


def site_of(steps: list[Step]) -> str:
    """The host on which most pages were opened, the first of equals.

    Where the recorder says what belongs to which page, only what each page began with counts. Pages that ask for a
    password count where there are no others.
    """
    pages = [each for each in steps if each.is_document]
    first = {each.shown_with: each for each in reversed(pages) if each.shown_with}.values()
    ways = ([each for each in some if not each.facts.asks_password] for some in (first, pages))
    counts = Counter(host(each.landed) for each in next((way for way in ways if way), pages or steps[:1]))
    return max(counts, key=counts.__getitem__)


def root_of(steps: list[Step], site: Hosts) -> str:
    """The origin on which most pages of the site were opened: addresses on it are written without it."""
    pages = [each for each in steps if each.is_document and site.hold(each.landed)] or steps
    counts = Counter(origin_of(each.landed) for each in pages)
    return max(counts, key=counts.__getitem__)


def sign_on_hosts(steps: list[Step], site: Hosts, passwords: set[str]) -> list[str]:
    """Hosts to which a password went on the way to the site."""
    found = []
    for step in steps:
        if site.hold(step.url) or not any(name in passwords and value for name, value in sent(step)):
            continue
        if any(site.hold(each) for each in step.hops):
            found.append(host(step.url))
    return list(dict.fromkeys(found))

"""Reads a HAR file: the requests of a recorded visit, redirects joined, third parties dropped. Garbage-proof."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from entsurge.errors import UsageError
from entsurge.recorded import har_file, site
from entsurge.recorded.redirects import without_redirects
from entsurge.recorded.secrets_of import sent
from entsurge.recorded.sensitive import PASSWORD
from entsurge.recorded.step import BESIDE, Step, host, step

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
CHROME = ("webinspector",)


@dataclass(frozen=True)
class Visit:
    """A recorded visit: its steps in order, the hosts that were kept, and how much was dropped from which others.

    `root` is the origin that addresses are written without; `notes` say what is not in the recording, or was left out.
    """

    steps: list[Step]
    hosts: list[str]
    dropped: Counter[str]
    root: str = ""
    notes: tuple[str, ...] = field(default=())


def read(path: Path, hosts: Iterable[str] = ()) -> Visit:
    """The visit in a HAR file; only requests to these hosts, with a port or without.

    None given: that on which most pages were opened, and those where its sign-on is. Raises UsageError for what is no
    HAR, or holds nothing of these hosts.
    """
    recording = har_file.read_file(path)
    read_in = [step(entry, recording.folder) for entry in recording.entries]
    found = [each for each in read_in if each is not None]
    known = [each for each in found if each.method in METHODS and each.resource not in BESIDE]
    if not known:
        raise UsageError(f"{path}: no request in it that brought an answer", hint=_hint(found))
    steps = without_redirects(known)
    site.mark_frames(steps)
    given = list(hosts)
    ours, named = _kept(steps, given, path)
    passwords = {name for each in steps for name in each.facts.passwords} | _named_like_passwords(steps)
    beside = [] if given else site.sign_on_hosts(steps, named, passwords)
    if beside:
        named = site.Hosts([*named.named, *beside])
        ours = [each for each in steps if _enters(each, named)]
    dropped = Counter(host(each.url) for each in steps if not _enters(each, named))
    notes = [f"{each}: kept, for the sign-on is there; `hosts` of the target file must name it" for each in beside]
    notes += _unsaid(recording, read_in, found, ours)
    return Visit(ours, named.named, dropped, site.root_of(ours, named), tuple(notes))


def _kept(steps: list[Step], given: list[str], path: Path) -> tuple[list[Step], site.Hosts]:
    """The steps of the hosts that were given, or of the site; a chain of redirects begins where it enters them."""
    named = site.Hosts(given or [site.site_of(steps)])
    ours = [each for each in steps if _enters(each, named)]
    if not ours:
        seen = ", ".join(name for name, _ in Counter(host(each.url) for each in steps).most_common(8))
        raise UsageError(f"{path}: nothing of {', '.join(named.named)}", hint=f"hosts in it: {seen}")
    return ours, named


def _enters(each: Step, named: site.Hosts) -> bool:
    """Whether a step is of these hosts; one that others led to begins where it enters them."""
    if named.hold(each.url):
        return True
    entered = next((url for url in each.hops if named.hold(url)), None)
    if entered is None or each.method != "GET":
        return False
    each.url = entered
    return True


def _named_like_passwords(steps: list[Step]) -> set[str]:
    return {name for each in steps for name, _ in sent(each) if PASSWORD.search(name)}


def _hint(found: list[Step]) -> str:
    asked = ", ".join(sorted({each.method for each in found}))
    return f"a driver does not ask {asked}" if asked else "record again, with the network log kept"


def _unsaid(
    recording: har_file.Recording, read_in: list[Step | None], found: list[Step], ours: list[Step]
) -> list[str]:
    """What a person should know of the recording itself."""
    notes = []
    silent = sum(each is None for each in read_in)
    if silent:
        notes.append(f"{silent} of {len(read_in)} requests brought no answer over HTTP, and were left out")
    others = Counter(each.method[:20] for each in found if each.method not in METHODS and each.method.isalpha())
    if others:
        said = ", ".join(f"{name} ({count})" for name, count in others.most_common(8))
        notes.append(f"left out, for a browser asks it by itself or a driver cannot: {said}")
    if not any(each.body for each in ours if not each.is_asset):
        notes.append("no answer's content is in the recording, so nothing can be traced: save it with content")
    elif not any(each.cookies or each.sent_cookies for each in ours):
        chrome = recording.creator.lower() in CHROME
        way = "Chrome: Export HAR (with sensitive data)" if chrome else "save it with cookies, if they matter"
        notes.append(f"no cookie is in the recording, so what pages take from one cannot be traced: {way}")
    return notes

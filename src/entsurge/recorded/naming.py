"""What a drafted page is called: its service by its address, and the action that scenarios ask for where that tells."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WORDS = {
    "messages": r"messag|mail|conversation|inbox|courrier",
    "homework": r"homework|devoir|travail|assign|task|todo|issue|exerci",
    "lesson-book": r"cahier|lesson|diary|course|cours\b|seance",
    "files": r"files?\b|fichier|document|workspace|drive|porte",
    "marks": r"\bnotes?\b|marks?\b|grade|evaluation|bulletin",
    "absences": r"absen|presence|retard",
    "news": r"news|actualit|blog|article",
    "chat": r"chat|forum|discussion|salon",
    "video-class": r"visio|video|bbb|meet",
}


class Names(NamedTuple):
    """The actions of a service: its list, one of what is listed, what is sent; then what only a person can tell."""

    every: str
    one: str = ""
    sent: str = ""
    others: tuple[str, ...] = ()

    def known(self) -> list[str]:
        """All that scenarios ask for."""
        return [each for each in (self.every, self.one, self.sent, *self.others) if each]


ACTIONS = {
    "home": Names("open-home", others=("read-notifications",)),
    "homework": Names("read-homework-list", "read-homework", others=("hand-in", "mark-done", "set-homework")),
    "lesson-book": Names("read-lessons", "read-lesson", others=("write-lesson",)),
    "messages": Names("read-inbox", "read-message", "send-message", ("answer-message",)),
    "marks": Names("read-marks", "read-evaluation", others=("enter-marks",)),
    "absences": Names("read-absences", "read-absence", others=("take-register", "justify-absence")),
    "files": Names("list-files", "download-file", "upload-file"),
    "news": Names("read-news", "read-news-item", others=("read-academy-news",)),
    "chat": Names("open-chat", sent="say-in-chat"),
    "video-class": Names("open-video-class", others=("hold-video-class",)),
}
"""By service, what the shipped scenarios ask for."""


def service_of(path: str) -> str:
    """The service that an address is of; empty where it does not tell."""
    return next((service for service, words in WORDS.items() if re.search(words, path.lower())), "")


def action_of(page: dict[str, Any], taken: set[str]) -> str:
    """The scenarios' name for a page, if it is free: by what it is of, whether it writes, and what it is asked with."""
    known, first, writes = ACTIONS[page["service"]], page["request"][0], page.get("writes", False)
    path, _, query = first["url"].replace("{{", "").partition("?")
    single = "{" in path.rstrip("/").rpartition("/")[2] or ("{" in query and known.every in taken)
    wanted = known.sent if writes else known.one if single else known.every
    if wanted == "upload-file" and not any("upload" in each for each in page["request"]):
        wanted = ""
    if wanted and wanted not in taken:
        return wanted
    return _unlike(f"{'send' if writes else 'open'}-{page['service']}", taken)


def _unlike(name: str, taken: set[str]) -> str:
    """The name, or with a number that makes it unlike every other."""
    found, number = name, 2
    while found in taken:
        found, number = f"{name}-{number}", number + 1
    return found


def unopened(pages: Sequence[dict[str, Any]]) -> Iterator[str]:
    """By service, the pages that no shipped scenario opens, and the names that they ask for."""
    listed = {name for names in ACTIONS.values() for name in names.known()}
    for service, names in ACTIONS.items():
        lost = [each["action"] for each in pages if each["service"] == service and each["action"] not in listed]
        if lost:
            them = "them" if len(lost) > 1 else "it"
            yield f"{', '.join(lost)}: nobody opens {them}; the scenarios know: {', '.join(names.known())}"

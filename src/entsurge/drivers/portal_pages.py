"""The web portal's pages as a visitor uses them: what is read where, what is written how, what is remembered."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from entsurge.client.response import Response
    from entsurge.visit.session import Session

PATHS = {
    "home": "accueil", "lesson-book": "cahier-de-textes", "homework": "travail", "messages": "messagerie",
    "marks": "notes", "absences": "absences", "files": "fichiers", "news": "actualites", "chat": "chat",
    "video-class": "visio",
}  # fmt: skip
_PLACES = {"read-notifications": "notifications", "read-sent": "messagerie?dossier=sent"}
_ONE_OF_THE_LIST = frozenset(
    {"read-lesson", "read-homework", "read-message", "read-evaluation", "read-absence", "read-news-item"}
)
_DOCUMENT_BYTES, _COPY_BYTES = 40_000, 20_000
_MOST_ABSENT = 2

_CSRF = re.compile(rb"<meta name=\"csrf(?:-token)?\" content=\"([^\"]*)\"")
_RECIPIENTS = re.compile(rb"name=\"destinataire\">(.*?)</select>", re.DOTALL)
_OPTION = re.compile(rb"<option value=\"([^\"]+)\"")
_PUPIL = re.compile(rb"name=\"absents\" value=\"([^\"]+)\"")
_MARK = re.compile(rb"name=\"(note-[^\"]+)\"")
_ACADEMY = re.compile(rb"href=\"(/(?:academie|collectivite)/[^\"]+/)\"")
_ITEMS = {
    service: re.compile(rb"href=\"(/etab/[^\"]*/%b/\d+)\"" % path.encode())
    for service, path in PATHS.items()
    if service not in ("home", "chat", "video-class")
}


@dataclass(slots=True)
class PortalState:
    """What one visitor knows of the portal.

    Its address, the page that sign-on ended on (until it is looked at), the token that forms carry, and what pages have
    shown to choose from: links by service, names to write to, logins of pupils, fields of marks, the academy's portals.
    """

    portal: str = ""
    landing: Response | None = None
    csrf: str = ""
    items: dict[str, list[str]] = field(default_factory=dict)
    recipients: list[str] = field(default_factory=list)
    pupils: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    academy_portals: list[str] = field(default_factory=list)

    def landed(self) -> Response | None:
        """The page that sign-on ended on, once."""
        landing, self.landing = self.landing, None
        return landing


class Writing(NamedTuple):
    """What is sent, and where, relative to the portal; with a file if it has a name."""

    path: str
    fields: list[tuple[str, str]]
    filename: str = ""
    content: bytes = b""


def is_download(document: Response) -> bool:
    """Whether an answer is a document and not a page."""
    return document.status == 200 and document.headers.get("content-disposition").startswith("attachment")


def remember(state: PortalState, service: str, body: bytes) -> None:
    """Keep what a page tells for later ones: its token, what its list leads to, who can be written to."""
    token = _CSRF.search(body)
    if token:
        state.csrf = token[1].decode()
    items = _ITEMS[service].findall(body) if service in _ITEMS else []
    if items:
        state.items[service] = [link.decode() for link in items]
    if service == "messages" and (found := _RECIPIENTS.search(body)):
        state.recipients = [unescape(name.decode()) for name in _OPTION.findall(found[1])]
    elif service == "absences" and (pupils := _PUPIL.findall(body)):
        state.pupils = [login.decode() for login in pupils]
    elif service == "marks" and (marks := _MARK.findall(body)):
        state.marks = [name.decode() for name in marks]
    elif service == "home" and (academy := _ACADEMY.findall(body)):
        state.academy_portals = [link.decode() for link in academy]


def reading(session: Session, service: str, action: str) -> str:
    """The address of what is read, relative to the portal: one of a list that was seen, or the service's own page."""
    if action in _ONE_OF_THE_LIST and (item := _one(session, _state(session).items.get(service))):
        return item
    if action == "download-file" and (item := _one(session, _state(session).items.get(service))):
        return f"{item}/contenu"
    if action == "read-academy-news" and (portal := _one(session, _state(session).academy_portals)):
        return portal
    return _PLACES.get(action, PATHS[service])


def writing(session: Session, service: str, action: str) -> Writing | None:
    """What is written; none when the page has not yet been seen that it is written on."""
    if not session.memory.of(PortalState).csrf:
        return None
    text = session.sentence()
    if action in _ON_AN_ITEM:
        item = _one(session, _state(session).items.get(service))
        return _ON_AN_ITEM[action](item, text) if item else None
    return _NEW.get(action, _text)(session, PATHS[service], text)


def _titled(text: str) -> list[tuple[str, str]]:
    return [("titre", text[:60]), ("contenu", text)]


def _text(session: Session, path: str, text: str) -> Writing:
    del session
    return Writing(path, _titled(text))


def _letter(session: Session, path: str, text: str) -> Writing:
    return Writing(path, [("destinataire", _one(session, _state(session).recipients)), *_titled(text)])


def _register(session: Session, path: str, text: str) -> Writing:
    """The register of the class that was shown, with nobody or a few absent."""
    del text
    pupils = session.memory.of(PortalState).pupils
    absent = session.random.sample(pupils, min(len(pupils), session.random.randint(0, _MOST_ABSENT)))
    return Writing(path, [("absents", login) for login in absent])


def _marks(session: Session, path: str, text: str) -> Writing:
    """An evaluation of the class that was shown, out of 20, a few not evaluated."""
    given = [(name, str(session.random.randint(0, 40) / 2)) for name in _state(session).marks]
    absent = {session.random.randrange(len(given)) for _ in range(_MOST_ABSENT)} if given else set()
    return Writing(path, [("titre", text[:60]), *(row for n, row in enumerate(given) if n not in absent)])


def _file(text: str, size_bytes: int) -> bytes:
    """A synthetic document of a size."""
    line = f"{text}\n".encode()
    return (line * (size_bytes // len(line) + 1))[:size_bytes]


_ON_AN_ITEM: Mapping[str, Callable[[str, str], Writing]] = {
    "hand-in": lambda item, text: Writing(f"{item}/rendu", [], "copie.txt", _file(text, _COPY_BYTES)),
    "mark-done": lambda item, text: Writing(f"{item}/fait", [("fait", "1")]),  # noqa: ARG005  nothing is said
    "answer-message": lambda item, text: Writing(item, [("contenu", text)]),
    "justify-absence": lambda item, text: Writing(item, [("motif", "1"), ("commentaire", text[:60])]),
}
_NEW: Mapping[str, Callable[[Session, str, str], Writing]] = {
    "write-lesson": lambda _, path, text: Writing(path, _titled(text), "cours.txt", _file(text, _DOCUMENT_BYTES)),
    "set-homework": lambda _, path, text: Writing(path, [*_titled(text), ("a_rendre", "1")]),
    "upload-file": lambda _, path, text: Writing(path, [], "document.txt", _file(text, _DOCUMENT_BYTES)),
    "send-message": _letter,
    "take-register": _register,
    "enter-marks": _marks,
}


def _state(session: Session) -> PortalState:
    return session.memory.of(PortalState)


def _one(session: Session, known: list[str] | None) -> str:
    """One of the things that are known; empty when there is none."""
    return session.random.choice(known) if known else ""

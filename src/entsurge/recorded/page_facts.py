"""What a recorded page holds that later requests feed on: controls of forms, meta tags, links, frames."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from turbohtml import TokenType, tokenize

LARGEST = 4 * 1024 * 1024  # characters of a page that are read
_START = TokenType.START_TAG
_CONTROLS = frozenset({"input", "button", "textarea", "meta"})
_TEXT = TokenType.TEXT
_PERSON = re.compile(r"user|utilisateur|profil|identit|person|account|compte|eleve|avatar", re.IGNORECASE)
_GREETED = re.compile(r"\s*(?:bonjour|bienvenue|welcome|hello)[\s,]+([^<!.,:]{3,60})", re.IGNORECASE)
LONGEST_NAME = 60
_LINKS = {"a": "href", "area": "href", "link": "href", "form": "action"}


@dataclass(frozen=True, slots=True)
class Control:
    """An `input`, `button`, `textarea`, an `option` (by its select's name) or a `meta`: its name and what it says."""

    tag: str
    kind: str
    name: str
    value: str | None


@dataclass(slots=True)
class PageFacts:
    """In the order of the page; `links` are (attribute, address) of what leads somewhere; `ids` those of elements.

    `people` are short texts that may be somebody's name: a greeting's, or of an element that is called like a person.
    """

    controls: list[Control] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)
    ids: dict[str, None] = field(default_factory=dict)
    people: list[str] = field(default_factory=list)

    @property
    def passwords(self) -> set[str]:
        """The names of fields in which a password is typed, or a code that counts once."""
        return {each.name for each in self.controls if each.kind == "password" and each.name}

    @property
    def asks_password(self) -> bool:
        """Whether there is a field for a password, named or not."""
        return any(each.kind == "password" for each in self.controls)

    @property
    def hidden(self) -> set[str]:
        """The names of fields that nobody sees."""
        return {each.name for each in self.controls if each.kind == "hidden"}


def page_facts(text: str) -> PageFacts:
    """The facts of a page, in time that is in proportion to it."""
    made, select, person = PageFacts(), "", False
    for token in tokenize(text[:LARGEST]):
        tag = token.tag
        if token.type is _TEXT:
            made.people += _people(token.data or "", named=person)
        else:
            person = _is_person(token)
        if token.type is _START and (called := token.attr("id")):
            made.ids[called] = None
        if tag == "select":
            select = (token.attr("name") or "") if token.type is _START else ""
        elif token.type is not _START or tag is None:
            continue
        elif tag == "option" and select:
            made.controls.append(Control("option", "", select, token.attr("value")))
        elif tag in _CONTROLS:
            made.controls.append(_control(tag, token))
        elif tag in _LINKS:
            made.links.append((_LINKS[tag], token.attr(_LINKS[tag]) or ""))
        elif tag in ("iframe", "frame"):
            made.frames.append(token.attr("src") or "")
    return made


def _is_person(token: object) -> bool:
    """Whether an element begins that is called like a person."""
    if token.type is not _START:  # type: ignore[attr-defined]  # turbohtml's token is untyped here
        return False
    attr = token.attr  # type: ignore[attr-defined]  # as above
    return _PERSON.search(f"{attr('class') or ''} {attr('id') or ''}") is not None


def _people(text: str, *, named: bool) -> list[str]:
    """What of a text may be the name of somebody."""
    if named and len(text) <= LONGEST_NAME:
        return [text]
    greeted = _GREETED.match(text)
    return [greeted[1]] if greeted else []


def _control(tag: str, token: object) -> Control:
    attr = token.attr  # type: ignore[attr-defined]  # turbohtml's token is untyped here
    kind = (attr("type") or "").strip().lower()
    if (attr("autocomplete") or "").lower() in ("current-password", "new-password", "one-time-code"):
        kind = "password"
    return Control(tag, kind, attr("name") or "", attr("content" if tag == "meta" else "value"))

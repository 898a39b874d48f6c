"""What stands in a draft for a value that was sent: a place, a mask, something harmless; else nothing of it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from entsurge.drivers.pages_file import ALWAYS as KNOWN
from entsurge.recorded.harmless import free_text, harmless, harmless_in_query, plain_word
from entsurge.recorded.json_text import doubled
from entsurge.recorded.origin import Origin, Origins
from entsurge.recorded.people import words_of
from entsurge.recorded.rules import Rule, Sought
from entsurge.recorded.sensitive import by_look, personal_name, secret_name, without_words, worth_tracing
from entsurge.recorded.step import same

if TYPE_CHECKING:
    from entsurge.recorded.secrets_of import Secrets
    from entsurge.recorded.step import Step

MASKED = "MASKED"
LONGEST_NAME = 40
_UNSAFE = re.compile("[\x00-\x20\x7f-\x9f\ud800-\udfff]")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


class Values:
    """The values of one visit, as they are written; collects rules by step, cookies, and what a person should look at.

    `first` is the first step whose answers count: nothing is fed on that was shown before the sign-on.
    """

    def __init__(self, steps: list[Step], secrets: Secrets, first: int) -> None:
        self.steps, self.secrets, self.first = steps, secrets, first
        self.origins = Origins(steps)
        self.rules: dict[int, dict[str, Rule]] = {}  # by step: name, rule
        self.cookies: dict[str, str] = {}  # by the cookie's name: the place's
        self.notes: dict[str, None] = {}
        self.doubts: dict[tuple[int, str], None] = {}  # what is to be said of a step's request
        self._entrance = {same(url) for step in steps[:first] for url in (step.url, step.landed)}
        self._names: dict[tuple[int, str], str] = {}

    # -- in addresses ----------------------------------------------------------------------------------------------

    def in_address(self, raw: str, value: str, n: int, sought: Sought) -> str:
        """A part of an address, `raw` on the wire: as it was there, unless it is traced, somebody's or a secret."""
        if self._is_login(value):
            return "{login}"
        place = self.place(value, n, sought)
        if place:
            return place
        named = value and (secret_name(sought.name, value) or personal_name(sought.name))
        if named or by_look(value) or self.secrets.hide(value):
            return MASKED
        if sought.where == "entrance":
            return MASKED if without_words(value) else kept(raw)
        return self._in_path(raw, value, n, sought) if sought.where == "path" else self._asked(raw, value, n, sought)

    def _in_path(self, raw: str, value: str, n: int, sought: Sought) -> str:
        """A part of a path: traced where it may be a token or a name, else as it was, and said."""
        if not (without_words(value) or self._names_somebody(value)):
            return kept(raw)
        place = self.place(value, n, sought, whatever=True)
        if not place:
            said = "a part of its address that may be a token or a name: extract it, or keep it"
            self.doubts[n, f"{_short(raw)}: {said}"] = None
        return place or kept(raw)

    def _asked(self, raw: str, value: str, n: int, sought: Sought) -> str:
        """What a query asks for: known to be harmless, traced, free text, or masked."""
        somebody = self._names_somebody(value)
        if not somebody and harmless_in_query(sought.name, value):
            return kept(raw)
        known = not sought.name or self.origins.on_pages(f"{sought.name}={raw}") > 1
        if not somebody and known and plain_word(value):
            return kept(raw)
        place = self.place(value, n, sought, whatever=True)
        if place:
            return place
        if not somebody and " " in value and free_text(value):
            return "{sentence}"
        return MASKED

    def _names_somebody(self, value: str) -> bool:
        return not self.secrets.people.isdisjoint(words_of(value))

    def name_in_address(self, raw: str, name: str) -> str:
        """The name of a query's field, as it was on the wire unless it is itself a secret."""
        return MASKED if by_look(name) or self.secrets.hide(name) else kept(raw)

    def at_entrance(self, url: str) -> bool:
        """Whether an address was asked for before anybody was signed on, so that it says nothing of anybody."""
        return same(url) in self._entrance

    # -- in bodies and headers -------------------------------------------------------------------------------------

    def posted(self, name: str, value: str, n: int, where: str = "body") -> str:
        """A value that was sent in a body: traced, harmless, or something else in its stead."""
        if self._is_login(value):
            return "{login}"
        typed = name in self.secrets.password_names
        place = "" if typed else self.place(value, n, Sought(where, name))
        if place:
            return place
        if typed or secret_name(name, value) or self.secrets.hide(value):
            return MASKED
        return self._plain(name, value, n)

    def _plain(self, name: str, value: str, n: int) -> str:
        """What is no secret: as it is where it is harmless, picked where a page offered it, else something like it."""
        if harmless(name, value) and not (personal_name(name) and len(value) > 2):
            return doubled(value)
        offered = self.origins.of_control(value, name, self.first, n)
        if offered is not None:
            return f"{{{self._name(offered, name)}}}"
        if _DATE.fullmatch(value):
            return "{today}"
        return "{sentence}" if free_text(value) else MASKED

    def _is_login(self, value: str) -> bool:
        return bool(value) and value == self.secrets.login

    # -- places ----------------------------------------------------------------------------------------------------

    def place(self, value: str, n: int, sought: Sought, *, whatever: bool = False) -> str:
        """The place of a value that an earlier answer showed, if it may be a token or `whatever` it is; or none."""
        if not (whatever or worth_tracing(value)) or value == self.secrets.password:
            return ""
        found = self.origins.of(value, sought, self.first, n)
        return f"{{{self._name(found, sought.name)}}}" if found is not None else ""

    def _name(self, found: Origin, wanted: str) -> str:
        """The name of a value: the field's own, made unlike every other."""
        identity = (-1, found.cookie) if found.cookie else (found.step, json.dumps(found.rule))
        if identity in self._names:
            return self._names[identity]
        plain = re.sub(r"[^a-z0-9]+", "_", wanted.lower()).strip("_")[:LONGEST_NAME] or "value"
        if by_look(wanted) or self.secrets.hide(wanted):
            plain = "value"
        base = plain if plain[0].isalpha() else f"v_{plain}"
        taken, name, number = set(self._names.values()) | KNOWN, base, 2
        while name in taken:
            name, number = f"{base}_{number}", number + 1
        self._names[identity] = name
        if found.cookie:
            self.cookies[found.cookie] = name
        else:
            self.rules.setdefault(found.step, {})[name] = found.rule
        return name


def _short(raw: str) -> str:
    return raw if len(raw) <= LONGEST_NAME else f"{raw[:LONGEST_NAME]}…"


def kept(raw: str) -> str:
    """A part of an address as it was on the wire, its braces doubled; what no request line can hold is encoded."""
    return doubled(_UNSAFE.sub(lambda found: quote(found[0], errors="replace"), raw))

"""What is shown of lines and paths on the screen: words that tell a page, never whose it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Collection

    from entsurge.calibration.rules import Rules

MASK = "…"
MANY_VISITORS, SHARE_OF_VISITORS = 20, 0.05  # both, within a batch: no person's name is asked for by so many
WORD = "^[a-z][a-z_-]{1,29}$"
"""A part of a path that may be a word, in lower case: no digits, no dots, nothing encoded."""
SUFFIX = r"\.(?:php|html?|jsp|aspx?|do)$"
"""What may follow a word."""

_OF_RULES = re.compile(r"[A-Za-z][A-Za-z_-]+")
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.%]*[0-9A-Fa-f]")
_CLOCK = re.compile(r"(?:\d{4}:|:)?\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?")
_MAIL = re.compile(r"[^\s\"'<>/:=]+@[^\s\"'<>/]+")
_DOTTED = re.compile(r"[^\W\d_][\w-]*(?:\.[^\W\d_][\w-]*)+")
_BEFORE_DATE = re.compile(r"^(?!\d{4}[-/])\S+(?: [^\s\[]+)* \[")
_NAMES = re.compile(r"^(…(?::\d+)?)(?: [^\s\[\"]+){1,2}(?= [\[\"A-Z])")
_CAPTURED = re.compile(r"\{[^}]*\}?")
_TARGET = re.compile(r"(?:(?<=[\s\"'=])|^)/[^\s\"']*|https?://[^\s\"']*")
_FIELD = re.compile(r"(?i)\b((?:remote_?)?user(?:_?name)?|uid|login|cn|id)(\"?\s*[=:]\s*\"?)[^\s\",;&]+")
_JSON = re.compile(r'"(?:[^"\\]|\\.)*(?:"|$)(\s*:)?|[^\s,{}\[\]":]+')


def words_of(rules: Rules) -> frozenset[str]:
    """The words that stand in the rules' expressions for paths, in lower case."""
    of = [rules.background, rules.sign_on, rules.assets]
    of += [each for rule in rules.service for each in (rule.path, rule.query or "")]
    return frozenset(word.lower() for each in of for word in _OF_RULES.findall(each))


def shape(path: str, words: Collection[str]) -> str:
    """A path with every part masked that is none of `words`; what is encoded is decoded before."""
    parts = re.split(r"([/?&=])", unquote(path))
    return "".join(part if part in ("", *"/?&=") or _word(part) in words else MASK for part in parts)


def _word(part: str) -> str:
    return re.sub(SUFFIX, "", part.lower())


def beginning(line: str, length: int) -> str:
    """How a line begins, without addresses, users, paths, and values of JSON, as far as they are to be recognised."""
    kept = line[: 8 * length]
    if kept.lstrip().startswith("{"):
        kept = _JSON.sub(lambda found: found[0] if found[1] else MASK, kept)
    else:
        kept = _CAPTURED.sub(f"{{{MASK}}}", _TARGET.sub(f"/{MASK}", _BEFORE_DATE.sub(f"{MASK} [", kept)))
        kept = _MAIL.sub(MASK, _FIELD.sub(rf"\1\2{MASK}", kept))
        kept = _ADDRESS.sub(lambda found: found[0] if _CLOCK.fullmatch(found[0]) else MASK, kept)
        kept = _DOTTED.sub(MASK, _NAMES.sub(rf"\1 {MASK}", kept))
    return kept[:length] + "…" * (len(kept) > length)

"""Says what was found: a statement's code is a key of reports/findings.*.po, its parameters are the fields there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entsurge.catalogue import Counted, catalogue
from entsurge.findings.statement import MEASURED, Statement
from entsurge.render.musts import in_seconds, measured_in_words, must_in_words
from entsurge.render.numbers import NARROW, Numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def say(found: Statement, language: str) -> str:
    """One statement as a clause or sentence, as its code has it."""
    if found.code == MEASURED:
        return _measured(found, language)
    message = _message(catalogue("findings", language), found.code)
    count = found.of.get("n")
    fields = {name: _written(name, value, language) for name, value in found.of.items()}
    if isinstance(message, Counted) and isinstance(count, int):
        return message.of(count, **fields)
    return message.format(**fields)


def _measured(found: Statement, language: str) -> str:
    must, value = found.of.get("must"), found.of.get("value")
    return measured_in_words(str(must), value if isinstance(value, int | float) else None, language)


def paragraph(found: Iterable[Statement], language: str) -> str:
    """Sentences, one after the other."""
    return " ".join(say(each, language) for each in found)


def _message(words: Any, code: str) -> str:
    for part in code.split("."):
        words = words[part]
    return str(words) if not isinstance(words, Counted) else words


def _written(name: str, value: Any, language: str) -> str:
    """A parameter as its sentence shows it; how is said by its type, then by its name."""
    if isinstance(value, Statement):
        return say(value, language)
    if isinstance(value, dict):
        return str(value.get(language, next(iter(value.values()), "")))
    if isinstance(value, list | tuple):
        return _listed(name, value, language)
    if isinstance(value, str):
        return _named(name, value, language)
    return _figure(name, value, Numbers(language))


def _listed(name: str, values: Sequence[Any], language: str) -> str:
    """Statements put together stand apart; people are joined by `and`, other names by commas."""
    shown = [_written(name, value, language) for value in values]
    if name == "each":
        return str(catalogue("findings", language)["between"]).join(shown)
    if name != "who" or len(shown) < 2:
        return ", ".join(shown)
    return f"{', '.join(shown[:-1])}{catalogue('common', language)['whom']['and']}{shown[-1]}"


def _named(name: str, value: str, language: str) -> str:
    words = catalogue("common", language)
    if name == "service":
        return str(words["service"].get(value, value))
    if name == "target":
        return str(words["targets"].get(value, value))
    if name == "phase":
        return str(words["phases"].get(value, value))
    return must_in_words(value, language) if name == "must" else value


def _figure(name: str, value: float, numbers: Numbers) -> str:
    if name.endswith("_percent"):
        return numbers.percent(value, 0 if isinstance(value, int) or value >= 10 or not value else 1)
    if name.endswith("_s"):
        return in_seconds(value, numbers)
    if name.endswith("_ms"):
        return f"{numbers.number(value, 1)}{NARROW}ms"
    return numbers.number(value) if isinstance(value, int) else numbers.plain(value)

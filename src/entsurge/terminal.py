"""The terminal's language, and what is said in it: `--lang` before LC_ALL, LC_MESSAGES and LANG, before English."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from datetime import date
from string import Formatter
from typing import TYPE_CHECKING, Any

import click

from entsurge.errors import EntsurgeError
from entsurge.said import Listed, Named, Said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

LANG = "ENTSURGE_LANG"  # what `--lang` said, for the processes of a command
ENGLISH, FRENCH = "en", "fr"
NARROW = "\u202f"
CLOCK = re.compile(r"(\d\d):(\d\d)")


def language(environment: Mapping[str, str] = os.environ) -> str:
    """`fr` or `en`, as the environment has it: the first that is set of ENTSURGE_LANG, LC_ALL, LC_MESSAGES, LANG."""
    first = next((value for name in (LANG, "LC_ALL", "LC_MESSAGES", "LANG") if (value := environment.get(name))), "")
    return FRENCH if first.lower().startswith(FRENCH) else ENGLISH


def asked_for(arguments: Sequence[str]) -> str:
    """The language that `--lang` names, the first of several; empty where it names none that there is."""
    for at, each in enumerate(arguments):
        name, _, given = each.partition("=")
        if name == "--lang":
            value = given or next(iter(arguments[at + 1 : at + 2]), "")
            first = value.partition(",")[0].strip()
            return first if first in (FRENCH, ENGLISH) else ""
    return ""


class _French(Formatter):
    """Fills in fields as French writes them: `1 830 000`, `8,09`, `43 %`, `08/03/2027`, and `9 h 30` for 09:30."""

    def format_field(self, value: Any, format_spec: str) -> Any:
        """One field."""
        if isinstance(value, date) and not format_spec:
            return f"{value:%d/%m/%Y}"
        if isinstance(value, str) and (clock := CLOCK.fullmatch(value)):
            return f"{int(clock[1])}{NARROW}h{f'{NARROW}{clock[2]}' if clock[2] != '00' else ''}"
        text = super().format_field(value, format_spec)
        if not isinstance(value, int | float):
            return text
        return text.replace(",", NARROW).replace(".", ",").replace("%", f"{NARROW}%")


def translated(text: str, to: str) -> str:
    """The text in a language; one that the catalogues have not, nor know parts of, stays as it is."""
    if to == ENGLISH or not text:
        return str(text)
    from entsurge.recognised import in_french, messages

    if isinstance(text, Said) and (template := messages().get(text.template)):
        return _French().format(template, **{name: _field(value, to) for name, value in text.fields.items()})
    if isinstance(text, Listed):
        return ", ".join(translated(each, to) for each in text.each)
    if isinstance(text, Named):
        return text.french or _called(text)
    return in_french(text)


def _field(value: Any, to: str) -> Any:
    """What stands in a field: a text or what an error says is translated, a number or a path is not."""
    if isinstance(value, EntsurgeError):
        return translated(value.message, to)
    return (
        translated(str(value) if isinstance(value, Exception) else value, to)
        if isinstance(value, str | Exception)
        else value
    )


def _called(name: Named) -> str:
    """What French calls a persona, a page, a service or what must hold; one that has no name there keeps its key."""
    if name.kind == "must":
        from entsurge.render.musts import must_in_words

        return must_in_words(name, FRENCH)
    if name.kind == "persona":
        from entsurge.audience.persona import SHIPPED, by_key, entry

        return entry(by_key(SHIPPED), name).fr
    from entsurge.catalogue import COMMON, catalogue

    return str(catalogue(COMMON, FRENCH)[name.kind].get(str(name), str(name)))


def here(text: str) -> str:
    """The text in the terminal's language."""
    return translated(text, language())


def figure(value: float, form: str) -> str:
    """A number as a format specification has it, written as the terminal's language writes numbers."""
    return _French().format_field(value, form) if language() == FRENCH else format(value, form)


def echo(text: str, *, err: bool = False) -> None:
    """Print a text in the terminal's language."""
    click.echo(here(text), err=err)


@contextmanager
def speaking(asked: str) -> Iterator[None]:
    """Speak a language, if one is asked for, in this process and in those that it starts."""
    before = os.environ.get(LANG)
    if asked:
        os.environ[LANG] = asked
    try:
        yield
    finally:
        if asked and before is None:
            del os.environ[LANG]
        elif asked and before is not None:
            os.environ[LANG] = before


def lang_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--lang`, which `entsurge` itself has read before the command begins."""
    option = click.option(
        "--lang", type=click.Choice([FRENCH, ENGLISH]), expose_value=False,
        help="Of what is said here; else as LC_ALL, LC_MESSAGES or LANG have it, else English.",
    )  # fmt: skip
    return option(function)

"""The target file that `entsurge init` writes, and what it asks for whoever sits at the terminal."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import click
from pydantic import TypeAdapter, ValidationError

from entsurge.drivers.registry import names
from entsurge.errors import UsageError
from entsurge.said import said
from entsurge.targets.file import Address, is_loopback
from entsurge.terminal import here

if TYPE_CHECKING:
    from collections.abc import Callable

Read = TypeVar("Read")
UNAUTHORISED = """# Outside loopback a run needs this:
# [authorised]
# by = "who, in which function"
# reference = "where it is written"
# from = 2026-01-01
# until = 2026-01-05
"""
LIST = "accounts.csv"
DAYS = 5


@dataclass(frozen=True)
class Answers:
    """What stands in the file: product, address, accounts, who authorised the test, if anybody has, until when."""

    url: str = "http://127.0.0.1:8080"
    driver: str = "skolengo"
    accounts: str = ""
    by: str = ""
    begin: date | None = None
    until: date | None = None

    @property
    def away(self) -> bool:
        """Whether the address is not this machine's, so that somebody must have authorised the test."""
        return not is_loopback(urlsplit(self.url).hostname or "")


def target_file(of: Answers) -> str:
    """The file's text, its limits above what the default plan asks for (6.2 visits/s, 82 visitors at once)."""
    name = "préproduction" if not of.away else urlsplit(of.url).hostname or of.url
    authorised = UNAUTHORISED
    if of.by and of.begin and of.until:
        authorised = f"[authorised]\nby = {_text(of.by)}\nfrom = {of.begin}\nuntil = {of.until}\n"
    return f"""#:schema ./target.schema.json
# Where a run goes, as whom, until when. docs/target-files.md says everything that may stand here.
name = {_text(name)}
url = {_text(of.url)}
hosts = []
driver = {_text(of.driver)}          # skolengo, entcore, moodle, or a file of yours such as "ours.toml"

{authorised}
[accounts]
file = {_text(of.accounts or LIST)}

[limits]
visits_per_second = 10
visitors = 500
guard = {{ failed_share = 0.2, mean_seconds = 10 }}

# [writes]                   # read-only without it
# messages = "test-accounts"
"""


def ask(folder: Path, *, url: str | None, product: str | None, accounts: str | None) -> Answers:
    """What was not given (None), asked of whoever sits at the terminal; the default of it where nobody does."""
    default = Answers()
    found = Answers(url=url or default.url, driver=product or default.driver, accounts=accounts or "")
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return found
    if product is None:
        known = ", ".join(names())
        chosen = _asked(said("Product ({known}, or your driver.toml)", known=known), default.driver, driver)
        found = replace(found, driver=chosen)
    if url is None:
        found = replace(found, url=_asked("Address", default.url, address))
    if accounts is None:
        told = said("File of accounts (CSV; {name}: an empty one, to be filled in)", name=LIST)
        path = _asked(told, LIST, str)
        found = replace(found, accounts=beside(Path(path), folder) if path != LIST else "")
    if found.away:
        by = _asked("Who authorised the test, in which function (empty: not yet)", "", str)
        begin = datetime.now(UTC).astimezone().date()
        until = begin + timedelta(days=DAYS - 1)
        if by:
            until = _asked("Until which day", until.isoformat(), _day)
        found = replace(found, by=by, begin=begin, until=until)
    return found


def address(text: str) -> str:
    """An address that a target may have. Raises UsageError."""
    try:
        found: str = TypeAdapter(Address).validate_python(text.strip())
    except ValidationError:
        told = said("{text}: expected an address such as https://ent-preprod.example.fr", text=text)
        raise UsageError(told) from None
    return found


def driver(text: str) -> str:
    """A product, or a driver's file. Raises UsageError."""
    if text not in names() and not text.endswith(".toml"):
        raise UsageError(said("{text}: no product; known: {known}", text=text, known=", ".join(names())))
    return text


def beside(path: Path, folder: Path) -> str:
    """A file as the target file in this folder names it. Raises UsageError where it is not there."""
    if not path.is_file():
        raise UsageError(said("{path}: no such file", path=path))
    return os.path.relpath(path, folder)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(said("{text}: expected a day such as 2027-03-08", text=text)) from None


def _asked(question: str, default: str, read: Callable[[str], Read]) -> Read:
    """The answer, asked again until it can be read."""

    def checked(text: str) -> Read:
        try:
            return read(text)
        except UsageError as error:
            raise click.UsageError(here(error.message)) from None

    answer: Read = click.prompt(here(question), default=default, value_proc=checked, err=True)
    return answer


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)

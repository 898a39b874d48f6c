"""How to read a log: whose line it is, which lines are pages, of which service, for which persona; from TOML."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from entsurge import content
from entsurge.audience.shape import Service, ShippedKey
from entsurge.audience.strict import Strict
from entsurge.bilingual import Title
from entsurge.config_file import check, read_toml
from entsurge.errors import UsageError

SHIPPED = "portal"


def _expression(found: str) -> str:
    """A regular expression that RE2 takes too: neither look-around nor back-references."""
    try:
        re.compile(found)
    except re.error as error:
        raise ValueError(f"no regular expression: {error}") from None
    if re.search(r"\(\?(?:[=!]|<[=!])|\\[1-9]", found):
        raise ValueError("look-around and back-references are not understood here")
    return found


def _zone(found: str) -> str:
    try:
        ZoneInfo(found)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError(f"no time zone such as Europe/Paris: {error}") from None
    return found


Expression = Annotated[str, AfterValidator(_expression)]
Fields = Annotated[list[Annotated[str, Field(pattern=r"^[\w@.\-]+$")]], Field(min_length=1)]


class ServiceRule(Strict):
    """Lines whose path matches are page views of this service; the first rule that matches wins."""

    service: Service
    path: Expression


class PersonaRule(Strict):
    """Visitors any line of whom matches are of this persona; the first rule that matches a line wins."""

    persona: ShippedKey
    field: Literal["path", "user", "agent", "profile"]
    match: Expression


class JsonFields(Strict):
    """Where a JSON line keeps what is needed; of several names the first that is there."""

    time: Fields
    path: Fields
    request: Fields
    method: Fields
    status: Fields
    address: Fields
    user: Fields
    agent: Fields
    profile: Fields


class Rules(Strict):
    """One way to read access logs."""

    title: Title
    source: str
    timezone: Annotated[str, AfterValidator(_zone)] = "Europe/Paris"
    silence_minutes: Annotated[int, Field(ge=1, le=1440)] = 30
    visitor: Literal["user", "user-or-address", "address"] = "user-or-address"
    assets: Expression
    background: Expression
    sign_on: Expression
    bots: Expression
    json_fields: JsonFields
    service: Annotated[list[ServiceRule], Field(min_length=1)]
    persona: list[PersonaRule] = Field(default=[])


def load(name: str = SHIPPED) -> tuple[Rules, Path]:
    """Rules by the name of a shipped file or by path, and their file. Raises UsageError with every fault."""
    shipped = content.root("profiles") / "log-rules" / f"{name}.toml"
    if not shipped.is_file() and "/" not in name and not Path(name).suffix:
        known = ", ".join(sorted(each.stem for each in shipped.parent.glob("*.toml")))
        raise UsageError(
            f"--rules {name}: no such rules", hint=f"shipped: {known}; a file of your own needs a / or .toml"
        )
    path = shipped if shipped.is_file() else content.find("profiles", name)
    return check(Rules, read_toml(path), path), path


def in_zone(rules: Rules, timezone: str) -> Rules:
    """The same rules with the hours of another time zone. Raises UsageError."""
    try:
        return rules.model_copy(update={"timezone": _zone(timezone)})
    except ValueError as error:
        raise UsageError(f"--timezone {timezone}: {error}") from None

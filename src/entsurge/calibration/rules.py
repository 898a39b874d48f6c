"""How to read a log: whose line it is, which lines are pages, of which service, for which persona; from TOML."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import AfterValidator, Field

from entsurge import content
from entsurge.audience.shape import Service, ShippedKey
from entsurge.audience.strict import Strict
from entsurge.bilingual import Title
from entsurge.config_file import check, read_toml
from entsurge.errors import UsageError

SHIPPED = "portal"


def _expression(found: str) -> str:
    """An expression that RE2 takes, which Arrow and DuckDB have in common."""
    try:
        pc.match_substring_regex(pa.array([""]), found)
    except pa.ArrowInvalid as error:
        raise ValueError(f"no expression of RE2 (look-around and back-references are none): {error}") from None
    return found


def _zone(found: str) -> str:
    try:
        ZoneInfo(found)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError(f"no time zone such as Europe/Paris: {error}") from None
    return found


Expression = Annotated[str, AfterValidator(_expression)]
_KEY = r'[^".\\\x00-\x1f]+'
Names = tuple[Annotated[str, Field(pattern=rf"^{_KEY}(?:\.{_KEY})*$")], ...]


class ServiceRule(Strict):
    """Lines whose path, and whose query if it is asked for, match are page views of this service.

    The first rule that matches wins.
    """

    service: Service
    path: Expression
    query: Expression | None = None


class PersonaRule(Strict):
    """Visitors any line of whom matches are of this persona; the first rule that matches a line wins."""

    persona: ShippedKey
    field: Literal["path", "query", "user", "agent", "profile"]
    match: Expression


class JsonFields(Strict):
    """Where a JSON line keeps what is needed: names that come before those that are known (`formats.json_lines`).

    Of several the first that is there counts, of several times the first with an offset.
    """

    time: Names = ()
    path: Names = ()
    query: Names = ()
    request: Names = ()
    method: Names = ()
    status: Names = ()
    forwarded: Names = ()
    address: Names = ()
    user: Names = ()
    agent: Names = ()
    profile: Names = ()


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
    json_fields: JsonFields = JsonFields()
    service: Annotated[list[ServiceRule], Field(min_length=1)]
    persona: list[PersonaRule] = Field(default=[])

    @property
    def asks_queries(self) -> bool:
        """Whether any rule looks at queries; there are many more of them than paths."""
        return any(rule.query for rule in self.service) or any(rule.field == "query" for rule in self.persona)


def load(name: str = SHIPPED) -> tuple[Rules, Path]:
    """Rules by the name of a shipped file or by path, and their file. Raises UsageError with every fault."""
    shipped = {each.stem: each for each in sorted((content.root("profiles") / "log-rules").glob("*.toml"))}
    if name not in shipped and "/" not in name and not Path(name).suffix:
        raise UsageError(
            f"--rules {name[:80]}: no such rules",
            hint=f"shipped: {', '.join(shipped)}; a file of your own needs a / or .toml",
        )
    path = shipped.get(name) or content.find("profiles", name)
    return check(Rules, read_toml(path), path, hint="docs/calibration.md says what rules are made of"), path


def in_zone(rules: Rules, timezone: str) -> Rules:
    """The same rules with the hours of another time zone. Raises UsageError."""
    try:
        return rules.model_copy(update={"timezone": _zone(timezone)})
    except ValueError as error:
        raise UsageError(f"--timezone {timezone}: {error}") from None

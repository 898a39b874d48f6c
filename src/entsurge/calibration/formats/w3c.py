"""W3C extended logs (IIS, CloudFront): a `#Fields:` line names the columns of the lines after it; times are UTC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.calibration.formats.format import UNKNOWN
from entsurge.calibration.sql import text

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "W3C (IIS)"
HEADER = "#Fields:"
DIRECTIVE = r"^#(?:Fields|Version|Software|Date|Start-Date|End-Date|Remark|GMT-Offset|System-ID)\b"


def columns(header: str) -> tuple[str, ...]:
    """The columns that a `#Fields:` line names, in lower case."""
    return tuple(header.removeprefix(HEADER).lower().split())


def fields(layout: Sequence[str]) -> str:
    """The SELECT over `lines` for these columns; a line without date, time or path is UNKNOWN."""

    def of(*known: str) -> str:
        found = [f"nullif(c[{layout.index(name) + 1}], '-')" for name in known if name in layout]
        return f"coalesce({', '.join(found)}, '')" if found else "''"

    address, forwarded = of("c-ip"), of("x-forwarded-for", "cs(x-forwarded-for)", "cs-x-forwarded-for")
    path, query = of("cs-uri-stem", "cs-uri"), of("cs-uri-query")
    formed = f"len(c) >= {len(layout)} AND {of('date')} <> '' AND {of('time')} <> '' AND {path} <> ''"
    return f"""
        SELECT number, line, {text(NAME)} AS format,
               {forwarded} || CASE WHEN {forwarded} <> '' AND {address} <> '' THEN ', ' ELSE '' END || {address}
                   AS addresses,
               {of("cs-username")} AS "user", {of("date")} || 'T' || {of("time")} || 'Z' AS stamp,
               coalesce(nullif({of("cs-method")}, ''), 'GET') || ' ' || {path}
                   || CASE WHEN {query} <> '' THEN '?' || {query} ELSE '' END AS request,
               {of("sc-status")} AS status,
               replace(replace({of("cs(user-agent)")}, '+', ' '), '%20', ' ') AS agent, '' AS profile,
               CASE WHEN NOT ({formed}) THEN {UNKNOWN} END AS fault
        FROM (SELECT number, line, string_split(line, CASE WHEN contains(line, chr(9)) THEN chr(9) ELSE ' ' END) AS c
              FROM lines)
    """

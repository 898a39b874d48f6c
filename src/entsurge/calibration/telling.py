"""The SQL that tells log lines apart: what each is, for whom, of which service."""
# ruff: noqa: S608  expressions come from the operator's own rules, quoted by _text; DuckDB runs in memory

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.audience.persona import PERSONAS
from entsurge.audience.shape import SERVICES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entsurge.calibration.rules import JsonFields, Rules

KINDS = (
    "page", "unknown", "asset", "background", "sign-on", "bot", "form", "redirect", "refused", "failed", "unparsed",
)  # fmt: skip
REASONS = ("binary", "json", "format", "date", "request")

# A line is `address ident user [date] "request" status size "referer" "agent"`. Cutting at quotes is six times as fast
# as one expression for all; lines with escaped quotes are cut again by the expression.
_ESCAPED = (
    r'^(\S+) \S+ (.+?) \[([^\]]*)\] "([^"\\]*(?:\\.[^"\\]*)*)" (\d{3}) \S+'
    r'(?: "[^"\\]*(?:\\.[^"\\]*)*" "([^"\\]*(?:\\.[^"\\]*)*)")?'
)
_FIELDS = "['address','user','stamp','request','status','agent']"
COMBINED = f"""
    SELECT number, line, false AS is_json, '' AS profile, split_part(head, ' ', 1) AS address,
           substring(head, length(split_part(head, ' ', 1)) + length(split_part(head, ' ', 2)) + 3,
                     length(head) - length(split_part(head, ' ', 1)) - length(split_part(head, ' ', 2)) - 32) AS "user",
           substring(head, length(head) - 27, 26) AS stamp, request, status, agent,
           substring(head, length(head) - 28, 1) = '[' AND head LIKE '%] ' AND regexp_matches(status, '^[0-9]{{3}}$')
               AND split_part(head, ' ', 4) <> '' AS formed
    FROM (SELECT number, line, q[1] AS head, q[2] AS request, substring(q[3], 2, 3) AS status,
                 coalesce(q[6], '') AS agent
          FROM (SELECT number, line, string_split(line, '"') AS q FROM batch
                WHERE line NOT LIKE '{{%' AND trim(line, ' ') <> '' AND NOT contains(line, '\\"')))
    UNION ALL
    SELECT number, line, false, '', f.address, f."user", f.stamp, f.request, f.status, f.agent, f.stamp <> ''
    FROM (SELECT number, line, regexp_extract(line, '{_ESCAPED}', {_FIELDS}) AS f
          FROM batch WHERE contains(line, '\\"') AND line NOT LIKE '{{%')
"""

KIND = """
    SELECT number, reason, second, address, "user", agent, profile, path, service, shape,
           CASE WHEN reason IS NOT NULL THEN 10 WHEN asset THEN 2 WHEN bot THEN 5 WHEN background THEN 3
                WHEN sign_on THEN 4 WHEN method <> 'GET' THEN 6 WHEN status LIKE '3%' AND status <> '304' THEN 7
                WHEN status LIKE '4%' THEN 8 WHEN status LIKE '5%' THEN 9 WHEN service IS NULL THEN 1 ELSE 0 END AS kind
    FROM parsed LEFT JOIN paths USING (path) LEFT JOIN agents USING (agent)
"""

UNKNOWN_SHAPES = "SELECT shape, count(*) FROM told WHERE kind = 1 GROUP BY shape ORDER BY 2 DESC LIMIT 1000"


def json_lines(names: JsonFields) -> str:
    """The same fields of JSON lines, by the names that the rules give."""

    def first(fields: Sequence[str]) -> str:
        paths = (_text(f'$."{name}"') for name in fields)
        return "coalesce(" + ", ".join(f"j ->> {path}" for path in paths) + ", '')"

    return f"""
        SELECT number, line, true AS is_json, profile, address, "user", stamp,
               CASE WHEN path <> '' THEN coalesce(nullif(method, ''), 'GET') || ' ' || path ELSE request END AS request,
               status, agent, stamp <> '' AND (path <> '' OR request <> '') AS formed
        FROM (SELECT number, line, {first(names.address)} AS address, {first(names.user)} AS "user",
                     {first(names.time)} AS stamp, {first(names.path)} AS path, {first(names.request)} AS request,
                     {first(names.method)} AS method, {first(names.status)} AS status, {first(names.agent)} AS agent,
                     {first(names.profile)} AS profile
              FROM (SELECT number, line, try_cast(line AS JSON) AS j FROM batch WHERE line LIKE '{{%'))
    """


def with_reason(fields: str) -> str:
    """The fields, the instant in seconds of UTC, and why a line cannot be used (null if it can)."""
    return f"""
        SELECT number, address, "user", agent, profile, status, split_part(request, ' ', 1) AS method,
               split_part(split_part(request, ' ', 2), '?', 1) AS path, epoch(instant)::BIGINT AS second,
               CASE WHEN contains(line, '�') OR contains(line, chr(0)) THEN 0
                    WHEN NOT formed THEN CASE WHEN is_json THEN 1 ELSE 2 END
                    WHEN instant IS NULL THEN 3
                    WHEN NOT regexp_matches(request, '^[A-Z]+ [^ ]') THEN 4 END AS reason
        FROM (SELECT *, coalesce(try_strptime(stamp, '%d/%b/%Y:%H:%M:%S %z'), {_OTHER_DATES}) AS instant
              FROM ({fields}))
    """


# Seconds or milliseconds since 1970, ISO 8601, nginx's date; without an offset they are local time of the rules' zone.
_OTHER_DATES = """
    CASE WHEN try_cast(stamp AS DOUBLE) > 1e11 THEN to_timestamp(try_cast(stamp AS DOUBLE) / 1000)
         WHEN try_cast(stamp AS DOUBLE) > 0 THEN to_timestamp(try_cast(stamp AS DOUBLE)) END,
    try_cast(stamp AS TIMESTAMPTZ), try_strptime(stamp, '%d/%b/%Y:%H:%M:%S')::TIMESTAMPTZ
"""


def paths(rules: Rules) -> str:
    """Each path of the batch once: asset, background, sign-on, or which service; its shape where no rule knows it."""
    services = " ".join(
        f"WHEN regexp_matches(path, {_text(rule.path)}) THEN {SERVICES.index(rule.service)}" for rule in rules.service
    )
    return f"""
        SELECT *, CASE WHEN service IS NULL AND NOT asset THEN
               regexp_replace(path, '[0-9a-fA-F-]{{8,}}|[0-9]+', '…', 'g') END AS shape
        FROM (SELECT path, asset, NOT asset AND regexp_matches(path, {_text(rules.background)}) AS background,
                     NOT asset AND regexp_matches(path, {_text(rules.sign_on)}) AS sign_on,
                     CASE WHEN NOT asset THEN CASE {services} END END AS service
              FROM (SELECT path, regexp_matches(path, {_text(rules.assets)}) AS asset
                    FROM (SELECT DISTINCT path FROM parsed WHERE reason IS NULL)))
    """


def agents(rules: Rules) -> str:
    """Each browser of the batch once: a bot or not."""
    return f"""
        SELECT agent, regexp_matches(agent, {_text(rules.bots)}) AS bot
        FROM (SELECT DISTINCT agent FROM parsed WHERE reason IS NULL)
    """


def hits(rules: Rules) -> str:
    """The page views: one number per visitor, second, service, persona (0 where no rule tells)."""
    cases = " ".join(
        f'WHEN "{rule.field}" <> \'\' AND regexp_matches("{rule.field}", {_text(rule.match)}) '
        f"THEN {PERSONAS.index(rule.persona) + 1}"
        for rule in rules.persona
    )
    persona = f"CASE {cases} ELSE 0 END" if cases else "0"
    user, apart = "nullif(nullif(\"user\", '-'), '')", "hash(address, agent)"
    visitor = {
        "address": apart,
        "user": f"CASE WHEN {user} IS NOT NULL THEN hash({user}) END",
        "user-or-address": f"CASE WHEN {user} IS NULL THEN {apart} ELSE hash({user}) END",
    }[rules.visitor]
    return f"""
        SELECT visitor, second, service, persona FROM (
            SELECT {visitor} AS visitor, second, service, {persona} AS persona FROM told WHERE kind = 0
        ) WHERE visitor IS NOT NULL
    """


def _text(value: str) -> str:
    """A value as SQL text."""
    return "'" + value.replace("'", "''") + "'"

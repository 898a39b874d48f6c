"""The SQL that tells the requests of a log apart: what each is, whose, of which service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.audience.persona import PERSONAS
from entsurge.audience.shape import SERVICES
from entsurge.calibration import addresses, masking, stamps
from entsurge.calibration.sql import text

if TYPE_CHECKING:
    from collections.abc import Collection

    from entsurge.calibration.rules import Rules

KINDS = (
    "page", "unknown", "asset", "background", "sign-on", "bot", "form", "redirect", "refused", "failed", "unparsed",
    "left-out",
)  # fmt: skip
REASONS = ("binary", "json", "format", "date", "request")


NOBODY = ("", "null", "(null)", "none", "nil", "undefined", "unknown", "anonymous", "n/a")
"""What stands for a user where there is none, without the dashes around it."""
_NOBODY = ", ".join(map(text, NOBODY))
_NAMED = f"""lower(trim("user", ' -"')) NOT IN ({_NOBODY})"""
_PLACED = f"""lower(trim(address, ' -"')) NOT IN ({_NOBODY})"""
PAGES = f"SELECT *, {_NAMED} AS named, {_PLACED} AS placed FROM told WHERE kind = 0"
"""The page views, whether a user tells the visitor, and whether they bear an address."""

COUNTS = """
    SELECT format, kind, count(*), count(*) FILTER (status = ''), count(*) FILTER (agent IN ('', '-'))
    FROM told GROUP BY format, kind ORDER BY ALL
"""
UNPARSED = "SELECT reason, count(*), min(number) FROM told WHERE reason IS NOT NULL GROUP BY reason ORDER BY reason"
DAYS = "SELECT second // 86400 AS day, min(second), max(second) FROM told WHERE reason IS NULL GROUP BY day"
UNKNOWN_SHAPES = "SELECT shape, count(*) FROM told WHERE kind = 1 GROUP BY shape ORDER BY 2 DESC, 1 LIMIT 20_000"
COMMON_WORDS = f"""
    WITH asked AS (SELECT DISTINCT path, CASE WHEN {_NAMED} THEN "user" ELSE address END AS who
                   FROM told WHERE kind = 1)
    SELECT word
    FROM (SELECT who, regexp_replace(part, {text(masking.SUFFIX)}, '') AS word
          FROM (SELECT who, unnest(string_split(lower(path), '/')) AS part, split_part(lower(path), '/', 2) AS begins
                FROM asked) WHERE part = begins OR regexp_matches(part, {text(masking.SUFFIX)}))
    WHERE regexp_matches(word, {text(masking.WORD)}) GROUP BY word
    HAVING count(DISTINCT who) >= greatest({masking.MANY_VISITORS},
                                           {masking.SHARE_OF_VISITORS} * (SELECT count(DISTINCT who) FROM asked))
"""
"""Words with which paths that no rule knows begin, and pages such as list.php, if so many visitors ask for them that
they name nobody; what stands deeper may be a name that many look for."""


def requests(fields: str, rules: Rules, *, usual: bool = False) -> str:
    """The fields of a format as requests: the visitor's address, the second in UTC, method and path, and why not.

    `reason` is a number of REASONS for a line that cannot be used, else null. `query` is '' unless a rule asks for it.
    `usual` fields have Apache's dates alone.
    """
    query = "substring(target, length(split_part(target, '?', 1)) + 2)" if rules.asks_queries else "''"
    timed = stamps.usual if usual else stamps.any_form
    return f"""
        SELECT number, format, {addresses.client("addresses")} AS address, "user", agent, profile, status,
               upper(split_part(request, ' ', 1)) AS method, split_part(target, '?', 1) AS path, {query} AS query,
               second,
               CASE WHEN fault IS NOT NULL THEN CASE WHEN contains(line, '�') OR contains(line, chr(0)) THEN 0
                                                     ELSE fault END
                    WHEN second IS NULL THEN 3
                    WHEN NOT regexp_matches(request, '^[A-Za-z]+ [^ ]') THEN 4 END AS reason
        FROM (SELECT *, CASE WHEN starts_with(asked, '/') THEN asked
                             ELSE regexp_replace(asked, '^[A-Za-z]+://[^/?]*', '') END AS target
              FROM (SELECT *, split_part(request, ' ', 2) AS asked FROM ({timed(f"({fields})")})))
    """


def is_nobody(name: str) -> bool:
    """Whether this stands in a log where there is no user or no address."""
    return name.strip(' -"').lower() in NOBODY


def keys(rules: Rules) -> str:
    """The columns by which a page is told."""
    return "path, query" if rules.asks_queries else "path"


def told(rules: Rules, without: Collection[str] = ()) -> str:
    """Every request with its kind, a number of KINDS; those of the visitors in `without` are left out."""
    names = ", ".join(text(name) for name in sorted(without))
    left_out = f'WHEN address IN ({names}) OR "user" IN ({names}) THEN 11' if names else ""
    return f"""
        SELECT number, format, reason, second, address, "user", agent, profile, path, query, service, shape, status,
               CASE WHEN reason IS NOT NULL THEN 10 {left_out} WHEN asset THEN 2 WHEN bot THEN 5
                    WHEN background OR status LIKE '1%' THEN 3 WHEN sign_on THEN 4 WHEN method <> 'GET' THEN 6
                    WHEN status LIKE '3%' AND status NOT LIKE '304%' THEN 7 WHEN status LIKE '4%' THEN 8
                    WHEN status NOT LIKE '2%' AND status NOT LIKE '304%' AND status <> '' THEN 9
                    WHEN service IS NULL THEN 1 ELSE 0 END AS kind
        FROM parsed LEFT JOIN paths USING ({keys(rules)}) LEFT JOIN agents USING (agent)
    """


def paths(rules: Rules) -> str:
    """Each path of the batch once: asset, background, sign-on, or which service; its shape where no rule knows it."""
    services = " ".join(
        f"WHEN regexp_matches(path, {text(rule.path)})"
        + (f" AND regexp_matches(query, {text(rule.query)})" if rule.query else "")
        + f" THEN {SERVICES.index(rule.service)}"
        for rule in rules.service
    )
    shape = "regexp_replace(path, '[0-9a-fA-F-]{8,}|[0-9]+', '…', 'g')"
    if rules.asks_queries:
        shape += " || CASE WHEN query <> '' THEN '?' || regexp_replace(query, '=[^&]*', '=…', 'g') ELSE '' END"
    return f"""
        SELECT *, CASE WHEN service IS NULL AND NOT asset THEN {shape} END AS shape
        FROM (SELECT {keys(rules)}, asset, NOT asset AND regexp_matches(path, {text(rules.background)}) AS background,
                     NOT asset AND regexp_matches(path, {text(rules.sign_on)}) AS sign_on,
                     CASE WHEN NOT asset THEN CASE {services} END END AS service
              FROM (SELECT *, regexp_matches(path, {text(rules.assets)}) AS asset
                    FROM (SELECT DISTINCT {keys(rules)} FROM parsed WHERE reason IS NULL)))
    """


def agents(rules: Rules) -> str:
    """Each browser of the batch once: a bot or not."""
    return f"""
        SELECT agent, regexp_matches(agent, {text(rules.bots)}) AS bot
        FROM (SELECT DISTINCT agent FROM parsed WHERE reason IS NULL)
    """


def hits(rules: Rules, salt: str, file: int) -> str:
    """The page views: numbers that stand for visitor and address, second, position, service, persona (0: not told).

    `file` is the number of the file, by which page views of one second are ordered before their line numbers.
    """
    cases = " ".join(
        f'WHEN "{rule.field}" <> \'\' AND regexp_matches("{rule.field}", {text(rule.match)}) '
        f"THEN {PERSONAS.index(rule.persona) + 1}"
        for rule in rules.persona
    )
    persona = f"CASE {cases} ELSE 0 END" if cases else "0"
    user = number('"user"', salt)
    apart = f"CASE WHEN placed THEN {number('address || chr(0) || agent', salt)} END"
    visitor = {
        "address": apart,
        "user": f"CASE WHEN named THEN {user} END",
        "user-or-address": f"CASE WHEN named THEN {user} ELSE {apart} END",
    }[rules.visitor]
    named = "false" if rules.visitor == "address" else "named"
    return f"""
        SELECT visitor, address, named, second, position, service, persona FROM (
            SELECT {visitor} AS visitor, CASE WHEN placed THEN {number("address", salt)} END AS address,
                   {named} AS named, second,
                   {file << 40} + number AS position, service, {persona} AS persona FROM ({PAGES})
        ) WHERE visitor IS NOT NULL
    """


def number(name: str, salt: str) -> str:
    """A number that stands for a name for as long as the salt is known."""
    return f"md5_number_lower({text(salt)} || {name})"


def suspects(rules: Rules, salt: str, share: float) -> str:
    """Who has such a share of the batch's page views: name, whether it is a user's, and the number for it.

    Whoever has such a share of a whole log has it in one batch at least.
    """
    name = "address" if rules.visitor == "address" else 'CASE WHEN named THEN "user" ELSE address END'
    named = "false" if rules.visitor == "address" else "named"
    return f"""
        SELECT name, named, {number("name", salt)}
        FROM (SELECT {name} AS name, {named} AS named, count(*) AS pages, sum(count(*)) OVER () AS whole
              FROM ({PAGES}) WHERE placed OR {named} GROUP BY ALL)
        WHERE pages >= {share} * whole ORDER BY ALL
    """

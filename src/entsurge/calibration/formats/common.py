"""The common log format and its kin: combined, vhost_combined, forwarded addresses before or after, Traefik's.

A line is `address ident user [date] "request" status size "referer" "agent"`. Cutting the usual one at its quotes is
six times as fast as an expression for all; whatever is unusual in a line sends it to the expressions.
"""

from __future__ import annotations

from entsurge.calibration.addresses import ADDRESS, LIST, forwarded
from entsurge.calibration.formats.format import TEXT, UNKNOWN, Format, cut
from entsurge.calibration.sql import text

FIRST, LAST = "combined, forwarded addresses first", "combined, forwarded addresses last"

USUAL = f"""
    SELECT number, line,
           CASE WHEN len(q) < 6 THEN 'common' WHEN contains(address, ',') THEN '{FIRST}'
                WHEN forwarded IS NOT NULL THEN '{LAST}'
                WHEN len(q) = 11 AND q[11] LIKE ' %ms' THEN 'Traefik' ELSE 'combined' END AS format,
           CASE WHEN forwarded IS NULL THEN address ELSE forwarded || ', ' || address END AS addresses,
           "user", substring(head, length(head) - 27, 26) AS stamp, q[2] AS request, status,
           coalesce(q[6], '') AS agent, '' AS profile, NULL::TINYINT AS fault
    FROM (SELECT *, trim(substring(head, length(address) + 4, length(head) - length(address) - 33), ' ') AS "user",
                 CASE WHEN len(q) > 7 THEN list_filter(q[8:], lambda x: {forwarded("x")})[1]
                      WHEN len(q) = 7 AND q[7] <> '' AND {forwarded("trim(q[7])")} THEN trim(q[7]) END AS forwarded
          FROM (SELECT number, line, q, q[1] AS head, split_part(q[1], ' ', 1) AS address,
                       substring(q[3], 2, 3) AS status
                FROM (SELECT number, line, string_split(line, '"') AS q FROM batch
                      WHERE line NOT LIKE '{{%' AND NOT contains(line, '\\"') AND NOT contains(line, chr(0)))))
    WHERE head LIKE '%] ' AND substring(head, length(head) - 28, 1) = '[' AND regexp_matches(status, '^[0-9]{{3}}$')
      AND address <> '' AND substring(head, length(address) + 1, 3) = ' - ' AND "user" <> '' AND "user" NOT LIKE '% -%'
"""
"""The fields of the lines of `batch` that hold nothing unusual; the others are left out."""

_DATE = r'\[([^\]"]*\d\d:\d\d[^\]"]*|\d{9,19}(?:\.\d+)?)\]'
_LINE = rf'^(.*?) ?{_DATE} "({TEXT})" (\d{{3}})(.*)$'
_WORD = r'("[^"]*"|\S+)'
_HEAD = rf'^((?:.*[ ,"])?\[?{ADDRESS}(?:\]?:\d+)?\]?"?|[^ ,"]+:\d+ \S+|\S+)(?: {_WORD})?(?: ("[^"]*"|.+))?$'
_PORT = r'^[^ ,"]+:\d+ '  # a virtual host with its port, before the address
_HOST = rf'{_PORT}|^[^ ,":]*[g-zG-Z][^ ,":]* '
_TAIL = f'" ({LIST})$'
_UNUSUAL = f"""
    SELECT number, line,
           CASE WHEN host AND len(quoted) < 2 THEN 'vhost_common' WHEN host THEN 'vhost_combined'
                WHEN len(chain) > 1 THEN '{FIRST}' WHEN forwarded IS NOT NULL THEN '{LAST}'
                WHEN len(quoted) < 2 THEN 'common' WHEN len(quoted) = 4 AND tail LIKE '% %ms' THEN 'Traefik'
                ELSE 'combined' END AS format,
           coalesce(forwarded || ', ', '')
               || CASE WHEN len(chain) > 0 THEN array_to_string(chain, ', ')
                       ELSE regexp_extract(origin, '\\S+$') END AS addresses,
           trim(CASE WHEN h.name = '' THEN h.ident ELSE h.name END, ' "') AS "user",
           stamp, request, status, coalesce(quoted[2], '') AS agent, '' AS profile,
           CASE WHEN stamp = '' OR origin = '' THEN {UNKNOWN} END AS fault
    FROM (SELECT *, regexp_extract_all(origin, {text(ADDRESS)}) AS chain,
                 coalesce(list_filter(quoted[3:], lambda x: {forwarded("x")})[1],
                          CASE WHEN {forwarded("bare")} THEN bare END) AS forwarded
          FROM (SELECT *, regexp_replace(h.origin, {text(_PORT)}, '') AS origin,
                       regexp_matches(h.origin, {text(_HOST)}) AS host
                FROM (SELECT number, line, f.stamp, f.request, f.status, f.tail,
                             regexp_extract(f.head, {text(_HEAD)}, ['origin', 'ident', 'name']) AS h,
                             regexp_extract_all(f.tail, {text(f'"({TEXT})"')}, 1) AS quoted,
                             regexp_extract(f.tail, {text(_TAIL)}, 1) AS bare
                      FROM (SELECT number, line,
                                   {cut(_LINE, "head", "stamp", "request", "status", "tail")} AS f FROM lines))))
"""

_TEST = _DATE + ' "'

COMMON = Format("common, combined, vhost_combined", f"regexp_matches(line, {text(_TEST)})", lambda _: _UNUSUAL)

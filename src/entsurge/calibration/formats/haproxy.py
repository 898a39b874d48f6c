"""HAProxy's httplog: `client:port [date] frontend backend/server timers status … {captured|headers} "request"`.

Its dates bear no offset. Of captured headers, the one of addresses is where the visitor came from, and the one that
begins like a browser is the browser.
"""

from __future__ import annotations

from entsurge.calibration.addresses import LIST
from entsurge.calibration.formats.format import UNKNOWN, Format, cut
from entsurge.calibration.sql import text

_START = r"^(\S+):\d+ \[(\d{1,2}/[A-Za-z]{3}/\d{4}:[\d:.]+)\] \S+ \S+/\S+ [-+\d/]+ (-?\d+) "
_LINE = rf'{_START}(.*?) ?"([^"]*)"?'
_FORWARDED = rf"[{{|]({LIST})[|}}]"
_AGENT = r"[{|]([A-Za-z][\w.-]*/[^|}]*)"


def _fields(_: object) -> str:
    return f"""
        SELECT number, line, 'HAProxy' AS format,
               CASE WHEN forwarded = '' THEN f.address ELSE forwarded || ', ' || f.address END AS addresses,
               '' AS "user", f.stamp, f.request, f.status,
               regexp_extract(f.captured, {text(_AGENT)}, 1) AS agent, '' AS profile,
               CASE WHEN f.stamp = '' THEN {UNKNOWN} END AS fault
        FROM (SELECT number, line, f, regexp_extract(f.captured, {text(_FORWARDED)}, 1) AS forwarded
              FROM (SELECT number, line,
                           {cut(_LINE, "address", "stamp", "status", "captured", "request")} AS f FROM lines))
    """


HAPROXY = Format("HAProxy httplog", f"regexp_matches(line, {text(_START)})", _fields)

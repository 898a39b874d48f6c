"""Envoy's default text, and Istio's: `[time] "request" status flags … "x-forwarded-for" "agent" …`."""

from __future__ import annotations

from entsurge.calibration.formats.format import TEXT, UNKNOWN, Format, cut
from entsurge.calibration.sql import text

_TEST = r'^\[\d{4}-\d\d-\d\dT[^\]]+\] "'
_ISTIO = rf'(?:\S+ \S+ "{TEXT}" )?'  # details of the answer, and why the upstream failed
_LINE = rf'^\[([^\]]+)\] "({TEXT})" (\d+) \S+ {_ISTIO}\S+ \S+ \S+ \S+ "({TEXT})" "({TEXT})"'


def _fields(_: object) -> str:
    return f"""
        SELECT number, line, 'Envoy' AS format, f.address AS addresses, '' AS "user", f.stamp, f.request,
               f.status, f.agent, '' AS profile, CASE WHEN f.stamp = '' THEN {UNKNOWN} END AS fault
        FROM (SELECT number, line, {cut(_LINE, "stamp", "request", "status", "address", "agent")} AS f FROM lines)
    """


ENVOY = Format("Envoy", f"regexp_matches(line, {text(_TEST)})", _fields)

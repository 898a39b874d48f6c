"""AWS application load balancers: `type time elb client:port target:port … status … "request" "agent" …`."""

from __future__ import annotations

from entsurge.calibration.formats.format import TEXT, UNKNOWN, Format, cut
from entsurge.calibration.sql import text

_TEST = r"^[a-z0-9]+ \d{4}-\d\d-\d\dT[\d:.]+Z \S+ \S+ \S+ [-\d.]+ [-\d.]+ [-\d.]+ "
_LINE = rf'^\S+ (\S+) \S+ (\S+):\d+ \S+ \S+ \S+ \S+ (\S+) \S+ \S+ \S+ "({TEXT})" "({TEXT})"'


def _fields(_: object) -> str:
    return f"""
        SELECT number, line, 'AWS ALB' AS format, f.address AS addresses, '' AS "user", f.stamp, f.request,
               f.status, f.agent, '' AS profile, CASE WHEN f.stamp = '' THEN {UNKNOWN} END AS fault
        FROM (SELECT number, line, {cut(_LINE, "stamp", "address", "status", "request", "agent")} AS f FROM lines)
    """


ALB = Format("AWS ALB", f"regexp_matches(line, {text(_TEST)})", _fields)

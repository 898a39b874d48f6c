"""JSON lines, by the names that servers give their fields: nginx's usual ones, Caddy, Traefik, Envoy, ECS, Google's.

A rules file names others under `[json_fields]`. A dot goes into an object (`request.remote_ip`) unless a field is
called so with its dot; of a list the first entry counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.calibration.formats.format import NO_JSON, Format
from entsurge.calibration.sql import text
from entsurge.calibration.stamps import HAS_OFFSET, PLAUSIBLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from entsurge.calibration.rules import Rules

KNOWN = {
    "time": (
        "time_iso8601", "@timestamp", "timestamp", "time", "ts", "time_local", "StartUTC", "start_time", "datetime",
        "date_time", "msec", "EdgeStartTimestamp",
    ),
    "path": (
        "request_uri", "uri", "path", "url", "RequestPath", "request.uri", "url.original", "url.path", "request_path",
        "httpRequest.requestUrl", "request.path", "request.url", "ClientRequestURI",
    ),
    "query": ("query_string", "args", "query", "url.query"),
    "request": ("request", "request_line"),
    "method": (
        "request_method", "method", "RequestMethod", "request.method", "http.request.method",
        "httpRequest.requestMethod", "http_method", "verb", "ClientRequestMethod",
    ),
    "status": (
        "status", "status_code", "response_code", "DownstreamStatus", "http.response.status_code",
        "httpRequest.status", "response.status", "status-code", "EdgeResponseStatus",
    ),
    "forwarded": (
        "http_x_forwarded_for", "x_forwarded_for", "X-Forwarded-For", "x-forwarded-for", "xff", "forwarded_for",
        "request.headers.X-Forwarded-For", "request_X-Forwarded-For",
    ),
    "address": (
        "remote_addr", "client_ip", "clientip", "client", "ip", "ClientHost", "request.client_ip", "request.remote_ip",
        "request.remote_addr", "source.ip", "client.ip", "source.address", "client.address", "httpRequest.remoteIp",
        "remote_ip", "remote_host", "downstream_remote_address", "client_addr", "ClientAddr", "ClientIP",
    ),
    "user": ("remote_user", "user", "user_id", "uid", "ClientUsername", "user.name", "username"),
    "agent": (
        "http_user_agent", "user_agent", "agent", "request_User-Agent", "request.headers.User-Agent",
        "user_agent.original", "httpRequest.userAgent", "userAgent", "useragent", "user-agent",
        "ClientRequestUserAgent",
    ),
    "profile": ("profile", "profil", "persona", "user_profile"),
}  # fmt: skip


def _paths(name: str) -> Iterator[str]:
    """Where a field of this name may stand, as JSON paths: flat, then in objects, of a list its first entry."""
    yield f'$."{name}"'
    if "." in name:
        nested = "$." + ".".join(f'"{part}"' for part in name.split("."))
        yield from (f"{nested}[0]", nested)


def fields(rules: Rules) -> str:
    """The SELECT for a set of rules: its names first, then the known ones."""
    names = {field: (*getattr(rules.json_fields, field), *known) for field, known in KNOWN.items()}
    paths = list(dict.fromkeys(path for each in names.values() for name in each for path in _paths(name)))

    def values(field: str) -> str:
        return ", ".join(f"v[{paths.index(path) + 1}]" for name in names[field] for path in _paths(name))

    columns = ", ".join(f"coalesce({values(field)}, '') AS \"{field}\"" for field in names if field != "time")
    caddy = f"{_has(paths, 'request.uri')} AND {_has(paths, 'request.headers.User-Agent')}"
    query = "CASE WHEN query <> '' AND NOT contains(path, '?') THEN '?' || query ELSE '' END"
    return f"""
        SELECT number, line,
               CASE WHEN {caddy} THEN 'Caddy (JSON)'
                    WHEN {_has(paths, "RequestPath")} THEN 'Traefik (JSON)' ELSE 'JSON lines' END AS format,
               forwarded || CASE WHEN forwarded <> '' AND address <> '' THEN ', ' ELSE '' END || address AS addresses,
               "user", coalesce(list_filter(times, lambda x: regexp_matches(x, {text(PLAUSIBLE)})
                                                             AND regexp_matches(x, {text(HAS_OFFSET)}))[1],
                                list_filter(times, lambda x: regexp_matches(x, {text(PLAUSIBLE)}))[1],
                                times[1], '') AS stamp,
               CASE WHEN path <> '' THEN coalesce(nullif(method, ''), 'GET') || ' ' || path || {query}
                    ELSE request END AS request,
               status, agent, profile,
               CASE WHEN len(times) = 0 OR (path = '' AND request = '') THEN {NO_JSON} END AS fault
        FROM (SELECT number, line, v, {columns},
                     list_filter([{values("time")}], lambda x: x IS NOT NULL) AS times
              FROM (SELECT number, line,
                           list_transform(json_extract_string(j, [{", ".join(map(text, paths))}]), lambda x:
                               CASE WHEN x <> '' AND x NOT LIKE '{{%}}' AND x NOT LIKE '[%]' THEN x END) AS v
                    FROM (SELECT number, line, coalesce(try_cast(line AS JSON), '{{}}'::JSON) AS j FROM lines)))
    """


def _has(paths: list[str], name: str) -> str:
    return "coalesce(" + ", ".join(f"v[{paths.index(path) + 1}]" for path in _paths(name)) + ") IS NOT NULL"


JSON_LINES = Format("JSON lines, Caddy, Traefik", "line LIKE '{%'", fields)

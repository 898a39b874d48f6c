"""Protocols, connections and handshakes of a run in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from entsurge.findings.transport import Connections, Transport
    from entsurge.render.numbers import Numbers


def negotiated(found: Transport) -> str:
    """What a run's first question was answered over: `HTTP/2, TLSv1.3, TLS_AES_256_GCM_SHA384`; empty if not known."""
    agreed = found.negotiated
    return ", ".join(filter(None, (f"HTTP/{agreed.http}", agreed.tls, agreed.cipher))) if agreed else ""


def transport_lines(found: Transport, words: Mapping[str, Any], numbers: Numbers) -> Iterator[str]:
    """What the first question was answered over, the protocols of all, connections, handshakes; what is not known."""
    say, agreed = words["transport"], found.negotiated
    if agreed:
        yield say["first"].format(spoken=negotiated(found), address=agreed.address)
    if found.connections is None:
        yield say["unknown"]
        return
    shares = ", ".join(f"HTTP/{each.protocol} {numbers.ratio(each.share)}" for each in found.protocols)
    yield say["protocols"].format(n=numbers.number(found.requests), shares=shares or "–")
    yield _connections(found.connections, say, numbers)
    if found.forgiven:
        known = words["forgiven"]
        reasons = ", ".join(
            f"{known.get(each.reason, each.reason)} ({numbers.number(each.answers)})" for each in found.forgiven
        )
        yield say["forgiven"].format(reasons=reasons)


def _connections(found: Connections, say: Mapping[str, str], numbers: Numbers) -> str:
    text = say["connections"] + " " + say["handshakes" if found.full or found.resumed else "plain"]
    if found.sockets:
        text += " " + say["sockets"]
    return text.format(
        visits=numbers.number(found.visits), made=numbers.number(found.made), full=numbers.number(found.full),
        resumed=numbers.number(found.resumed), made_each=numbers.number(found.made_per_visit, 2),
        full_each=numbers.number(found.full_per_visit, 2), resumed_each=numbers.number(found.resumed_per_visit, 2),
        sockets=numbers.number(found.sockets),
    )  # fmt: skip

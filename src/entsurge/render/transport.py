"""Protocols, connections and handshakes of a run in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from entsurge.render.numbers import Numbers


def negotiated(found: Mapping[str, Any]) -> str:
    """What a run's first question was answered over: `HTTP/2, TLSv1.3, TLS_AES_256_GCM_SHA384`; empty if not known."""
    agreed = found["negotiated"]
    return ", ".join(filter(None, (f"HTTP/{agreed['http']}", agreed["tls"], agreed["cipher"]))) if agreed else ""


def transport_lines(found: Mapping[str, Any], words: Mapping[str, Any], numbers: Numbers) -> Iterator[str]:
    """What the first question was answered over, the protocols of all, connections, handshakes; what is not known."""
    say, agreed = words["transport"], found["negotiated"]
    if agreed:
        yield say["first"].format(spoken=negotiated(found), address=agreed["address"])
    if not found["connections"]:
        yield say["unknown"]
        return
    shares = ", ".join(f"HTTP/{each['protocol']} {numbers.ratio(each['share'])}" for each in found["protocols"])
    yield say["protocols"].format(n=numbers.number(found["requests"]), shares=shares or "–")
    yield _connections(found["connections"], say, numbers)
    if found["forgiven"]:
        reasons = ", ".join(f"{each['reason']} ({numbers.number(each['answers'])})" for each in found["forgiven"])
        yield say["forgiven"].format(reasons=reasons)


def _connections(found: Mapping[str, Any], say: Mapping[str, str], numbers: Numbers) -> str:
    told = {name: numbers.number(found[name]) for name in ("visits", "made", "full", "resumed")}
    told |= {f"{name}_each": numbers.number(found[f"{name}_per_visit"], 2) for name in ("made", "full", "resumed")}
    text = say["connections"] + " " + say["handshakes" if found["full"] or found["resumed"] else "plain"]
    if found["sockets"]:
        text += " " + say["sockets"]
    return text.format(**told, sockets=numbers.number(found["sockets"]))

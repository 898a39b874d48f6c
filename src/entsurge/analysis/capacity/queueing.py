"""Queues whose answer is known in closed form: Erlang C, M/M/1, Little, the utilisation law."""

from __future__ import annotations

import math


def erlang_b(servers: int, offered: float) -> float:
    """The share turned away by `servers` without a queue, `offered` in erlang (arrivals/s × seconds each).

    By the recurrence B₀ = 1, B_k = a·B_{k−1} / (k + a·B_{k−1}).
    """
    blocked = 1.0
    for k in range(1, servers + 1):
        blocked = offered * blocked / (k + offered * blocked)
    return blocked


def erlang_c(servers: int, offered: float) -> float:
    """The share that has to wait in M/M/c; 1 from saturation on. C = B / (1 − ρ(1 − B))."""
    load = offered / servers
    if load >= 1:
        return 1.0
    blocked = erlang_b(servers, offered)
    return blocked / (1 - load * (1 - blocked))


def mmc_mean_seconds(servers: int, rate: float, seconds: float) -> float:
    """The mean time in an M/M/c system at so many arrivals per second; infinite from saturation on."""
    if rate * seconds >= servers:
        return math.inf
    return seconds + erlang_c(servers, rate * seconds) / (servers / seconds - rate)


def mm1_quantile(rate: float, served: float, share: float) -> float:
    """The quantile of the time in M/M/1: R_q = −ln(1 − q)/(μ − λ)."""
    return -math.log(1 - share) / (served - rate)


def little(rate: float, seconds: float) -> float:
    """How many are inside: L = λ·W."""
    return rate * seconds


def demand_seconds(utilisation: float, served: float, units: int = 1) -> float:
    """The utilisation law: what one page asks of a resource of so many units, D = U·m/X, in seconds."""
    return utilisation * units / served


def saturates_at(utilisation: float, served: float) -> float:
    """The rate at which a resource used to this share (0 to 1) at `served` per second would be used up: X/U."""
    return served / utilisation if utilisation > 0 else math.inf

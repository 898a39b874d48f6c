"""What tells a simulated run from one that asked somebody: its target's address, and `simulated` in its manifest."""

from __future__ import annotations

SCHEME = "simulated:"


def deployment_of(url: str) -> str:
    """The deployment on paper that an address of a target stands for; empty for a target that can be asked."""
    return url.removeprefix(SCHEME) if url.startswith(SCHEME) else ""

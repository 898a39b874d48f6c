"""A table of nftables that belongs to one process and whose elements have a timeout: it ends by itself, twice over."""

from __future__ import annotations

import contextlib
import re
import subprocess
import time
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, PrivateAttr

from entsurge.chaos.faults.fault import Evidence, Fault, Lease
from entsurge.chaos.lacking import nftables
from entsurge.errors import EntsurgeError

TAKEN_SECONDS = 3.0
COUNTED = re.compile(r"counter packets (\d+)")


class NetworkFault(Fault):
    """A fault of the packets in one network namespace, to and from these ports (1-65535 for all of them).

    The namespace must be named: the machine's own network is never touched. The table belongs to the socket of an `nft`
    that lives as long as its holder; the ports are elements with a timeout, which is the lease.
    """

    lease: ClassVar[Lease] = "kernel"
    evidence: ClassVar[Evidence | None] = "packets"
    netns: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$")]
    ports: list[Annotated[int, Field(ge=1, le=65535)]] = Field(default_factory=list)
    direction: Literal["in", "out", "both"] = "both"
    protocols: ClassVar[tuple[str, ...]] = ("tcp",)
    _nft: Any = PrivateAttr(None)
    _table: str = PrivateAttr("")
    _seconds: float = PrivateAttr(0.0)

    @classmethod
    def lacks_here(cls) -> list[str]:
        """A kernel and rights for nftables."""
        return nftables()

    def lacks(self) -> list[str]:
        """These, or the namespace."""
        return self.lacks_here() or self._no_namespace()

    def _no_namespace(self) -> list[str]:
        known = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=False)  # noqa: S607  ip
        names = [line.split()[0] for line in known.stdout.splitlines() if line]
        return [] if self.netns in names else [f"no network namespace {self.netns}"]

    def verdict(self) -> tuple[str, str]:
        """Which packets are hit, and what happens to them, in nftables' words."""
        raise NotImplementedError

    def touched(self) -> int:
        """By the kernel's counters of its rules. Raises EntsurgeError when the table is gone."""
        listed = self._listed()
        if "@ports" not in listed:
            raise EntsurgeError(f"nft has no table {self._table} any more")
        return sum(int(count) for count in COUNTED.findall(listed))

    def apply(self, lease_seconds: float) -> None:
        """Make the table; returns when the kernel has it. Raises EntsurgeError."""
        self._table, self._seconds = f"entsurge_{self.kind.replace('-', '_')}", lease_seconds
        arguments = ["ip", "netns", "exec", self.netns, "nft", "--interactive"]
        self._nft = subprocess.Popen(  # noqa: S603  nft
            arguments, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        table = f"inet {self._table}"
        which, what = self.verdict()
        rules = [
            f"add rule {table} {hook} {protocol} {end} @ports {which} counter {what}"
            for hook, of in (("input", "in"), ("output", "out"))
            for protocol in self.protocols
            for end in ("dport", "sport")
            if self.direction in (of, "both")
        ]
        chains = [f"add chain {table} {hook} {{ type filter hook {hook} priority 0; }}" for hook in ("input", "output")]
        self._say(
            f"add table {table} {{ flags owner; }}",
            f"add set {table} ports {{ type inet_service; flags interval, timeout; }}",
            self._elements("add"), *chains, *rules,
        )  # fmt: skip
        self._wait()

    def renew(self) -> None:
        """The elements again, with a whole timeout, in one transaction."""
        if self._nft is None or self._nft.poll() is not None:
            raise EntsurgeError("nft is gone")
        self._say(f"flush set inet {self._table} ports", self._elements("add"))

    def end(self, before: dict[str, Any]) -> None:
        """The table goes with its socket. Raises EntsurgeError when the kernel still lists it: its timeouts end it."""
        del before
        if self._nft is None:
            return
        with contextlib.suppress(BrokenPipeError):
            self._nft.stdin.close()
        try:
            self._nft.wait(TAKEN_SECONDS)
        except subprocess.TimeoutExpired:
            self._nft.kill()
            self._nft.wait()
        self._nft.stderr.close()
        limit = time.monotonic() + TAKEN_SECONDS
        while "@ports" in self._listed():
            if time.monotonic() > limit:
                raise EntsurgeError(f"nft still has the table {self._table}")
            time.sleep(0.02)

    def undo(self, before: dict[str, Any]) -> None:
        """Nothing: the kernel has done it."""

    def _elements(self, verb: str) -> str:
        wait = f"timeout {max(1, round(self._seconds * 1000))}ms"
        which = [str(port) for port in self.ports] or ["1-65535"]
        return f"{verb} element inet {self._table} ports {{ {', '.join(f'{each} {wait}' for each in which)} }}"

    def _say(self, *commands: str) -> None:
        self._nft.stdin.write(("; ".join(commands) + "\n").encode())
        self._nft.stdin.flush()

    def _wait(self) -> None:
        """Until the kernel lists the table."""
        limit = time.monotonic() + TAKEN_SECONDS
        while time.monotonic() < limit:
            if "@ports" in self._listed():
                return
            time.sleep(0.02)
        said = self._nft.communicate()[1].decode("utf-8", "replace").strip()
        raise EntsurgeError(f"nft did not take the rules: {said.splitlines()[0] if said else 'no reason given'}")

    def _listed(self) -> str:
        """The table as the kernel has it; empty when it has none."""
        arguments = ["ip", "netns", "exec", self.netns, "nft", "list", "table", "inet", self._table]
        done = subprocess.run(arguments, capture_output=True, text=True, check=False)  # noqa: S603  nft
        return done.stdout if done.returncode == 0 else ""

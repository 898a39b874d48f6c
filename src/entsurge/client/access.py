"""How a target is spoken to: hosts, certificates, protocol, headers, addresses of ours. The one place for clients."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from entsurge.client import connect_to
from entsurge.client.allow_list import AllowList
from entsurge.client.blocking import BlockingClient
from entsurge.client.resolver import KEPT_SECONDS, Resolver
from entsurge.client.tls import Http, Tls

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from entsurge.client.cache import Cache
    from entsurge.client.client import Client, Exchange
    from entsurge.client.dialing import Dialed
    from entsurge.client.resolver import Endpoint
    from entsurge.client.url import Origin

_SECRET = frozenset({"own_headers", "_made"})


@dataclass
class _Made:
    """What is made once for a policy, and shared by everybody who has it."""

    allow: AllowList | None = None
    tls: Tls | None = None


@dataclass(frozen=True)
class Access:
    """A policy, and the clients that keep it. Without hosts and networks, only loopback may be spoken to.

    `certificates` is a file of authorities to trust beside the system's; `client_certificate` and `client_key` are
    files shown to servers that ask. Names are asked again after `names_seconds`. `sources` are addresses of this
    machine that clients come from in turn. `own_headers` are the target's: they may hold secrets.

    With an edge of ours in front of the target, `edge` holds a line for each origin behind it (connect_to.py), and
    `edge_authority` is the file of who vouches for its certificate; `beside`: other origins are spoken to as well.
    """

    hosts: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    certificates: str = ""
    client_certificate: str = ""
    client_key: str = ""
    http: Http = "auto"
    names_seconds: float = KEPT_SECONDS
    sources: tuple[str, ...] = ()
    agent: str = "entsurge"
    run: str = ""
    edge: tuple[str, ...] = ()
    edge_authority: str = ""
    beside: bool = False
    own_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    _made: _Made = field(default_factory=_Made, repr=False, compare=False)

    # -- what is shared --------------------------------------------------------------------------------------------

    @property
    def allow(self) -> AllowList:
        """Where may be connected to."""
        if self._made.allow is None:
            self._made.allow = self._allow(Resolver(seconds=self.names_seconds))
        return self._made.allow

    @property
    def tls(self) -> Tls:
        """What is trusted, shown and offered."""
        if self._made.tls is None:
            self._made.tls = Tls(
                self.certificates, http=self.http, certificate=self.client_certificate, key=self.client_key,
                also=self.edge_authority,
            )  # fmt: skip
        return self._made.tls

    def _allow(self, resolver: Resolver) -> AllowList:
        instead = {(origin.host, origin.port): place for origin, place in self.behind.items()}
        return AllowList(self.hosts, self.networks, resolver, connect_to=instead, beside=self.beside)

    @cached_property
    def behind(self) -> Mapping[Origin, Endpoint]:
        """The origins behind the edge, and where it stands in front of each."""
        return connect_to.read(self.edge)

    @cached_property
    def headers(self) -> dict[str, str]:
        """What every request carries; the target's own may hold secrets."""
        run = {"X-Entsurge-Run": self.run} if self.run else {}
        return {"User-Agent": self.agent, **run, **self.own_headers}

    def source(self, number: int) -> str:
        """The address of this machine that a client of this number comes from; empty for the system's choice."""
        return self.sources[number % len(self.sources)] if self.sources else ""

    # -- the same for another purpose ------------------------------------------------------------------------------

    def of_run(self, run: str, sources: tuple[str, ...] = ()) -> Access:
        """The same policy for one run, whose name every request carries."""
        return replace(self, run=run, sources=sources)

    def without_secrets(self) -> Access:
        """The same without the target's own headers: for whoever is not the target."""
        return replace(self, own_headers={})

    def through(self, edge: tuple[str, ...], authority: str) -> Access:
        """The same through an edge: to these origins by it, to no other."""
        return replace(self, edge=edge, edge_authority=authority, _made=_Made()) if edge else self

    def observing(self) -> Access:
        """The same for who is no visitor: what has no edge in front of it may be asked beside it."""
        return replace(self, beside=True, _made=_Made()) if self.edge else self

    def direct(self) -> Access:
        """The same without the edge: for what is done to the target, which no fault may touch."""
        return replace(self, edge=(), edge_authority="", _made=_Made()) if self.edge else self

    # -- clients ---------------------------------------------------------------------------------------------------

    def client(
        self,
        number: int = 0,
        *,
        on_exchange: Callable[[Exchange], None] | None = None,
        on_connection: Callable[[Dialed], None] | None = None,
        headers: Mapping[str, str] | None = None,
        returning: bool = False,
        cache: Cache | None = None,
    ) -> Client:
        """A visitor's client, in gevent's loop; `headers` are this visitor's own; `returning`: it was there before.

        `cache` is what it still has of an earlier visit.
        """
        from entsurge.client.client import Client

        every = {**self.headers, **headers} if headers else self.headers
        return Client(
            allow=self.allow, headers=every, tls=self.tls, on_exchange=on_exchange,
            on_connection=on_connection, source=self.source(number), returning=returning, cache=cache,
        )  # fmt: skip

    def blocking(self, *, loopback: bool = False) -> BlockingClient:
        """A client on standard sockets, for processes without gevent; `loopback` may be spoken to besides."""
        resolver = Resolver.blocking(self.names_seconds)
        also = (AllowList(resolver=resolver),) if loopback else ()
        return BlockingClient(
            allow=(self._allow(resolver), *also),
            headers=self.headers,
            tls=self.tls,
            source=self.source(0),
        )

    # -- for child processes ---------------------------------------------------------------------------------------

    def to_json(self) -> str:
        """The policy as one line, without the target's own headers."""
        return json.dumps({each.name: getattr(self, each.name) for each in fields(self) if each.name not in _SECRET})

    @staticmethod
    def from_json(text: str) -> Access:
        """The policy that such a line stands for. Raises ValueError for any other."""
        found: dict[str, Any] = json.loads(text)
        try:
            given: dict[str, Any] = {name: tuple(of) if isinstance(of, list) else of for name, of in found.items()}
            return Access(**given)
        except (TypeError, AttributeError) as error:
            raise ValueError(f"not a policy: {error}") from None

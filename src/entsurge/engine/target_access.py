"""How a target is spoken to: driver and access; the same for runs, checks and clean-up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from entsurge import __version__
from entsurge.client.access import Access
from entsurge.drivers import registry as drivers
from entsurge.targets import file as targets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entsurge.targets.file import Target
    from entsurge.visit.driver import Driver


class TargetAccess:
    """The way to one target. Without a target file only loopback is spoken to. Raises UsageError.

    `driver` has the name `driver_name`; `app` is the driver of its app, of the name `app_driver`, None where it has
    none.

    `edge` and `edge_authority`: where an edge of ours stands in front of it, and who vouches for that.
    """

    def __init__(
        self, *, url: str, driver: str, target: str = "", edge: Sequence[str] = (), edge_authority: str = ""
    ) -> None:
        self.url, self.driver_name = url, driver
        self.target: Target | None = targets.load(Path(target)) if target else None
        self.driver: Driver = drivers.make(driver, self._setting())
        self.app_driver = self.target.app_driver if self.target else drivers.APPS.get(driver, "")
        self.app: Driver | None = drivers.make(self.app_driver, self._of_app()) if self.app_driver else None
        self.access = access(self.target).through(tuple(edge), edge_authority)

    def _setting(self) -> drivers.Setting:
        if self.target is None:
            return drivers.Setting(self.url)
        return drivers.Setting(self.url, self.target.sign_on, portals=self.target.portals)

    def _of_app(self) -> drivers.Setting:
        """As the target file's `[app]` says; on loopback without a file, the same address."""
        if self.target is None or self.target.file.app is None:
            return self._setting()
        return drivers.Setting(
            self.target.file.app.url or self.url, self.target.app_sign_on, portals=self.target.portals
        )

    @property
    def writable(self) -> frozenset[str] | None:
        """The services that may be written to; None for all, which only loopback without a target file has."""
        return self.target.file.writes.services if self.target else None

    @property
    def stand_in(self) -> dict[str, str]:
        """The services that the product lacks, and what is opened in their place."""
        return {str(lacks): str(has) for lacks, has in self.target.file.stand_in.items()} if self.target else {}


def access(target: Target | None) -> Access:
    """The policy of a target file; without one, that of loopback."""
    agent = f"entsurge/{__version__} (load test)"
    if target is None:
        return Access(agent=agent)
    certificate, key = target.client_certificate
    return Access(
        hosts=target.file.all_hosts,
        networks=target.file.networks,
        certificates=target.certificates or "",
        client_certificate=certificate,
        client_key=key,
        http=target.file.http,
        names_seconds=target.file.names_seconds,
        agent=agent,
        own_headers=target.headers(),
    )

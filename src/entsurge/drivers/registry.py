"""Which drivers there are: a product's name, and the module that speaks to it.

A driver's module has `driver(setting)`. A new product is a module beside this one and a line in `DRIVERS`.
A name with a `/` or an ending is a file: a driver written in TOML (pages.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from entsurge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsurge.signon.method import SignOn
    from entsurge.visit.driver import Driver

DRIVERS = {
    "portal": "entsurge.drivers.portal",
    "skolengo": "entsurge.drivers.portal",
    "skolengo-mobile": "entsurge.drivers.skolengo_mobile",
}
APPS = {"portal": "skolengo-mobile", "skolengo": "skolengo-mobile"}
"""The app that the embedded ENT has beside a product's portal, at the same address."""
WRITTEN = ("entcore", "moodle")  # drivers in TOML, beside this module
PAGES = "entsurge.drivers.pages"


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a driver speaks to, and what the target says of how: `sign_on` replaces the product's own method.

    `file` is that of a driver written in TOML; `portals` are the addresses of schools that have one of their own.
    """

    url: str
    sign_on: SignOn | None = None
    file: Path | None = None
    portals: Mapping[str, str] = field(default_factory=dict)

    def portal(self, tenant: str) -> str:
        """The address of a school's portal, without its last slash."""
        return self.portals.get(tenant, self.url).rstrip("/")


def names() -> list[str]:
    """What `driver = "…"` and `--driver` may say, files apart."""
    return sorted([*DRIVERS, *WRITTEN])


@cache
def vocabulary() -> frozenset[str]:
    """Every action that a shipped product has: what a scenario may name whichever of them it is offered to."""
    setting = Setting("http://127.0.0.1")
    return frozenset(action for name in names() for action in make(name, setting).actions)


def make(name: str, setting: Setting) -> Driver:
    """The driver of this name, or of this file. Raises UsageError for an unknown one."""
    if name in WRITTEN:
        name = str(Path(__file__).with_name(f"{name}.toml"))
    if "/" in name or name.endswith(".toml"):
        made: Driver = import_module(PAGES).driver(replace(setting, file=Path(name)))
        return made
    if name not in DRIVERS:
        raise UsageError(
            f"no driver {name!r}", hint=f"known: {', '.join(names())}; a driver of your own is a .toml file"
        )
    found: Driver = import_module(DRIVERS[name]).driver(setting)
    return found

"""The portals above the schools: one for each academy, and one for each local authority (a region)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from entsurge.population import Population

_REGIONS = {
    "Auvergne-Rhône-Alpes": ("Clermont-Ferrand", "Grenoble", "Lyon"),
    "Bourgogne-Franche-Comté": ("Dijon", "Besançon"),
    "Nouvelle-Aquitaine": ("Bordeaux", "Limoges", "Poitiers"),
}
_REGION_OF = {academy: region for region, academies in _REGIONS.items() for academy in academies}
_OTHER = "Région d'essai"


@dataclass(frozen=True, slots=True)
class Authority:
    """An academy or a local authority: its portal's path, its name, and the academies whose people it is for."""

    path: str
    name: str
    academies: frozenset[str]


def authorities(population: Population) -> list[Authority]:
    """Every academy, then every region that has one of them."""
    academies = population.academy_names
    regions = dict.fromkeys(map(region_of, academies))
    return [
        *(Authority(f"academie/{slug(name)}", _title(name), frozenset({name})) for name in academies),
        *(
            Authority(f"collectivite/{slug(region)}", region, frozenset(a for a in academies if region_of(a) == region))
            for region in regions
        ),
    ]


def _title(academy: str) -> str:
    return academy if academy.startswith("Académie") else f"Académie de {academy}"


def region_of(academy: str) -> str:
    """The region that runs an academy's high schools."""
    return _REGION_OF.get(academy, _OTHER)


def slug(name: str) -> str:
    """A name as it stands in an address."""
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")

"""The academies: zone A's first, the founding region's at their head, then B's and C's, then those of no zone."""

from __future__ import annotations

ACADEMIES = (
    "Clermont-Ferrand", "Grenoble", "Lyon", "Dijon", "Besançon", "Bordeaux", "Limoges", "Poitiers",
    "Aix-Marseille", "Amiens", "Lille", "Nancy-Metz", "Nantes", "Nice", "Normandie", "Orléans-Tours", "Reims", "Rennes",
    "Strasbourg", "Créteil", "Montpellier", "Paris", "Toulouse", "Versailles",
    "Corse", "Guadeloupe", "Guyane", "La Réunion", "Martinique", "Mayotte",
)  # fmt: skip


def academy_name(academy: int) -> str:
    """The name of an academy; zone A's first, then B's and C's, then those of no zone; past them, numbered."""
    return ACADEMIES[academy] if academy < len(ACADEMIES) else f"Académie {academy + 1}"

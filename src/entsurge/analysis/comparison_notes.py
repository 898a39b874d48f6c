"""What stands beside a comparison's figures, in both languages: what it could not have seen, and what it left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.analysis.family import adjusted, can_show
from entsurge.analysis.left_out import said
from entsurge.analysis.ranks import smallest_p

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entsurge.analysis.family import Compared
    from entsurge.analysis.left_out import LeftOut
    from entsurge.analysis.measured import Measured, Said

    Sides = tuple[int, int]
    Kept = tuple[Sequence[Compared], Sequence[LeftOut]]

SCOPES = {"fr": "publics et services", "en": "personas and services"}
PAGES = {"fr": "pages", "en": "pages"}


def unseen(scopes: Sequence[Compared], left_out: Sequence[LeftOut], sides: Sides, least_effect: float) -> Said | None:
    """What this comparison could have missed, and how many runs would do; None where it would have shown it all."""
    blind, whole = [each for each in scopes if each.blind], len(scopes) + len(left_out)
    if whole and not blind and not left_out:
        return None
    if not whole:
        return {"fr": "rien n’a été comparé : aucune page", "en": "nothing was compared: no page"}
    least = f"{100 * least_effect:g}"
    many = len(blind) + len(left_out)
    french = f"un ralentissement de {least} % a pu passer inaperçu pour {many} publics et services sur {whole}"
    english = f"a slowdown of {least}% could have gone unseen for {many} of {whole} personas and services"
    if blind:
        fr, en = _smallest(blind, sides)
        french, english = f"{french} ; {fr}", f"{english}; {en}"
    if left_out:
        french += f" ; {len(left_out)} d’entre eux avec trop peu de pages pour être jugés"
        english += f"; {len(left_out)} of them with too few pages to be judged"
    return {"fr": french, "en": english}


def _smallest(blind: Sequence[Compared], sides: Sides) -> tuple[str, str]:
    """The smallest changes that are shown at 80 % power, and how many runs would show enough."""
    needed = [each.would_do for each in blind]
    known = [each.smallest - 1 for each in blind if each.smallest is not None]
    if not can_show(*sides):
        french, english = (
            "tant de tirs ne montrent aucun ralentissement",
            "so many runs show no slowdown, however large",
        )
    elif known:
        low, high = f"{min(known):.0%}"[:-1], f"{max(known):.0%}"[:-1]
        between = low if low == high else f"{low} à +{high}"
        french = f"à 80 % de puissance, ces tirs n’en montrent qu’à partir de +{between} %"
        between = low if low == high else f"{low} to +{high}"
        english = f"at 80% power these runs show one from +{between}% on"
    else:
        french, english = "ces tirs diffèrent trop entre eux", "these runs differ too much among themselves"
    if sum(sides) == 2:
        return (
            f"{french} ; il en faut au moins quatre de chaque côté, ou trois contre dix",
            f"{english}; it takes four a side at least, or three against ten",
        )
    found = [each for each in needed if each is not None]
    if len(found) == len(needed):
        baselines, candidates = max(found, key=lambda each: (each[1], each[0]))
        return (
            f"{french} ; {baselines} références et {candidates} candidats devraient suffire",
            f"{english}; about {baselines} baselines and {candidates} candidates would do",
        )
    return (
        f"{french} ; même dix de chaque côté ne suffiraient pas : il faut des tirs plus longs ou plus grands",
        f"{english}; even ten a side would not do: it takes longer runs, or a larger scale",
    )


def notes(runs: Sequence[Measured], sides: Sides, scopes: Kept, pages: Kept) -> list[Said]:
    """What was left out and why, that too few runs show nothing, and which measurements are in doubt."""
    found = [
        each
        for (kept, left_out), what in ((scopes, SCOPES), (pages, PAGES))
        for each in said(left_out, len(kept) + len(left_out), what)
    ]
    if not can_show(*sides):
        baselines, candidates = sides
        p = f"{adjusted(smallest_p(baselines, candidates)):.2f}"
        found.append({
            "fr": f"{baselines} et {candidates} tir(s) ne peuvent rien montrer au-delà du hasard (plus petit p : "
            f"{p.replace('.', ',')}) : les rapports sont donnés, le verdict repose sur les objectifs de chaque tir",
            "en": f"{baselines} and {candidates} run(s) cannot show a difference beyond chance (smallest p {p}): "
            "ratios are shown, the verdict rests on each run's own objectives",
        })  # fmt: skip
    return found + [
        {
            "fr": f"{run.name} : la mesure elle-même est douteuse ({reason['fr']})",
            "en": f"{run.name}: the measurement itself is in doubt ({reason['en']})",
        }
        for run in runs
        for reason in run.unbelievable
    ]

"""What stands beside a comparison's figures, in both languages: what it could not have seen, and what it left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.analysis.family import adjusted, can_show
from entsurge.analysis.left_out import said
from entsurge.analysis.ranks import smallest_p

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entsurge.analysis.measured import Measured
    from entsurge.findings.comparison import Compared, LeftOut
    from entsurge.findings.verdict import Said

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
    if left_out:
        french += f" (dont {len(left_out)} ont trop peu de pages pour être jugés)"
        english += f" ({len(left_out)} of them with too few pages to be judged)"
    if blind:
        fr, en = _smallest(blind, sides)
        french, english = f"{french} ; {fr}", f"{english}; {en}"
    return {"fr": french, "en": english}


def _smallest(blind: Sequence[Compared], sides: Sides) -> tuple[str, str]:
    """The smallest changes that are shown at 80 % power, and how many runs would show enough."""
    known = [each.smallest - 1 for each in blind if each.smallest is not None]
    if not can_show(*sides):
        french, english = (
            "si peu de tirs ne peuvent montrer aucun ralentissement",
            "so few runs can show no slowdown, however large",
        )
    elif known:
        low, high = f"{min(known):.0%}"[:-1], f"{max(known):.0%}"[:-1]
        from_fr, from_en = (low, low) if low == high else (f"{low} à +{high}", f"{low} to +{high}")
        french = f"à 80 % de puissance, ces tirs n’en montrent qu’à partir de +{from_fr} %"
        english = f"at 80% power these runs show one from +{from_en}% on"
    else:
        french, english = "ces tirs diffèrent trop entre eux", "these runs differ too much among themselves"
    fr, en = _enough(blind, sides)
    return f"{french} ; {fr}", f"{english}; {en}"


def _enough(blind: Sequence[Compared], sides: Sides) -> tuple[str, str]:
    """How many runs would show the least effect, as far as more runs would."""
    if sum(sides) == 2:
        return (
            "il en faut au moins quatre de chaque côté, ou trois contre dix",
            "it takes four a side at least, or three against ten",
        )
    found = [each.would_do for each in blind if each.would_do is not None]
    never = len(blind) - len(found)
    french, english = [], []
    if found:
        baselines, candidates = max(found, key=lambda each: (each[1], each[0]))
        others = (f" pour {len(found)} d’entre eux", f" for {len(found)} of them") if never else ("", "")
        french.append(f"{baselines} références et {candidates} candidats devraient suffire{others[0]}")
        english.append(f"{baselines} baselines and {candidates} candidates should do{others[1]}")
    if never:
        french.append(
            f"même dix de chaque côté ne suffiraient pas pour {never} : il faut des tirs plus longs ou plus grands"
        )
        english.append(f"even ten a side would not do for {never}: it takes longer runs, or a larger scale")
    return " ; ".join(french), "; ".join(english)


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

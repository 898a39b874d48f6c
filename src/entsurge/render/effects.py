"""What faults and measures did, as the report's page and its Markdown show it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from entsurge.catalogue import catalogue
from entsurge.render.numbers import NOTHING, Numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from entsurge.findings.perturbation import (
        Difference,
        Disturbance,
        Effect,
        EffectCell,
        EffectInversion,
        Estimate,
        Worth,
    )


def effects_words(language: str) -> dict[str, Any]:
    """The catalogue of this section."""
    return catalogue("effects", language)


def effects_view(found: Sequence[Effect], words: Mapping[str, Any], numbers: Numbers) -> dict[str, Any] | None:
    """Rows of the section for one run; None when it had no perturbation."""
    if not found:
        return None
    language = words["language"]
    say = effects_words(language)
    controlled = any(cell.control for each in found for cell in each.cells)
    headings = [say[name] for name in ("persona", "service", "pages", "served", "change", "slower")]
    headings += [say["control"]] if controlled else []
    return {
        "headings": [*headings, say["degrade"], say["recover"]],
        "perturbations": [_perturbation(each, words, say, numbers, controlled=controlled) for each in found],
        "worth_headings": [say[name] for name in ("name", "rank", "bought", "cost", "time")],
        "worth": [
            _worth(each, each.worth, language, numbers)
            for each in sorted(found, key=lambda one: (one.worth and one.worth.rank) or len(found))
            if each.worth
        ],
    }


def _perturbation(
    each: Effect, words: Mapping[str, Any], say: Mapping[str, Any], numbers: Numbers, *, controlled: bool
) -> dict[str, Any]:
    of = each.perturbation
    when = say["when"].format(kind=say[of.kind], start=numbers.number(of.start_s, 1), end=numbers.number(of.end_s, 1))
    return {
        "title": of.title[words["language"]],
        "when": when,
        "note": _note(each, say),
        "summary": f"{say['persona']} × {say['service']}",
        "lines": [*_resilience(each, say, numbers), *_breaches(each, say, numbers)],
        "inversions": [_inversion(one, words, say, numbers) for one in each.inversions],
        "rows": [_row(cell, words, say, numbers, controlled=controlled) for cell in each.cells],
    }


def _note(each: Effect, say: Mapping[str, Any]) -> str:
    of = each.perturbation
    if not of.applied:
        return str(say["never"].format(detail=of.detail or NOTHING))
    if not each.cells:
        return str(say["none"])
    if each.compared:
        return ""
    return str(say["alone"] if of.whole_run else say["short"])


def _resilience(each: Effect, say: Mapping[str, Any], numbers: Numbers) -> Iterator[str]:
    """What protected people kept during a fault, and how soon it was over, as a sentence."""
    found = each.resilience
    if found is None or found.kept_percent.value is None:
        return
    kept = estimate(found.kept_percent, numbers, 1)
    of = [numbers.number(share, 1) for share in (found.during_percent, found.before_percent)]
    yield str(say["resilience_line"].format(kept=kept, during=of[0], before=of[1])) + _when_over(
        found.disturbance, say, numbers
    )


def _when_over(of: Disturbance, say: Mapping[str, Any], numbers: Numbers) -> str:
    if of.felt is None:
        return "."
    if not of.felt:
        return str(say["resilience_unfelt"])
    if of.recover_s is None:
        return str(say["resilience_not_over"])
    return str(say["resilience_over"].format(seconds=numbers.seconds(of.recover_s)))


def _breaches(each: Effect, say: Mapping[str, Any], numbers: Numbers) -> Iterator[str]:
    """When the steady state did not hold while it was in force, a sentence each."""
    for breach in each.perturbation.breaches:
        name = "breach" if breach.end_s is not None else "breach_to_the_end"
        end = numbers.number(breach.end_s, 1)
        yield str(say[name].format(start=numbers.number(breach.start_s, 1), end=end, probe=breach.probe))


def _inversion(of: EffectInversion, words: Mapping[str, Any], say: Mapping[str, Any], numbers: Numbers) -> str:
    return str(
        say["inversion_line"].format(
            service=words["services"].get(of.service, of.service),
            protected=words["whom"].get(of.protected, of.protected),
            other=words["whom"].get(of.other, of.other),
            mine=numbers.number(-of.protected_points, 1), theirs=numbers.number(-of.other_points, 1),
        )
    )  # fmt: skip


def _row(
    cell: EffectCell, words: Mapping[str, Any], say: Mapping[str, Any], numbers: Numbers, *, controlled: bool
) -> list[str]:
    row = [
        words["personas"].get(cell.persona, cell.persona),
        words["services"].get(cell.service, cell.service),
        numbers.number(cell.pages.asked),
        numbers.number(cell.pages.served_percent, 1),
        estimate(cell.before.served if cell.before else None, numbers, 1, signed=True),
        estimate(cell.before.slower if cell.before else None, numbers, 2, times=True),
    ]
    if controlled:
        row.append(_against(cell.control, say, numbers))
    return [*row, _felt(cell.disturbance, say, numbers), _over(cell.disturbance, say, numbers)]


def _against(control: Difference | None, say: Mapping[str, Any], numbers: Numbers) -> str:
    if control is None:
        return NOTHING
    points = estimate(control.served, numbers, 1, signed=True)
    return f"{points} {say['points']} · {estimate(control.slower, numbers, 2, times=True)}"


def _felt(of: Disturbance, say: Mapping[str, Any], numbers: Numbers) -> str:
    if of.felt is None:
        return NOTHING
    return numbers.seconds(of.degrade_s) if of.felt else str(say["never_felt"])


def _over(of: Disturbance, say: Mapping[str, Any], numbers: Numbers) -> str:
    if not of.felt:
        return NOTHING
    return numbers.seconds(of.recover_s) if of.recover_s is not None else str(say["not_over"])


def _worth(each: Effect, worth: Worth, language: str, numbers: Numbers) -> list[str]:
    return [
        each.perturbation.title[language],
        numbers.number(worth.rank),
        estimate(worth.bought_pages_per_minute, numbers, 0, signed=True),
        estimate(worth.cost_pages_per_minute, numbers, 0, signed=True),
        estimate(worth.slower, numbers, 2, times=True),
    ]


def estimate(of: Estimate | None, numbers: Numbers, decimals: int, *, signed: bool = False, times: bool = False) -> str:
    """`+3,1 [1,0 ; 5,2]`, or `× 1.20 [1.10, 1.31]`; a dash of nothing."""
    if of is None or of.value is None:
        return NOTHING
    value = ("×\u202f" if times else "") + numbers.number(of.value, decimals, signed=signed)
    if of.low is None or of.high is None:
        return value
    between = "\u202f; " if numbers.lang == "fr" else ", "
    low, high = (numbers.number(side, decimals, signed=signed) for side in (of.low, of.high))
    return f"{value} [{low}{between}{high}]"


def effects_markdown(found: Sequence[Effect], words: Mapping[str, Any], numbers: Numbers) -> Iterator[str]:
    """The section as Markdown: what each did to whom, and the measures ranked; nothing without perturbations."""
    view = effects_view(found, words, numbers)
    if view is None:
        return
    say = effects_words(words["language"])
    yield from (f"### {say['title']}", "")
    for each in view["perturbations"]:
        yield f"- **{_plain(each['title'])}**, {_plain('; '.join(filter(None, (each['when'], each['note']))))}"
        yield from (f"  - {_plain(line)}" for line in each["lines"])
        yield from (f"  - {say['inversion']}: {_plain(line)}" for line in each["inversions"])
    if view["worth"]:
        yield from ("", f"### {say['worth']}", "", _line(view["worth_headings"]), "|---" + "|--:" * 4 + "|")
        yield from (_line(row) for row in view["worth"])
    yield ""


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(_plain(cell) for cell in cells) + " |"


def _plain(text: object) -> str:
    return re.sub(r"([\\`*_{}<>#|])", r"\\\1", str(text)).replace("\n", " ")

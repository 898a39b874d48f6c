"""What faults and measures did, as the report's page and its Markdown show it."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from entsurge import content
from entsurge.render.numbers import NOTHING, Numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@lru_cache(maxsize=2)
def effects_words(language: str) -> dict[str, Any]:
    """The catalogue of this section."""
    path = content.root("reports") / f"effects.{language}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def effects_view(run: Mapping[str, Any], words: Mapping[str, Any], numbers: Numbers) -> dict[str, Any] | None:
    """Rows of the section for one run; None when it had no perturbation."""
    found = run.get("effects") or []
    if not found:
        return None
    language = words["language"]
    say = effects_words(language)
    controlled = any("against_control" in cell for each in found for cell in each["cells"])
    headings = [say[name] for name in ("persona", "service", "pages", "served", "change", "slower")]
    headings += [say["control"]] if controlled else []
    return {
        "headings": [*headings, say["degrade"], say["recover"]],
        "perturbations": [_perturbation(each, words, say, numbers, controlled=controlled) for each in found],
        "worth_headings": [say[name] for name in ("name", "rank", "bought", "cost", "time")],
        "worth": [
            _worth(each, language, numbers)
            for each in sorted((one for one in found if one["worth"]), key=lambda one: int(one["worth"]["rank"]))
        ],
    }


def _perturbation(
    each: Mapping[str, Any], words: Mapping[str, Any], say: Mapping[str, Any], numbers: Numbers, *, controlled: bool
) -> dict[str, Any]:
    when = say["when"].format(
        kind=say[each["kind"]], start=numbers.number(each["start_s"], 1), end=numbers.number(each["end_s"], 1)
    )
    return {
        "title": each["title"][words["language"]],
        "when": when,
        "note": _note(each, say),
        "summary": f"{say['persona']} × {say['service']}",
        "inversions": [_inversion(of, words, say, numbers) for of in each["inversions"]],
        "rows": [_row(cell, words, say, numbers, controlled=controlled) for cell in each["cells"]],
    }


def _note(each: Mapping[str, Any], say: Mapping[str, Any]) -> str:
    if not each["applied"]:
        return str(say["never"].format(detail=each["detail"] or NOTHING))
    if not each["cells"]:
        return str(say["none"])
    if each["compared"]:
        return ""
    return str(say["alone"] if each["whole_run"] else say["short"])


def _inversion(of: Mapping[str, Any], words: Mapping[str, Any], say: Mapping[str, Any], numbers: Numbers) -> str:
    return str(
        say["inversion_line"].format(
            service=words["services"].get(of["service"], of["service"]),
            protected=words["whom"].get(of["protected"], of["protected"]),
            other=words["whom"].get(of["other"], of["other"]),
            mine=numbers.number(-of["protected_points"], 1), theirs=numbers.number(-of["other_points"], 1),
        )
    )  # fmt: skip


def _row(
    cell: Mapping[str, Any], words: Mapping[str, Any], say: Mapping[str, Any], numbers: Numbers, *, controlled: bool
) -> list[str]:
    row = [
        words["personas"].get(cell["persona"], cell["persona"]),
        words["services"].get(cell["service"], cell["service"]),
        numbers.number(cell["asked"]),
        numbers.number(cell["served_percent"], 1),
        estimate(cell.get("served"), numbers, 1, signed=True),
        estimate(cell.get("slower"), numbers, 2, times=True),
    ]
    if controlled:
        against = cell.get("against_control")
        points = estimate(against["served"], numbers, 1, signed=True) if against else NOTHING
        ratio = estimate(against["slower"], numbers, 2, times=True) if against else ""
        row.append(f"{points} {say['points']} · {ratio}" if against else NOTHING)
    return [*row, _felt(cell, say, numbers), _over(cell, say, numbers)]


def _felt(cell: Mapping[str, Any], say: Mapping[str, Any], numbers: Numbers) -> str:
    if cell["felt"] is None:
        return NOTHING
    return numbers.seconds(cell["degrade_s"]) if cell["felt"] else str(say["never_felt"])


def _over(cell: Mapping[str, Any], say: Mapping[str, Any], numbers: Numbers) -> str:
    if not cell["felt"]:
        return NOTHING
    return numbers.seconds(cell["recover_s"]) if cell["recover_s"] is not None else str(say["not_over"])


def _worth(each: Mapping[str, Any], language: str, numbers: Numbers) -> list[str]:
    worth = each["worth"]
    return [
        each["title"][language],
        numbers.number(worth["rank"]),
        estimate(worth["bought_pages_per_minute"], numbers, 0, signed=True),
        estimate(worth["cost_pages_per_minute"], numbers, 0, signed=True),
        estimate(worth["slower"], numbers, 2, times=True),
    ]


def estimate(
    of: Mapping[str, Any] | None, numbers: Numbers, decimals: int, *, signed: bool = False, times: bool = False
) -> str:
    """`+3,1 [1,0 ; 5,2]`, or `× 1.20 [1.10, 1.31]`; a dash of nothing."""
    if of is None or of["value"] is None:
        return NOTHING
    value = ("×\u202f" if times else "") + numbers.number(of["value"], decimals, signed=signed)
    if of["low"] is None or of["high"] is None:
        return value
    between = "\u202f; " if numbers.lang == "fr" else ", "
    low, high = (numbers.number(of[side], decimals, signed=signed) for side in ("low", "high"))
    return f"{value} [{low}{between}{high}]"


def effects_markdown(run: Mapping[str, Any], words: Mapping[str, Any], numbers: Numbers) -> Iterator[str]:
    """The section as Markdown: what each did to whom, and the measures ranked; nothing without perturbations."""
    view = effects_view(run, words, numbers)
    if view is None:
        return
    say = effects_words(words["language"])
    yield from (f"### {say['title']}", "")
    for each in view["perturbations"]:
        yield f"- **{_plain(each['title'])}**, {_plain('; '.join(filter(None, (each['when'], each['note']))))}"
        yield from (f"  - {say['inversion']}: {_plain(line)}" for line in each["inversions"])
    if view["worth"]:
        yield from ("", f"### {say['worth']}", "", _line(view["worth_headings"]), "|---" + "|--:" * 4 + "|")
        yield from (_line(row) for row in view["worth"])
    yield ""


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(_plain(cell) for cell in cells) + " |"


def _plain(text: object) -> str:
    return re.sub(r"([\\`*_{}<>#|])", r"\\\1", str(text)).replace("\n", " ")

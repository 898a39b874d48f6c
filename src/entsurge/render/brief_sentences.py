"""The sentences of the daily brief: who was served, what was tried, what to do tomorrow morning and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from entsurge.audience.objective import parse_objective
from entsurge.catalogue import Counted, catalogue
from entsurge.render.answer import Region
from entsurge.render.musts import must_in_words
from entsurge.render.numbers import NARROW, Numbers
from entsurge.render.saying import say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from entsurge.findings.brief import Brief, PersonaServed, Reason
    from entsurge.findings.verdict import Finding

SHOWN_SCHOOLS = 12
PEOPLE = ("deferred_visits",)  # figures that are counted in the sample, and said of the whole region
NEARLY_ALL = 97.0  # percent of pages served: what was missed is the wait


@dataclass(frozen=True)
class ToDo:
    """A thing to do, and why; nothing of the latter where there is nothing to say."""

    what: str
    why: str = ""


def head(data: Brief, words: Mapping[str, Any], numbers: Numbers, language: str) -> tuple[str, str]:
    """Held or not and for whom, in one line; who was served how, in one sentence."""
    verdict, figures, heads = data.verdict, data.figures, words["verdict"]
    kept, lost = ([each.persona for each in side] for side in (data.held, data.lost))
    if verdict in ("INVALID", "INCONCLUSIVE"):
        reason = say(data.reason, language) if data.reason else ""
        return heads[verdict], words["lead"][verdict].format(reason=reason)
    if verdict == "PASS":
        text = heads["PASS_deferred"].format(who=_whom(kept, words)) if data.deferred else heads["PASS"]
    else:
        text = heads["FAIL"].format(who=_whom(lost, words)) if kept or len(lost) == 1 else heads["FAIL_all"]
    share = figures.served_kept_percent if verdict == "PASS" else figures.served_percent
    who, late = _whom(kept if verdict == "PASS" else lost, words), _latest(data)
    if verdict == "FAIL" and late and (share or 0.0) >= NEARLY_ALL:
        must, value = parse_objective(late.must), seconds(late.value or 0.0, numbers)
        told = {"percent": numbers.plain(must.percentile), "value": value, "bound": seconds(must.bound, numbers)}
        return text, words["lead"]["FAIL_late"].format(who=who, served=numbers.percent(share), **told)
    return text, _capital(words["lead"][verdict].format(who=who, served=numbers.percent(share)))


def _latest(data: Brief) -> Finding | None:
    """Of the latencies that were missed the worst beside what is allowed; None where no latency was."""
    found = [
        (each.value / must.bound, each)
        for each in (one for persona in data.lost for one in persona.objectives)
        if each.state == "missed" and each.value is not None
        if (must := parse_objective(each.must)).measure == "latency" and not must.relative
    ]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def limits(data: Brief, words: Mapping[str, Any], numbers: Numbers) -> str:
    """What the rehearsal cannot tell; nothing where it was the whole day in its own time."""
    if data.scale == "1" and data.compression == 1:
        return ""
    text = words["limits_real_time" if data.compression == 1 else "limits"]
    return str(text.format(scale=data.scale, factor=numbers.plain(data.compression)))


def when(data: Brief, words: Mapping[str, Any], numbers: Numbers) -> str:
    """`Monday 09:00–09:30`; nothing of a run without a window."""
    return str(words["when"].format(**_window(data, words, numbers))) if data.window else ""


def tomorrow(data: Brief, words: Mapping[str, Any], numbers: Numbers) -> list[ToDo]:
    """What to do, the most pressing first, each with the figures that set it off; never nothing."""
    names = data.schools_cut_off.names
    schools = ", ".join(names[:SHOWN_SCHOOLS]) + ("…" if len(names) > SHOWN_SCHOOLS else "")
    because, region = words["tomorrow"]["because"], _region(data, numbers)
    found = [
        ToDo(
            words["advice"][each.id].format(schools=schools),
            because.format(
                reasons=", ".join(
                    _because(one, words["figures"], numbers, region)
                    for one in each.because
                    if one.value or one.sign == ">="
                )
            ),
        )
        for each in data.advice
    ]
    return found or [ToDo(words["tomorrow"]["none"])]


def continuity(data: Brief, words: Mapping[str, Any], numbers: Numbers) -> list[str]:
    """How many read and published, of 100 who came, where that was measured; schools cut off."""
    figures, told = data.figures, words["continuity"]
    counted = {"pupils": figures.pupils_read, "teachers": figures.teachers_published}
    found = [told[name].format(value=numbers.number(value)) for name, value in counted.items() if value is not None]
    cut_off = int(figures.schools_cut_off)
    found.append(numbers.count(told["schools"], cut_off) if cut_off else told["no_school"])
    for each in data.others:
        if each.per_100 is not None:
            who = words["plural"].get(each.persona, each.persona)
            text = told["others_published" if each.publishes else "others"]
            found.append(text.format(value=numbers.number(each.per_100), who=who))
    return found


def held(data: Brief, words: Mapping[str, Any], numbers: Numbers) -> list[str]:
    """Whose required objectives were all kept."""
    return [_persona(each, words, numbers, "held") for each in data.held] or [words["nobody"]]


def lost(data: Brief, words: Mapping[str, Any], numbers: Numbers) -> list[str]:
    """Who missed one, with the services that served them poorly; who was put off on purpose."""
    found = []
    for each in data.lost:
        poor = ", ".join(words["services"].get(name, name) for name in each.poor_services)
        more = f" {words['lost']['poor'].format(services=poor)}" if poor else ""
        found.append(_persona(each, words, numbers, "lost") + more)
    if data.deferred:
        found.append(words["lost"]["deferred"].format(who=_whom(data.deferred, words)))
    return found or [words["nobody"]]


def unsure(data: Brief, words: Mapping[str, Any], numbers: Numbers) -> list[str]:
    """Of whom too little is known."""
    return [_persona(each, words, numbers, "unsure") for each in data.unsure]


def tried(data: Brief, words: Mapping[str, Any], numbers: Numbers, language: str) -> list[str]:
    """What was in force, and what it bought beside the run without it."""
    told = words["tried"]
    if not data.tried:
        return [told["nothing"]]
    found = []
    for each in data.tried:
        defers = told["defers"].format(who=_whom(each.defers, words)) if each.defers else ""
        found.append(told[each.kind].format(title=each.title[language]) + defers)
    return found if data.verdict == "INVALID" else [*found, _bought(data, words, numbers, language)]


def for_teachers(data: Brief, words: Mapping[str, Any], numbers: Numbers) -> str:
    """The sentence that schools may send to their teachers."""
    who = data.deferred or [each.persona for each in data.lost]
    return str(words["teachers"][data.teachers].format(**_window(data, words, numbers), who=_whom(who, words)))


def gap(data: Brief, words: Mapping[str, Any]) -> str:
    """Why the picture has pages asked that nobody served; nothing where no measure put a visit off.

    Only where the objectives were kept is it those put off alone: elsewhere pages failed as well.
    """
    if not (data.deferred and data.figures.deferred_visits):
        return ""
    told = words["picture"]["gap" if data.verdict == "PASS" else "gap_also"]
    return str(told.format(who=_whom(data.deferred, words)))


def picture(data: Brief, words: Mapping[str, Any], numbers: Numbers) -> str:
    """What the picture shows, for who cannot see it."""
    return str(words["picture"]["alt"].format(**_window(data, words, numbers)))


def _bought(data: Brief, words: Mapping[str, Any], numbers: Numbers, language: str) -> str:
    told, without = words["tried"], data.without
    if without is None:
        return str(told["unknown"])
    before, after = without.figures, data.figures
    written: dict[str, Callable[[float], str]] = {
        "pupils_read": numbers.number, "teachers_published": numbers.number, "served_kept_percent": numbers.percent,
        "pupils_wait_s": lambda value: seconds(value, numbers),
    }  # fmt: skip
    changes = [
        told[name].format(before=write(then), after=write(now))
        for name, write in written.items()
        if (then := getattr(before, name)) is not None and (now := getattr(after, name)) is not None
    ]
    if after.deferred_visits:
        who = _whom(data.deferred, words)
        changes.append(_people(told["cost"], after.deferred_visits, _region(data, numbers), who=who))
    beside = told["beside"].format(name=without.path)
    if without.others:
        titles = ", ".join(each[language] for each in without.others)
        beside = told["beside_with"].format(name=without.path, others=titles)
    return f"{beside} {words['semicolon'].join(changes)}."


def _persona(each: PersonaServed, words: Mapping[str, Any], numbers: Numbers, section: str) -> str:
    objectives = sorted(each.objectives, key=lambda one: parse_objective(one.must).measure != "served")
    detail = "".join(_detail(one, words["detail"], numbers) for one in objectives)
    who = _whom([each.persona], words)
    text = words[section]["line"].format(who=who, served=numbers.percent(each.served_percent), detail=detail)
    return _capital(text)


def _detail(each: Finding, words: Mapping[str, Any], numbers: Numbers) -> str:
    must = parse_objective(each.must)
    if each.value is None or each.state == "not-enough-data":
        return str(words["unsure"])
    if must.measure == "latency" and not must.relative:
        value, bound = seconds(each.value, numbers), seconds(must.bound, numbers)
        return str(words["latency"].format(percent=numbers.plain(must.percentile), value=value, bound=bound))
    if must.measure in ("errors", "served"):
        value, bound = (_percent(100 * ratio, numbers) for ratio in (each.value, must.bound))
        return str(words[must.measure].format(value=value, bound=bound))
    return str(
        words["other"].format(must=must_in_words(each.must, numbers.lang), value=numbers.measure(each.value, each.unit))
    )


def _because(each: Reason, words: Mapping[str, Any], numbers: Numbers, region: Region) -> str:
    """The figure that set off a rule; its threshold stands in docs/brief.md."""
    over = f"{each.figure}_over"
    text = words[over if each.sign == ">=" and over in words else each.figure]
    if isinstance(text, Counted) and each.figure in PEOPLE:
        return _people(text, each.value, region)
    if isinstance(text, Counted):
        return numbers.count(text, int(each.value))
    return str(text.format(value=_percent(100 * each.value if each.figure == "slowness" else each.value, numbers)))


def _region(data: Brief, numbers: Numbers) -> Region:
    return Region(data.scale, catalogue("answer", numbers.lang), numbers)


def _people(text: Counted, count: float, region: Region, **fields: str) -> str:
    """`about 4,100 visits put off (48 in the sample of 1/86)`."""
    said, sample = text.of(int(region.whole(count)), n=region.of(count), **fields), region.sample(count)
    return f"{said} ({sample})" if sample else said


def _percent(value: float, numbers: Numbers) -> str:
    """A percentage; under ten with a decimal, if it has one."""
    return numbers.percent(value, 0 if value >= 10 or value == int(value) else 1)


def seconds(value: float, numbers: Numbers) -> str:
    """Seconds as people say them, in two digits: `3,6 s`, `0,45 s`, `12 s`."""
    return numbers.plain(float(f"{value:.2g}")) + f"{NARROW}s"


def _window(data: Brief, words: Mapping[str, Any], numbers: Numbers) -> dict[str, str]:
    window = data.window
    start, end = (numbers.clock(str(window.get(key, ""))) for key in ("from", "to"))
    return {"day": words["days"].get(str(window.get("day")), ""), "start": start, "end": end}


def _whom(personas: Sequence[str], words: Mapping[str, Any]) -> str:
    names = [words["whom"].get(each, each) for each in personas]
    return words["and"].join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

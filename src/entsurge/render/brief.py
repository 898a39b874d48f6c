"""The daily brief as one HTML page and as Markdown: sentences alone, no chart, no percentile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entsurge.audience.objective import parse_objective
from entsurge.render.catalogue import catalogue, with_personas
from entsurge.render.ci import escaped
from entsurge.render.numbers import Numbers
from entsurge.render.page import environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from entsurge.findings.brief import Brief, PersonaServed, Reason
    from entsurge.findings.verdict import Finding

LOOKS = {"PASS": ("ok", "✓"), "FAIL": ("bad", "✗"), "INCONCLUSIVE": ("warn", "?"), "INVALID": ("void", "⊘")}
SHOWN_SCHOOLS = 12
SECTIONS = ("continuity", "held", "lost", "unsure", "tried", "advised", "teachers")


def render_brief_html(data: Brief, language: str) -> str:
    """One page that needs no network and fits on a sheet."""
    words = _words(data, language)
    context = {
        "page": view(data, language), "words": words, "lang": language, "sections": SECTIONS,
        "other": "en" if language == "fr" else "fr",
    }  # fmt: skip
    return environment().get_template("brief.html.j2").render(context)


def render_brief_markdown(data: Brief, language: str) -> str:
    """The same page as Markdown."""
    page, words = view(data, language), _words(data, language)
    lines = [f"# {words['title']}", "", escaped(page["subtitle"]), "", f"**{page['sign']} {escaped(page['head'])}**. "
             + escaped(page["lead"]), "", escaped(page["limits"]) if page["limits"] else ""]  # fmt: skip
    for name in (name for name in SECTIONS if page[name]):
        lines += ["", f"## {words[name]['title']}", ""]
        lines += [f"- {escaped(line)}" for line in page[name]]
    lines += ["", escaped(page["made"])]
    return "\n".join(lines) + "\n"


def view(data: Brief, language: str) -> dict[str, Any]:
    """The brief in written sentences: a head, a lead, and the lines of each section."""
    words, numbers = _words(data, language), Numbers(language)
    look, sign = LOOKS[data.verdict]
    full = data.scale == "1" and data.compression == 1
    factor = numbers.plain(data.compression)
    return {
        "look": look, "sign": sign, **_head(data, words, numbers, language),
        "subtitle": words["subtitle"].format(
            **_when(data, words), title=data.title[language], target=data.target
        ),
        "limits": "" if full else words["limits"].format(scale=data.scale, factor=factor),
        "continuity": list(_continuity(data, words, numbers)),
        "held": _held(data, words, numbers),
        "lost": [words["untold"]] if _untold(data) else list(_lost(data, words, numbers)) or [words["nobody"]],
        "unsure": [] if _untold(data) else [_persona(each, words, numbers, "unsure") for each in data.unsure],
        "tried": list(_tried(data, words, numbers, language)),
        "advised": list(_advised(data, words, numbers)) or [words["advised"]["none"]],
        "teachers": [_for_teachers(data, words)],
        "day": numbers.day(data.started_utc),
        "made": words["made"].format(name=data.name, started=data.started_utc),
    }  # fmt: skip


def _words(data: Brief, language: str) -> dict[str, Any]:
    """The words of the brief, those for the run's personas among them."""
    return with_personas(catalogue("brief", language), language, data.personas)


def _untold(data: Brief) -> bool:
    """Whether the measurement tells neither what held nor what did not."""
    return bool(data.verdict == "INVALID")


def _held(data: Brief, words: Mapping[str, Any], numbers: Numbers) -> list[str]:
    if _untold(data):
        return [words["untold"]]
    return [_persona(each, words, numbers, "held") for each in data.held] or [words["nobody"]]


def _when(data: Brief, words: Mapping[str, Any]) -> dict[str, str]:
    window = data.window
    day = words["days"].get(str(window.get("day")), "")
    start, end = (_clock(str(window.get(key, "")), words) for key in ("from", "to"))
    return {"day": day, "start": start, "end": end}


def _clock(time: str, words: Mapping[str, Any]) -> str:
    """A time of day as the language writes it: `09:30`, `9 h 30`, `10 h`."""
    hour, _, minute = time.partition(":")
    if not minute:
        return time
    return str(words["clock"]["sharp" if minute == "00" else "past"].format(hour=int(hour), minute=minute, time=time))


def _whom(personas: Sequence[str], words: Mapping[str, Any]) -> str:
    names = [words["whom"].get(each, each) for each in personas]
    return words["and"].join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def _head(data: Brief, words: Mapping[str, Any], numbers: Numbers, language: str) -> dict[str, str]:
    verdict, figures = data.verdict, data.figures
    kept, lost = ([each.persona for each in side] for side in (data.held, data.lost))
    if verdict in ("INVALID", "INCONCLUSIVE"):
        reason = data.reason[language] if data.reason else ""
        return {"head": words["verdict"][verdict], "lead": words["lead"][verdict].format(reason=reason)}
    head = words["verdict"][verdict]
    if verdict == "PASS" and data.deferred:
        head = words["verdict"]["PASS_deferred"].format(who=_whom(kept, words))
    share = figures.served_kept_percent if verdict == "PASS" else figures.served_percent
    who = _whom(kept if verdict == "PASS" else lost, words)
    lead = words["lead"][verdict].format(who=who, served=numbers.percent(share))
    return {"head": head, "lead": lead[:1].upper() + lead[1:]}


def _continuity(data: Brief, words: Mapping[str, Any], numbers: Numbers) -> Iterator[str]:
    figures, told = data.figures, words["continuity"]
    for name, figure in (
        ("pupils", figures.pupils_read), ("teachers", figures.teachers_published), ("schools", figures.schools_cut_off),
    ):  # fmt: skip
        yield told[name].format(value=told["unknown"] if figure is None else numbers.number(figure))
    for each in data.others:
        value = told["unknown"] if each.per_100 is None else numbers.number(each.per_100)
        text = told["others_published" if each.publishes else "others"]
        yield text.format(value=value, who=words["plural"].get(each.persona, each.persona))


def _persona(each: PersonaServed, words: Mapping[str, Any], numbers: Numbers, section: str) -> str:
    detail = "".join(_detail(one, words["detail"], numbers) for one in each.objectives)
    who = _whom([each.persona], words)
    text = words[section]["line"].format(who=who, served=numbers.percent(each.served_percent), detail=detail)
    return str(text[:1].upper() + text[1:])


def _detail(each: Finding, words: Mapping[str, Any], numbers: Numbers) -> str:
    must = parse_objective(each.must)
    if each.value is None or each.state == "not-enough-data":
        return str(words["unsure"])
    value = numbers.measure(each.value, each.unit)
    if must.measure == "latency" and not must.relative:
        percent = numbers.plain(must.percentile)
        return str(words["latency"].format(percent=percent, value=value, bound=numbers.seconds(must.bound)))
    if must.measure == "errors":
        return str(words["errors"].format(value=value, bound=f"{must.comparison} {numbers.percent(100 * must.bound)}"))
    return str(words["other"].format(must=each.must, value=value))


def _lost(data: Brief, words: Mapping[str, Any], numbers: Numbers) -> Iterator[str]:
    for each in data.lost:
        poor = ", ".join(words["services"].get(name, name) for name in each.poor_services)
        more = f" {words['lost']['poor'].format(services=poor)}" if poor else ""
        yield _persona(each, words, numbers, "lost") + more
    if data.deferred:
        yield words["lost"]["deferred"].format(who=_whom(data.deferred, words))


def _tried(data: Brief, words: Mapping[str, Any], numbers: Numbers, language: str) -> Iterator[str]:
    told = words["tried"]
    for each in data.tried:
        defers = told["defers"].format(who=_whom(each.defers, words)) if each.defers else ""
        yield told[each.kind].format(title=each.title[language]) + defers
    if not data.tried:
        yield told["nothing"]
        return
    if data.without is None:
        yield told["unknown"]
        return
    before, after = data.without.figures, data.figures
    pairs = [
        ("pupils_read", numbers.number(before.pupils_read), numbers.number(after.pupils_read)),
        ("teachers_published", numbers.number(before.teachers_published), numbers.number(after.teachers_published)),
        (
            "served_kept_percent",
            numbers.percent(before.served_kept_percent),
            numbers.percent(after.served_kept_percent),
        ),
        ("pupils_wait_s", numbers.seconds(before.pupils_wait_s), numbers.seconds(after.pupils_wait_s)),
    ]
    changes = [told[name].format(before=then, after=now) for name, then, now in pairs]
    if after.deferred_visits:
        visits = numbers.number(after.deferred_visits)
        changes.append(told["cost"].format(visits=visits, who=_whom(data.deferred, words)))
    beside = told["beside"].format(name=data.without.path)
    others = data.without.others
    if others:
        titles = ", ".join(each[language] for each in others)
        beside = told["beside_with"].format(name=data.without.path, others=titles)
    yield beside + " " + " ; ".join(changes) + "."


def _advised(data: Brief, words: Mapping[str, Any], numbers: Numbers) -> Iterator[str]:
    names = data.schools_cut_off.names
    schools = ", ".join(names[:SHOWN_SCHOOLS]) + ("…" if len(names) > SHOWN_SCHOOLS else "")
    for each in data.advice:
        reasons = ", ".join(_because(one, words["figures"], numbers) for one in each.because)
        advice = words["advice"][each.id].format(schools=schools)
        yield f"{advice} ({words['advised']['because'].format(reasons=reasons)})"


def _because(each: Reason, words: Mapping[str, str], numbers: Numbers) -> str:
    """The figure that set off a rule, with the threshold that it passed."""
    over = f"{each.figure}_over"
    text = words[over if each.sign == ">=" and over in words else each.figure]

    def written(value: float) -> str:
        if each.figure.endswith("_percent"):
            return numbers.percent(value, 0 if value >= 10 or value == int(value) else 1)
        return numbers.plain(round(value, 2))

    return text.format(value=written(each.value), threshold=written(each.threshold))


def _for_teachers(data: Brief, words: Mapping[str, Any]) -> str:
    who = data.deferred or [each.persona for each in data.lost]
    return str(words["teachers"][data.teachers].format(**_when(data, words), who=_whom(who, words)))

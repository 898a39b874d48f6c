"""The capacity note's sentences, in both languages, against servers whose capacity is known by their own arithmetic."""

import json
import math
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tests.analysis.capacity.servers import Server, step
from tests.typography import plain

from entsurge.analysis.capacity.boundary import enough
from entsurge.analysis.capacity.carried import multiplied
from entsurge.cli import main
from entsurge.findings.capacity import Asked, AtThePlatform, Boundary, CapacityReport, CarriedOver, Interval
from entsurge.findings.search import Search, Settings, Steadiness, StepFindings
from entsurge.findings.serial import as_data, as_line, from_line, schema
from entsurge.render import capacity_sentences as sentences
from entsurge.render.capacity import catalogue, view
from entsurge.render.capacity_charts import law_at
from entsurge.render.capacity_terminal import terminal_lines
from entsurge.render.numbers import Numbers

REVIEW = Path(__file__).resolve().parents[3] / "docs" / "capacity-review.md"
NEED = 96.7  # pages per second, Monday 9 to 10 h, at scale 1: docs/capacity-review.md
AT_THE_PLATFORM = NEED / 172 * 360
BOUND = 0.150
NEAR = (0.88, 0.95, 1.03, 1.07, 1.12)  # times the server's capacity
RATES = (0.5, 0.7, *NEAR, 0.97, 1.4)
NUMBER = r"(\d[\d\u202f,.]*\d|\d)"


class Noted(NamedTuple):
    """A result as capacity.json has it, and its notes by language."""

    report: CapacityReport
    notes: dict[str, str]


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The worked review's own profile: 1/172 of the people, 360 times as fast."""
    path = tmp_path_factory.mktemp("review") / "review.toml"
    path.write_text(re.findall(r"```toml\n(.*?)```", REVIEW.read_text("utf-8"), re.DOTALL)[0], encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def noted(tmp_path_factory: pytest.TempPathFactory, profile: Path) -> Callable[[float], Noted]:
    """The result, and the notes, of steps around the capacity of a server that takes so many times the need."""
    known: dict[float, Noted] = {}

    def made(times: float) -> Noted:
        if times not in known:
            folder = tmp_path_factory.mktemp("steps")
            server = Server.that_takes(times * AT_THE_PLATFORM, BOUND)
            rates, more = (RATES, ["--what-if"]) if times == 0.75 else (NEAR, [])
            runs = [step(folder, str(profile), server, times * rate, draw) for draw, rate in enumerate(rates, 1)]
            named = [word for run in runs for word in ("--from", str(run))]
            with pytest.raises(SystemExit) as end:
                main(["capacity", *named, "--scale", "1/172", *more, "--out", str(folder / "note")])
            assert end.value.code == 0
            written = (folder / "note" / "capacity.json").read_bytes()
            found = from_line(CapacityReport, written)
            assert as_data(found) == json.loads(written)
            notes = {lang: (folder / "note" / f"capacity.{lang}.md").read_text("utf-8") for lang in ("fr", "en")}
            known[times] = Noted(found, notes)
        return known[times]

    return made


def figures(text: str, lang: str) -> list[float]:
    """Every number of a sentence, as its language writes it."""
    apart, point = ("\u202f", ",") if lang == "fr" else (",", ".")
    found = re.findall(rf"\d+(?:{apart}\d{{3}})*(?:\{point}\d+)?", text)
    return [float(each.replace(apart, "").replace(point, ".")) for each in found]


def sentence(text: str, begin: str) -> str:
    """The sentence of a note that begins so."""
    return next(line for line in text.splitlines() if line.startswith(begin))


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_capacity_and_need_stand_at_one_scale(noted: Callable[[float], Noted], lang: str) -> None:
    """A server of 151.8 pages/s at 1/172 and 360 times the pace: 72.5 of the 96.7 that are needed, not enough."""
    note = noted(0.75).notes[lang]
    said = sentence(note, "À l’échelle 1, " if lang == "fr" else "At scale 1, ")
    _, pages, low, high, percent, need, *_ = figures(said, lang)
    assert percent == 99
    assert need == NEED
    assert low <= 0.75 * NEED <= high
    assert pages == pytest.approx(0.75 * NEED, rel=0.03)
    refused = "Ne suffit pas pour « revue de capacité » (lundi 9 h–10 h), si la production"
    assert (
        refused if lang == "fr" else "Not enough for “capacity review” (Monday 09:00–10:00), if production"
    ) in plain(note)
    assert "151" not in said


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_sum_that_carries_over_is_shown_and_right(noted: Callable[[float], Noted], lang: str) -> None:
    """What was measured × 172 ÷ 360 comes out as written; what is assumed of production is said with its factor."""
    note = noted(0.75).notes[lang]
    said = sentence(note, "Sur la plateforme" if lang == "fr" else "On the platform")
    total = re.search(rf"{NUMBER} × 172 ÷ 360 = {NUMBER}", said)
    measured, full = (figures(each, lang)[0] for each in total.groups())
    assert measured == pytest.approx(0.75 * AT_THE_PLATFORM, rel=0.03)
    assert round(measured * 172 / 360, 1) == full
    assumed = (
        "Cela suppose que la production supporte 0,478 fois" if lang == "fr" else "assumes that production takes 0.478"
    )
    assert assumed in said
    assert "× 172 ÷ 360" in note


def test_every_rate_of_the_result_is_at_scale_1(noted: Callable[[float], Noted]) -> None:
    """Steps, law and peak: those of the server times 172 ÷ 360; what was measured stands apart, under its name."""
    found, factor = noted(0.75).report, 172 / 360
    server = Server.that_takes(0.75 * AT_THE_PLATFORM, BOUND)
    for each in found.steps:
        assert each.offered_pages == pytest.approx(each.rate * NEED, rel=0.001)
        assert each.inside == pytest.approx(each.served_pages * each.page_seconds)
        assert law_at(found.law, each.inside) == pytest.approx(each.served_pages, rel=0.05)
    peak = ((1 - server.alpha) / server.beta) ** 0.5
    assert found.law.peak_observed
    assert found.law.peak_served == pytest.approx(factor * server.gamma * peak / server.share(peak), rel=0.03)
    over = found.carried_over
    assert (over.scale, over.compression) == ("1/172", "360")
    assert over.factor == pytest.approx(factor)
    assert over.at_the_platform.pages_per_second.value * factor == pytest.approx(found.pages_per_second.value)
    assert found.need_pages_per_second == pytest.approx(NEED, abs=0.05)
    assert found.what_if.cases[0].peak_pages == pytest.approx(found.need_pages_per_second)


@pytest.mark.parametrize(("times", "fr", "en"), [
    (1.5, "✓ Suffit pour", "✓ Enough for"),
    (1.0, "? On ne peut pas dire si cela suffit pour", "? It cannot be told whether it is enough for"),
    (0.75, "✗ Ne suffit pas pour", "✗ Not enough for"),
])  # fmt: skip
def test_the_verdict_is_that_of_the_interval(noted: Callable[[float], Noted], times: float, fr: str, en: str) -> None:
    """A server of half as much again, of just the need, of three quarters: yes, cannot be told, no."""
    found, notes = noted(times)
    assert f"**{fr}" in notes["fr"]
    assert f"**{en}" in notes["en"]
    low, high = found.boundary.low, found.boundary.high
    assert low <= times * 1.03
    assert high >= times * 0.97
    advised = {1.5: "Nothing more", 1.0: "the interval contains the need|too near the number", 0.75: "Multiply the"}
    assert re.search(advised[times], notes["en"])


def result(
    value: float, low: float, high: float, how: str = "line", *, need: float = NEED, scale: str = "1/86",
    compression: str = "45",
) -> CapacityReport:  # fmt: skip
    """The result of a search whose boundary is this multiple of the need, with one step that was held."""
    ends, factor = Boundary(value, low, high, how, 9), float(1 / (Fraction(scale) * Fraction(compression)))
    full = multiplied(Interval(value, low, high), need)
    visits = multiplied(full, 1 / 8)
    measured = AtThePlatform(multiplied(full, 1 / factor), multiplied(visits, 1 / factor), need / factor)
    step = StepFindings(
        name="01-raise-0.500", path="", rate=0.5, offered_pages=need / 2, offered_visits=need / 16,
        served_pages=need / 2, page_seconds=0.1, inside=need / 20, margin=-1.0, held=True,
        binding="student * p95 < 150ms", steadiness=Steadiness(0.0, 0.0, None), steady=True, little=None, used=0.0,
        worst={"student * p95 < 150ms": -1.0}, hold_seconds=60.0, warm_up_seconds=5.0, not_served=0.0, unjudged=(),
        in_force=(), comebacks=0,
    )  # fmt: skip
    return CapacityReport(
        search=Search("review", "http://127.0.0.1:9", scale, compression, 60.0, 5.0, 3, 1800.0, Settings()),
        stop="budget", remarks=[], ceiling=None, generator=[], offered="steady", boundary=ends, enough=enough(ends),
        steps=[step], pages_per_second=full, visits_per_second=visits, binding="", law=None,
        law_missing="1 steady steps", servers=None, checks=[], resources=[], not_served=0.0, judged=list(step.worst),
        unjudged=[], notes=[], need_pages_per_second=need,
        carried_over=CarriedOver(scale, compression, factor, measured, None if scale == compression == "1" else "so"),
        mix={"student": 1.0}, in_force=[], not_in_force=[], what_if=None, asked=Asked(), title={"fr": "p", "en": "p"},
        window={"day": "monday", "from": "09:00", "to": "10:00"}, personas=[], objectives=[],
    )  # fmt: skip


@settings(max_examples=100)
@given(
    value=st.floats(0.3, 3), below=st.floats(0, 0.4), above=st.floats(0, 0.4), need=st.floats(0.05, 5000),
    near=st.booleans(), lang=st.sampled_from(["fr", "en"]),
)  # fmt: skip
def test_the_words_say_what_the_numbers_say(
    value: float, below: float, above: float, need: float, lang: str, *, near: bool
) -> None:
    """Whatever is found: `enough` never beside a low end under the need, `not enough` never beside a high end at it."""
    value = 1 + (value - 1) / 1000 if near else value
    low, high = value * (1 - below / (1000 if near else 1)), value * (1 + above / (1000 if near else 1))
    found = result(value, low, high, need=need)
    said = sentences.number(found, catalogue(lang), Numbers(lang))
    _, pages, least, most, _, needed, *_ = figures(said[0], lang)
    assert least <= pages <= most
    if found.enough == "yes":
        assert least >= needed
    elif found.enough == "no" and high < 1 - 1e-5:
        assert most < needed
    else:
        assert least <= needed <= most or found.enough == "no"
    total = re.search(rf"{NUMBER} × 86 ÷ 45 = {NUMBER}", said[2])
    measured, full = (figures(each, lang)[0] for each in total.groups())
    assert full == pages
    assert measured * 86 / 45 == pytest.approx(full, abs=0.51 * 10.0 ** -_decimals(total[2], lang))


def _decimals(written: str, lang: str) -> int:
    return len(written.partition("," if lang == "fr" else ".")[2])


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize(("how", "value", "verdict"), [
    ("at-least", 0.8, "unknown"), ("at-least", 1.2, "yes"), ("at-most", 0.8, "no"), ("at-most", 1.2, "unknown"),
])  # fmt: skip
def test_one_end_is_said_as_one_end(lang: str, how: str, value: float, verdict: str) -> None:
    """Where only one end is known, every figure of the sentence says which; what lies beyond is not told."""
    ends = (value, value, math.inf) if how == "at-least" else (value, 0.0, value)
    found = result(*ends, how)
    assert found.enough == verdict
    lines = sentences.number(found, catalogue(lang), Numbers(lang))
    words = {
        "fr": {"at-least": "au moins", "at-most": "moins de"},
        "en": {"at-least": "at least", "at-most": "less than"},
    }
    assert words[lang][how] in lines[0]
    assert lines[1].count(words[lang][how]) == 2


def test_nothing_is_carried_over_from_scale_1() -> None:
    """At scale 1 and in the day's own time the note says so, and assumes nothing."""
    found = result(1.2, 1.1, 1.3, scale="1", compression="1")
    for lang, said in (("fr", "rien n’est transposé"), ("en", "nothing is carried over")):
        assert said in sentences.number(found, catalogue(lang), Numbers(lang))[2]
        assert catalogue(lang)["number"]["if"] not in sentences.head(found, catalogue(lang))


WORDS_OF_SCALE = (" du public", "prise pour", "taken to be", "people were")
WORDS_OF_TIME = ("fois plus court", "temps comprimé", "times shorter", "compressed", ", compression ")


def _said(found: CapacityReport) -> str:
    """Everything that note and terminal say of how the steps were made."""
    shown = [view(found, lang) for lang in ("fr", "en")]
    lines = [line for each in shown for name in ("number", "tested", "untested") for line in each[name]]
    held = [line for line in terminal_lines(found, "en") if line.startswith("  held for")]
    return "\n".join([*lines, *held]).replace("at scale 1, compression 1", "").replace("l’échelle 1, compression 1", "")


@pytest.mark.parametrize(("scale", "compression"), [("1", "1"), ("1/86", "1"), ("1", "45"), ("1/86", "45")])
def test_nothing_is_said_of_what_is_not_carried_over(scale: str, compression: str) -> None:
    """Neither `1 of production` nor `1 times shorter`, in note and terminal: of what is 1 nothing is said."""
    said = _said(result(1.2, 1.1, 1.3, scale=scale, compression=compression))
    assert [word in said for word in WORDS_OF_SCALE] == [scale != "1"] * len(WORDS_OF_SCALE)
    assert [word in said for word in WORDS_OF_TIME] == [compression != "1"] * len(WORDS_OF_TIME)
    assert "{" not in said
    assert ("L’ENT lui-même" in said) == ("The ENT itself" in said) == (scale != "1" or compression != "1")


@pytest.mark.parametrize("how", ["at-least", "at-most"])
def test_what_is_open_is_null(how: str) -> None:
    """An end that nothing bounds is null in capacity.json, as its schema has it, and read back as open; it is drawn."""
    found = result(0.8, 0.8, math.inf, how) if how == "at-least" else result(0.8, 0.0, 0.8, how)
    data = as_data(found)
    Draft202012Validator(schema("capacity")).validate(data)
    assert (data["boundary"]["high"] is None) == (how == "at-least")
    assert (data["pages_per_second"]["high"] is None) == (how == "at-least")
    assert from_line(CapacityReport, as_line(found)) == found
    assert view(found, "en")["charts"]["steps"]


def test_the_notes_have_no_word_left_between_braces(noted: Callable[[float], Noted]) -> None:
    """Every field of every sentence was filled in, in both languages."""
    for times in (0.75, 1.0, 1.5):
        found, notes = noted(times)
        for lang in ("fr", "en"):
            assert not re.search(r"\{\w+\}", notes[lang])
            assert view(found, lang)["steps"]

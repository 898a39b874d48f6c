"""The grammar of objectives: every sentence of it is read, everything else is refused with the place."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entsurge.audience.objective import UNITS, Must, parse_objective

numbers = st.one_of(st.integers(1, 9999).map(str), st.decimals(min_value="0.001", max_value=999, places=3).map(str))
spaces = st.sampled_from(["", " ", "  "])
durations = st.tuples(numbers, spaces, st.sampled_from(sorted(UNITS))).map("".join)
timings = st.sampled_from(["", "(service)", "( corrected )"])
less, more = st.sampled_from(["<", "<="]), st.sampled_from([">", ">="])
percents = st.integers(0, 100).map(lambda value: f"{value}%")
factors = st.sampled_from([" 1.2 x baseline", "1.05x baseline", " 2 × baseline"])
endings, scores = st.sampled_from([")", ", service)"]), st.sampled_from(["0.85", "1", " 0"])
forms = (
    (st.sampled_from(["p50", "p95", "p99.9", "P75"]), timings, spaces, less, spaces, durations),
    (st.just("p95"), timings, spaces, less, factors),
    (st.sampled_from(["errors", "shed"]), spaces, less, spaces, percents),
    (st.sampled_from(["served", "availability"]), spaces, more, spaces, percents),
    (st.just("apdex("), durations, endings, more, scores),
    (st.just("recovery"), spaces, less, durations),
)
sentences = st.one_of([st.tuples(*form).map("".join) for form in forms])


@given(sentences)
def test_every_sentence_of_the_grammar_is_read(text: str) -> None:
    """And what is read does not depend on the spaces."""
    must = parse_objective(text)
    assert parse_objective(f"  {text} ") == must
    assert parse_objective(re.sub(r"([<>=]+|[(),%])", r" \1 ", text)) == must
    assert must.downward == ("<" in text)


@given(st.one_of(st.text(max_size=40), st.text("p95<>=%().,x msmin baselinerorsapdex", max_size=24)))
def test_nothing_else_raises_anything_else(text: str) -> None:
    """Any text is an objective or a ValueError that names a place inside it and what was expected."""
    try:
        assert isinstance(parse_objective(text), Must)
    except ValueError as error:
        place = re.search(r", character (\d+): found .*, expected ", str(error), re.DOTALL)
        assert place is not None
        assert 1 <= int(place[1]) <= len(text) + 1


@given(sentences, st.data())
def test_a_sentence_cut_short_is_refused_where_it_was_cut(text: str, data: st.DataObject) -> None:
    """Everything before the comparison alone is no objective."""
    cut = data.draw(st.integers(0, re.search("[<>]", text).start()))
    with pytest.raises(ValueError, match="no objective"):
        parse_objective(text[:cut])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("p95 < 1500ms", Must("latency", "<", 1.5, 95.0)),
        ("p99.9(service) <= 2min", Must("latency", "<=", 120.0, 99.9, timing="service")),
        ("p50 < 250\u03bcs", Must("latency", "<", 250e-6, 50.0)),
        ("p50 < 250\u00b5s", Must("latency", "<", 250e-6, 50.0)),
        ("errors < 1%", Must("errors", "<", 0.01)),
        ("shed <= 40%", Must("shed", "<=", 0.4)),
        ("apdex(1s) >= 0.85", Must("apdex", ">=", 0.85, threshold_seconds=1.0)),
        ("apdex(500ms, service) > 0.7", Must("apdex", ">", 0.7, threshold_seconds=0.5, timing="service")),
        ("recovery < 120s", Must("recovery", "<", 120.0)),
        ("p95 < 1.2 x baseline", Must("latency", "<", 1.2, 95.0, relative=True)),
    ],
)
def test_what_is_meant(text: str, expected: Must) -> None:
    """Each form of the grammar, with its meaning."""
    assert parse_objective(text) == expected


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ("", 1, "a measure"),
        ("latency < 1s", 1, "a measure"),
        ("p95 > 1s", 5, "< or <="),
        ("served <= 3%", 8, "> or >="),
        ("p95 < 1500", 11, "a unit"),
        ("p95 < 1500 h", 12, "a unit"),
        ("p100 < 1s", 2, "between 0 and 100"),
        ("p95 < 0ms", 7, "above 0"),
        ("p95(wall) < 1s", 5, "corrected or service"),
        ("errors < 120%", 10, "between 0 and 100"),
        ("errors < 0.01", 14, "%"),
        ("apdex >= 0.8", 7, "("),
        ("apdex(1s) >= 85%", 14, "from 0 to 1"),
        ("p95 < 0.5 x baseline", 7, "at least 1"),
        ("p95 < 1.2 x main", 13, "baseline"),
        ("p95 < 1s and errors < 1%", 10, "nothing more"),
        ("p95 < €1", 7, "a word, a number or a sign"),
    ],
)
def test_a_mistake_is_answered_with_its_place(text: str, place: int, expected: str) -> None:
    """The character, what was found and what was expected there."""
    with pytest.raises(ValueError, match=re.escape(f"character {place}: found")) as error:
        parse_objective(text)
    assert expected in str(error.value).partition("expected ")[2].partition(";")[0]

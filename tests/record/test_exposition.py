"""Series picked out of Prometheus' text format: as the library reads them, bounded, whatever the text."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from entsurge.commands.options import scraped
from entsurge.metrics.exposition import MOST_SERIES, Wanted, pick


def exposition() -> str:
    registry = CollectorRegistry()
    Gauge("queue", "Waiting.", registry=registry).set(7)
    asked = Counter("asked", "Asked.", ("code", "path"), registry=registry)
    asked.labels("200", "/a").inc(5)
    asked.labels("500", '/"b",{c}').inc(2)
    Histogram("page_seconds", "Times.", registry=registry).observe(0.3)
    Gauge("nothing", "Never set.", registry=registry).set(float("nan"))
    return generate_latest(registry).decode()


def picked(*wanted: str) -> dict[str, tuple[float, str]]:
    found = pick(exposition(), [Wanted.parse(each) for each in wanted])
    return {each.series: (each.value, each.kind) for each in found}


def test_names_labels_and_stars() -> None:
    """A name takes all its label sets, labels choose among them, a star any names; counters are told from gauges."""
    assert picked("queue") == {"queue": (7, "gauge")}
    assert picked('asked_total{code="200"}') == {'asked_total{code="200",path="/a"}': (5, "counter")}
    assert len(picked("asked_total")) == 2
    assert picked("page_seconds_s*", "page_seconds_c*")["page_seconds_sum"] == (0.3, "counter")
    assert picked("nothing", "absent") == {}


@given(st.text("ab*", max_size=7), st.text("ab", max_size=9))
def test_a_star_stands_for_any_part(pattern: str, name: str) -> None:
    """As a plain expression has it, whatever stands between the stars."""
    plain = re.fullmatch(pattern.replace("*", ".*"), name) is not None
    assert Wanted(pattern).has_name(name) == plain


def test_stars_without_end_take_no_time() -> None:
    """A hundred of them against a long name that ends otherwise."""
    began = time.process_time()
    assert not Wanted("a*" * 100 + "b").has_name("a" * 5000)
    assert not Wanted("*" * 2000 + "b").has_name("a" * 5000)
    assert time.process_time() - began < 2


def test_no_more_than_bounded() -> None:
    """A thousand label sets are forty series."""
    text = "".join(f'x{{n="{number}"}} 1\n' for number in range(1000))
    assert len(pick(text, [Wanted("x")])) == MOST_SERIES


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a b",
        "a{",
        "a{b}",
        'a{b="c}',
        "1a",
        'a{b="c"}x',
        'a{"b"}',
        '{b="c"}',
        '{"a","b"}',
        '{"a"',
        '{"a"}b',
        'x{__name__="y"}',
    ],
)
def test_what_is_no_series_is_refused(text: str) -> None:
    """With the text and an example."""
    with pytest.raises(ValueError, match="expected a series"):
        Wanted.parse(text)


@given(st.text(max_size=300))
def test_any_text_gives_readings_or_a_value_error(text: str) -> None:
    """Never another exception: the target's words are not to be trusted."""
    try:
        pick(text, [Wanted("*")])
    except ValueError:
        return


def test_lines_that_nobody_asked_for_are_not_parsed() -> None:
    """A broken line elsewhere does not hide the series that is wanted; a broken wanted one is an error."""
    assert pick("this is { no line\nqueue 3\n", [Wanted("queue")])[0].value == 3
    with pytest.raises(ValueError, match="three"):
        pick("queue three\n", [Wanted("queue")])


WILD = (
    "# HELP q.x Waiting.\r\n"
    '# TYPE "q.x" gauge\n'
    '{"q.x",pool="db"} 3\n'
    '{"q.x",pool="a\u2028b\x85c"} 4\n'
    "# TYPE c counter\n"
    "c_total 5\n"
    "# TYPE old counter\n"
    "old 6\n"
    "untold_total 7\n"
    "# TYPE room_total gauge\n"
    "room_total 8\n"
    '{code="200","x y"} 9\n'
    'path{p="a\\"b\\\\c\\nd}",n="1"} 10\n'
    '{"sent",label.with.dots="no"} 11\n'
    'named{"label.with.dots"="yes"} 12\n'
    f"huge {'9' * 4000}\n"
    f"late 1 {'9' * 4000}\n"
)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ('{"q.x"}', {'{"q.x",pool="db"}': (3, "gauge"), '{"q.x",pool="a\u2028b\ufffdc"}': (4, "gauge")}),
        ('{"q.x", pool="db"}', {'{"q.x",pool="db"}': (3, "gauge")}), ('{"q.*"}', 2),
        ("c_total", {"c_total": (5, "counter")}),
        ("old", {"old": (6, "counter")}), ("untold_total", {"untold_total": (7, "counter")}),
        ("room_total", {"room_total": (8, "gauge")}), ('{"x y"}', {'{"x y",code="200"}': (9, "gauge")}),
        ('path{p="a\\"b\\\\c\\nd}"}', {'path{n="1",p="a\\"b\\\\c\\nd}"}': (10, "gauge")}),
        ('{__name__="path"}', {'path{n="1",p="a\\"b\\\\c\\nd}"}': (10, "gauge")}),
        ('named{"label.with.dots"="yes"}', {'named{"label.with.dots"="yes"}': (12, "gauge")}),
        ("huge", {}), ("late", {}),
    ],
)  # fmt: skip
def test_names_and_labels_that_targets_really_have(asked: str, found: dict[str, tuple[float, str]] | int) -> None:
    """UTF-8 names, line separators and quotes in labels, counters by their type or ending; what is shown reads back."""
    read = {each.series: (each.value, each.kind) for each in pick(WILD, [Wanted.parse(asked)])}
    assert (len(read) if isinstance(found, int) else read) == found
    for series in read:
        if "\ufffd" not in series:
            assert [each.series for each in pick(WILD, [Wanted.parse(series)])] == [series]


def test_several_series_on_the_command_line() -> None:
    """Commas and braces within quotes are no end."""
    text = 'a,b{x="1,2",y="}"},{"q.x",p="\\"}"} , c'
    (given_,) = scraped([("/metrics", text)])
    assert given_["series"] == ["a", 'b{x="1,2",y="}"}', '{"q.x",p="\\"}"}', "c"]
    assert [Wanted.parse(each).name for each in given_["series"]] == ["a", "b", "q.x", "c"]


@given(st.text(min_size=1), st.dictionaries(st.from_regex(r"[a-z]+", fullmatch=True), st.text(), max_size=3))
def test_any_name_and_labels_are_found_again(name: str, labels: dict[str, str]) -> None:
    """What Prometheus' own client writes of a name in UTF-8 is picked by the text that stands there."""

    def quoted(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'

    inside = ",".join([quoted(name), *(f"{label}={quoted(value)}" for label, value in labels.items())])
    (found,) = pick(f"{{{inside}}} 3\n", [Wanted.parse(f"{{{inside}}}")] if "*" not in name else [Wanted(name)])
    assert found.value == 3

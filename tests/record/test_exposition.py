"""Series picked out of Prometheus' text format: as the library reads them, bounded, whatever the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

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


def test_no_more_than_bounded() -> None:
    """A thousand label sets are forty series."""
    text = "".join(f'x{{n="{number}"}} 1\n' for number in range(1000))
    assert len(pick(text, [Wanted("x")])) == MOST_SERIES


@pytest.mark.parametrize("text", ["", "a b", "a{", "a{b}", 'a{b="c}', "1a", 'a{b="c"}x', 'a{"b"="c"}'])
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

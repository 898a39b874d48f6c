"""Readers of small languages: metrics, series, selectors, templates, objectives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuzzing.reader import Reader, at, plainly, told

if TYPE_CHECKING:
    from collections.abc import Callable

SOUGHT_BY = (
    b"css\ninput[name=a], a:not(.b) > c",
    b"css\nform:has(> a) :nth-child(2n+1 of b)",
    b"json_path\n$..a[?@.b > 1].c[0:2,'d']",
    b"json_path\n$.a[*]['b']",
    b"regex\n(?P<a>\\d+)-(b|c)*?$",
    b'regex\n(?i)csrf"\\s*:\\s*"([^"]+)',
)
TEMPLATES = (b"/a/{b}?c={d:raw}&e={{f}}", b"{a}", "{a}é{b:raw}}}{{".encode(), b"{", b"{a:b}")
MUSTS = (
    b"p95(corrected) < 1500ms",
    b"errors <= 1%",
    b"availability >= 99.5 %",
    b"p99.9 < 1.2x baseline",
    b"served >= 90%",
    b"apdex(500ms) >= 0.85",
    b"recovery < 60s",
    b"shed < 5%",
    b"p50 service <= 2 s",
)
SELECTORS_OPEN = (b"(", b"[", b":not(", b"a*", b"*", b"$..", b"[?@.a==", b"{", b"(?:", b"a|", b"a ", b">", b"\\", b"!")
TEMPLATES_OPEN = (b"{", b"}", b"{a}", b"{{", b"{a:", b"}}")
WORDS_OPEN = (b"(", b" ", b"9", b".", b"<", b"p95 ", b"%", b"a")
EXPOSITION_OPEN = (b"a 1\n", b'{a="', b"a{", b"\\", b'a{b="c",', b"# TYPE a ", b"a ", b'"', b"*")


def exposition(data: bytes) -> None:
    """The text of a Prometheus endpoint."""
    from entsurge.metrics.exposition import Wanted, names, pick

    text = data.decode("utf-8", "replace")
    names(text)
    pick(text, [Wanted.parse(each) for each in ("*", 'asked_total{code="200"}', '{"q.x"}')])


def wanted(data: bytes) -> None:
    """Which series are wanted of it."""
    from entsurge.metrics.exposition import Wanted

    Wanted.parse(data.decode("utf-8", "replace")).matches("asked_total", {"code": "200"})


def sought(data: bytes) -> None:
    """A CSS selector, a JSON path or a regular expression, compiled."""
    from entsurge import selectors

    kind, _, text = data.decode("utf-8", "replace").partition("\n")
    read: dict[str, Callable[[str], object]] = {"css": selectors.selector, "json_path": selectors.json_path}
    read.get(kind, selectors.expression)(text)


def template(data: bytes) -> None:
    """Filled in too."""
    from entsurge.drivers.template import Template

    made = Template(data.decode("utf-8", "surrogateescape"))
    known = dict.fromkeys(made.names, "é\ud800/?")
    made.fill(known)
    made.url(known)


def objective(data: bytes) -> None:
    """What is demanded of a target."""
    from entsurge.audience.objective import parse_objective

    parse_objective(data.decode("utf-8", "replace")).holds(0.5)


LANGUAGES = (
    Reader(
        "exposition",
        4000,
        "lines",
        at("tests/fuzz/seeds/metrics.txt"),
        plainly(exposition),
        (ValueError,),
        EXPOSITION_OPEN,
    ),
    Reader(
        "series wanted",
        2000,
        "lines",
        told(b'asked_total{code="200",path="a*"}', b'{"q.x"}', b"page_*_sum"),
        plainly(wanted),
        (ValueError,),
        EXPOSITION_OPEN,
    ),
    Reader("selectors", 2500, "lines", told(*SOUGHT_BY), plainly(sought), (ValueError,), SELECTORS_OPEN),
    Reader("templates", 4000, "lines", told(*TEMPLATES), plainly(template), (ValueError,), TEMPLATES_OPEN),
    Reader("objectives", 4000, "lines", told(*MUSTS), plainly(objective), (ValueError,), WORDS_OPEN),
)

"""Profiles: what is refused, and how it is said."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entsurge import content
from entsurge.audience import profile as profiles
from entsurge.audience.figure import Figure, exact
from entsurge.audience.objective import parse_objective
from entsurge.errors import UsageError

LOCKDOWN = (content.root("profiles") / "lockdown-2020.toml").read_text(encoding="utf-8")


def refused(tmp_path: Path, text: str | bytes) -> str:
    path = tmp_path / "ours.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UsageError) as caught:
        profiles.load(str(path))
    return str(caught.value)


@pytest.mark.parametrize("name", content.names("profiles"))
def test_every_shipped_profile_loads(name: str) -> None:
    """What is shipped can be used."""
    assert profiles.load(name).week.visits > 0


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    """Unknown key, negative figure and wrong type are all reported, each with file and key."""
    text = LOCKDOWN.replace("visits_percent = 43", "visits_percent = 43\nclicks = 3").replace(
        "minutes_per_visit = 10", "minutes_per_visit = -10"
    )
    said = refused(tmp_path, text.replace('day = "monday"', 'day = "lundi"'))
    assert "figures.clicks: unknown key" in said
    assert "figures.minutes_per_visit: found -10" in said
    assert "window.day: found 'lundi'" in said
    assert said.count("ours.toml") == 3


def test_contradictory_figures_are_refused_with_the_sum(tmp_path: Path) -> None:
    """Visits × pages per visit that cannot be the page views: the product is shown."""
    said = refused(tmp_path, LOCKDOWN.replace("\npages_per_visit = 8\n", "\npages_per_visit = 12\n"))
    assert "visits × pages_per_visit = 1830000 × 12 = 21,960,000" in said


def test_contradictory_changes_are_refused(tmp_path: Path) -> None:
    """+43 % visits and +147 % page views cannot give +30 % pages per visit."""
    said = refused(tmp_path, LOCKDOWN.replace("pages_per_visit_percent = 72", "pages_per_visit_percent = 30"))
    assert "cannot be page_views +147 %" in said


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"\x00\xff\xfe\x80", "not a text file"),
        ("title = [", "not TOML"),
        ("", "title: missing"),
        (LOCKDOWN.replace('scale = "1/86"', "scale = 0"), "replay.scale"),
        (LOCKDOWN.replace("compression = 45", 'compression = "1e400"'), "replay.compression"),
        (LOCKDOWN.replace('from = "09:00"', 'from = "10:00"'), "must come after"),
        (LOCKDOWN.replace('must = "p95 < 1600ms"', 'must = "fast"', 1), "no objective"),
        (LOCKDOWN.replace('shape = "lockdown"', 'shape = "holidays"'), "no 'holidays'"),
        (LOCKDOWN.replace('baseline = "ordinary-week"', 'baseline = "ours.toml"'), "circle"),
    ],
)
def test_a_malformed_profile_is_refused_in_one_line(tmp_path: Path, text: str | bytes, expected: str) -> None:
    """Binary, bad TOML, empty, impossible values: a UsageError that says what was expected."""
    assert expected in refused(tmp_path, text)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("scale", "3/0", "--scale: found '3/0'; expected a number"),
        ("compression", "x", "--compression: found 'x'; expected a number"),
        ("seed", -1, "--seed: found -1; "),
        ("schools", 20_000, "--schools: found 20000; "),
        ("date", "2027-99-01", "--date: found '2027-99-01'; no such day"),
        ("shape", "nope", "--shape: no 'nope'"),
        ("bell", "nope", "--bell: no 'nope'"),
        ("devices", "nope", "--devices: no 'nope'"),
        ("objectives", "nope", "--objectives: no 'nope'"),
    ],
)
def test_what_an_option_said_is_not_blamed_on_the_file(name: str, value: object, expected: str) -> None:
    """The option is named, and neither the profile nor its guide, where nothing is to be changed."""
    with pytest.raises(UsageError) as told:
        profiles.load("ordinary-week", overrides={name: value})
    assert str(told.value.message).startswith(expected)
    assert "ordinary-week" not in told.value.message
    assert "writing-profiles" not in told.value.hint


def test_faults_of_the_file_stay_its_own_beside_those_of_an_option(tmp_path: Path) -> None:
    """Both at once: each is said of where it stands."""
    path = tmp_path / "ours.toml"
    path.write_text(LOCKDOWN.replace("compression = 45", 'compression = "x"'), encoding="utf-8")
    with pytest.raises(UsageError) as told:
        profiles.load(str(path), overrides={"scale": "3/0"})
    lines = sorted(told.value.message.splitlines())
    assert lines[0].startswith("--scale: found '3/0'; ")
    assert lines[1].startswith(f"{path}: replay.compression: found 'x'; ")


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    """A folder where a file was expected, and a name nobody ships."""
    with pytest.raises(UsageError, match="folder"):
        profiles.load(f"{tmp_path}/")
    with pytest.raises(UsageError, match="no such file"):
        profiles.load("nobody-ships-this")


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_stumble(data: bytes) -> None:
    """Whatever the bytes, reading ends in a UsageError, never in another exception."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.toml"
        path.write_bytes(data)
        with pytest.raises(UsageError):
            profiles.load(str(path))


@pytest.mark.parametrize(
    ("written", "low", "high"), [("4.68", 4.675, 4.685), ("1.83e6", 1_825_000, 1_835_000), ("8", 7.5, 8.5)]
)
def test_a_figure_is_the_interval_of_its_last_digit(written: str, low: float, high: float) -> None:
    """± half the last written digit."""
    interval = Figure(exact(written)).interval
    assert (float(interval.low), float(interval.high)) == (low, high)


@pytest.mark.parametrize(
    ("text", "measure", "bound"),
    [
        ("p95 < 1600ms", "latency", 1.6), ("p99.9 <= 2s", "latency", 2.0), ("errors < 1%", "errors", 0.01),
        ("availability >= 99.5 %", "availability", 0.995), ("apdex(500ms) >= 0.85", "apdex", 0.85),
    ],
)  # fmt: skip
def test_objectives_are_read(text: str, measure: str, bound: float) -> None:
    """The grammar of the profiles."""
    must = parse_objective(text)
    assert (must.measure, must.bound) == (measure, pytest.approx(bound))


@pytest.mark.parametrize(
    "text", ["", "p95", "p0 < 1s", "p100 < 1s", "errors > 1%", "served < 95%", "apdex(1s) >= 2", "errors < 200%"]
)
def test_what_is_no_objective_is_refused(text: str) -> None:
    """Nonsense and comparisons that point the wrong way."""
    with pytest.raises(ValueError, match=r".+"):
        parse_objective(text)


@pytest.mark.parametrize("titles", ['fr = "rentrée"', 'en = "term start"'])
def test_a_title_in_one_language_stands_in_for_the_other(tmp_path: Path, titles: str) -> None:
    """Whoever writes but French is shown it in both; no title at all is refused."""
    lines = LOCKDOWN.splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("title"))

    def titled(text: str) -> str:
        return "\n".join([*lines[:place], f"title = {{ {text} }}", *lines[place + 1 :]])

    path = tmp_path / "ours.toml"
    path.write_text(titled(titles), encoding="utf-8")
    found = profiles.load(str(path)).file.title
    assert set(found) == {"fr", "en"}
    assert found["fr"] == found["en"]
    assert "title" in refused(tmp_path, titled(""))

"""Profiles as they come from editors, spreadsheets and mistakes: what is read, and how the rest is refused."""

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entsurge.audience import profile as profiles
from entsurge.errors import UsageError

CASES = Path(__file__).parent / "cases"
READ = {  # which text stands in the title, when the window ends
    "24": ("court", "24:00"), "bom": ("court", "09:10"), "crlf": ("court", "09:10"), "scaleu": ("court", "09:10"),
    "tab": ("court", "09:10"), "tabindent": ("court", "09:10"),
}  # fmt: skip
REFUSED = {
    "1252": "not a text file in UTF-8 (line 1, byte 0xE9)", "ar": "window.to: found",
    "comp": "replay.compression: found",
    "cr": "not TOML: ", "dated": "window.day: found", "esc": "title.fr: U+FFFE at character 2",
    "fffe": "title.fr: U+FFFE at character 2", "hugefloat": "figures.page_views_percent: found 1E+308; expected",
    "inf": "figures.page_views_percent: found Infinity; expected a finite number",
    "inline": "z: nested more than 64 deep",
    "must": "objective.0.must: found", "must2": "objective.0.must: found", "must3": "objective.0.must: found",
    "nan": "figures.page_views_percent: found NaN; expected a finite number", "nbsp": "U+00A0 stands there",
    "nul": "U+0000 stands there", "scale0": "replay.scale: found", "scaledigits": "replay.scale: found",
    "scalehuge": "replay.scale: found", "scaleneg": "replay.scale: found", "time": "window.from: found '9:00'",
    "utf16": "in UTF-16",
}  # fmt: skip


def test_every_case_has_its_answer() -> None:
    """No file lies there that nobody asks about."""
    assert {path.stem for path in CASES.glob("*.toml")} == READ.keys() | REFUSED.keys()


@pytest.mark.parametrize("name", READ)
def test_what_editors_write_is_read(name: str) -> None:
    """A mark at the begin, CRLF, tabs, a window until midnight: the same profile."""
    title, end = READ[name]
    found = profiles.load(str(CASES / f"{name}.toml"))
    assert found.file.title == {"fr": title, "en": "short"}
    assert found.file.window.end == end
    assert (found.file.replay.scale, found.file.replay.compression) == (Fraction(1, 600), 60)
    assert found.week.visits == 1_279_720


@pytest.mark.parametrize("name", REFUSED)
def test_the_rest_is_refused_with_its_key(name: str) -> None:
    """One message, with the file and the key or the line; never another exception, and at once."""
    with pytest.raises(UsageError) as caught:
        profiles.load(str(CASES / f"{name}.toml"))
    assert REFUSED[name] in str(caught.value)
    assert str(caught.value).startswith(str(CASES / f"{name}.toml"))
    assert len(str(caught.value)) < 1000


SOUND = (CASES / "crlf.toml").read_bytes().decode().replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("compression = 60", f"compression = {'9' * 5000}", "replay.compression"),
        ("compression = 60", "compression = 1e999999999999", "replay.compression"),
        ("compression = 60", "compression = 1e99999999999999999999", "replay.compression"),
        ("compression = 60", 'compression = "1e999999999"', "replay.compression"),
        ("compression = 60", 'compression = "1/1e9"', "replay.compression"),
        ("compression = 60", "compression = 0xffffffffffffffffffff", "replay.compression"),
        ("warm_up_minutes = 2", f"seed = -{'9' * 4000}", "replay.seed"),
        ("warm_up_minutes = 2", "page_deadline_seconds = nan", "replay.page_deadline_seconds"),
        ("page_views_percent = 0", "visits = 1e-300\npage_views = 8", "figures.visits"),
        ("page_views_percent = 0", "visits = 1e300", "figures.visits"),
        ("page_views_percent = 0", f"visits = {'[' * 3000}{']' * 3000}", "visits: nested more than 64 deep"),
        ("page_views_percent = 0", f"a{'.a' * 3000} = 1", "nested more than 64 deep"),
        ('must = "p95 < 1600ms"', f'must = "p95 < {"9" * 400}ms"', "objective.0.must"),
        ('must = "p95 < 1600ms"', f'must = "p95 < {"9" * 400} x baseline"', "objective.0.must"),
        ('must = "p95 < 1600ms"', 'must = "p95 < 1s"\nid = "a\\u0085b"', "objective.0.id: U+0085 at character 2"),
        ('persona = "student"', 'persona = "student"\n"\\uFFFF" = 3', "a key holds U+FFFF"),
        ('source = "synthetic"', 'source = "a\x1bb"', "U+001B stands there"),
        ('to = "09:10"', 'to = "1\u0660:1\u0660"', "window.to"),
    ],
)  # fmt: skip
def test_numbers_and_texts_beyond_measure_are_named(tmp_path: Path, old: str, new: str, key: str) -> None:
    """Digits without end, exponents that fill the memory, deep arrays, letters that no report can hold."""
    path = tmp_path / "ours.toml"
    path.write_text(SOUND.replace(old, new), encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        profiles.load(str(path))
    assert key in str(caught.value)
    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize("scale", ["1e999999999", "nan", "1/0", "inf", "1e-99", f"1/{'9' * 5000}", "1_0/0_0", "½"])
def test_the_command_line_s_numbers_are_held_to_the_same(scale: str) -> None:
    """`--scale` replaces the profile's: the option is named."""
    with pytest.raises(UsageError, match=r"\A--scale: "):
        profiles.load("ordinary-week", overrides={"scale": scale})


@settings(max_examples=80)
@given(
    st.sampled_from(["page_views_percent", "compression", "seed", "scale", "warm_up_minutes"]),
    st.one_of(
        st.floats().map(str), st.integers().map(str),
        st.from_regex(r"[+-]?[0-9]{1,6}e[+-]?[0-9]{1,12}", fullmatch=True),
        st.text(st.characters(exclude_categories=["Cs"])).map(lambda text: f'"""{text}"""'), st.just("[[[{a=[1]}]]]"),
    ),
)  # fmt: skip
def test_whatever_stands_in_the_place_of_a_number(
    tmp_path_factory: pytest.TempPathFactory, key: str, value: str
) -> None:
    """A profile, or a UsageError."""
    path = tmp_path_factory.getbasetemp() / "any.toml"
    lines = [f"{key} = {value}" if line.startswith(f"{key} =") else line for line in SOUND.splitlines()]
    path.write_text("\n".join(lines), encoding="utf-8")
    try:
        found = profiles.load(str(path))
    except UsageError:
        return
    assert found.week.visits > 0

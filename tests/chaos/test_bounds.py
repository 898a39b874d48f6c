"""Experiments and game days whose values no run could bear: refused with file and key before anything is broken."""

import json
from pathlib import Path

import pytest

from entsurge.chaos.experiment import load
from entsurge.chaos.game_day import load_all
from entsurge.chaos.timeline import Span
from entsurge.chaos.watch import StopCondition, _reading
from entsurge.errors import UsageError

EXTENSION = {"name": "entsurge", "kind": "fault", "title": {"fr": "panne", "en": "fault"}}


def refused(path: Path, text: str, load_it=load) -> str:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_it(str(path))
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('"lease_seconds": 15', f'"lease_seconds": {"9" * 5000}', "extensions.0.lease_seconds: expected an integer"),
        ('"lease_seconds": 15', '"lease_seconds": 1e999', "extensions.0.lease_seconds: found inf"),
        ('"lease_seconds": 15', '"lease_seconds": NaN', "extensions.0.lease_seconds: found nan"),
        ('"lease_seconds": 15', '"lease_seconds": 1e308', "extensions.entsurge.lease_seconds: found 1e+308"),
        ('"panne"', '"pan\\ud800ne"', "extensions.0.title.fr: U+D800 at character 4"),
        ('"panne"', '"pan\\ufffene"', "extensions.0.title.fr: U+FFFE at character 4"),
        ('"method": []', f'"method": {"[" * 3000}{"]" * 3000}', "method: nested more than 64 deep"),
        ('"rollbacks": []', '"rollbacks": 3', "rollbacks: found 3"),
        ('"lease_seconds": 15', f'"timeline": {{"start": "{"9" * 400}s"}}', "extensions.entsurge.timeline.start"),
    ],
)
def test_an_experiment_beyond_measure(tmp_path: Path, old: str, new: str, key: str) -> None:
    """Thousands of digits, infinity, lone surrogates, deep arrays, a time without end."""
    whole = {"method": [], "rollbacks": [], "extensions": [EXTENSION | {"lease_seconds": 15}]}
    text = json.dumps(whole)
    assert old in text
    assert key in refused(tmp_path / "x.json", text.replace(old, new))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('title = { fr = "a\\u0000" }\n[[perturbation]]\nexperiment = "sso-slow"', "title.fr: U+0000"),
        (f'title = {{ fr = "a" }}\nx = {"9" * 5000}', "x: expected an integer"), ('title = "\xe9\r', "not TOML"),
        ('title = { fr = "a" }\n[[perturbation]]\nexperiment = "sso-slow"\nseen = 1', "perturbation.0.seen"),
    ],
)  # fmt: skip
def test_a_game_day_beyond_measure(tmp_path: Path, text: str, key: str) -> None:
    """As every TOML file of ours."""
    assert key in refused(tmp_path / "day.toml", text, lambda path: load_all([path]))


@pytest.mark.parametrize("when", [f"{'9' * 400}s", "1e9min", f"0.{'1' * 40}%", "inf", "nan%"])
def test_a_time_on_the_command_line_is_bounded(when: str) -> None:
    """`--chaos NAME@…`."""
    with pytest.raises(UsageError, match="expected HH:MM"):
        Span.parse(when)


def test_a_metric_is_summed_whatever_stands_in_its_labels() -> None:
    """Names in UTF-8, counters that do not say their ending, line separators; a broken line elsewhere is nobody's."""
    text = '# TYPE old counter\nold{p="a\u2028b"} 2\nold{p="c"} 3\nthis is { no line\n{"q.x",pool="db"} 4\n'
    assert _reading(text, StopCondition(metric="old", above=1), "").value == 5
    assert _reading(text, StopCondition(metric="old", labels={"p": "c"}, above=1), "").value == 3
    assert _reading(text, StopCondition(metric="q.x", above=1), "").value == 4
    assert _reading(text, StopCondition(metric="absent", above=1), "").value is None

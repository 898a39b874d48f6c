"""`entsurge plan --target`: what a run needs, over the HTTP that its target speaks."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from entsurge.audience import profile as profiles
from entsurge.cli import main
from entsurge.engine import room
from entsurge.engine.room import Limits, check_room
from entsurge.errors import UsageError

TLS = 'url = "https://127.0.0.1:8443"\n'


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    """Calls the command line on a wide terminal: exit code, output, errors."""
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str) -> tuple[int, str, str]:
        code = 0
        try:
            code = main(list(arguments)) or 0
        except SystemExit as end:
            code = int(end.code or 0)
        return (code, *capsys.readouterr())

    return call


@pytest.fixture
def target(tmp_path: Path) -> Callable[[str], str]:
    """Writes a target file, and says where."""

    def write(text: str) -> str:
        path = tmp_path / "target.toml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def sizing_of(said, *arguments: str) -> dict[str, object]:
    code, out, _ = said("plan", *arguments, "--json")
    assert code == 0
    found: dict[str, object] = json.loads(out)["sizing"]
    return found


def test_a_plan_without_a_target_is_what_it_was(said) -> None:
    """No sizing where nobody asked for one."""
    code, out, _ = said("plan", "lockdown-2020", "--json")
    assert code == 0
    assert "sizing" not in json.loads(out)
    assert "--processes" not in said("plan", "lockdown-2020")[1]


def test_a_url_on_loopback_is_sized(said) -> None:
    """The table with its two moments, where the costs come from, and that another machine's differ."""
    code, out, _ = said("plan", "lockdown-2020", "--target", "http://127.0.0.1:8080")
    assert code == 0
    for words in (
        "What the generator needs", "Against http://127.0.0.1:8080.", "the run", "full scale", "cores to provide",
        "--processes", "memory, MB", "descriptors of each process", "local ports", "no core is used above 50%",
        "costs measured on", "another machine differ", "benchmarks/visit_cost.py", "scale 1/86, compression 45",
    ):  # fmt: skip
        assert words in out, words
    assert "HTTP/2" not in out.split("What the generator needs")[1].split("Against")[0]


def test_an_address_in_brackets_is_shown_as_it_is(said) -> None:
    """IPv6's brackets are no instruction to the terminal."""
    assert "Against http://[::1]:8080." in said("plan", "lockdown-2020", "--target", "http://[::1]:8080")[1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TLS, ["https-http1", "https-http2"]),
        (TLS + 'http = "auto"', ["https-http1", "https-http2"]),
        (TLS + 'http = "1.1"', ["https-http1"]),
        (TLS + 'http = "2"', ["https-http2"]),
        ('url = "http://127.0.0.1:8080"\nhttp = "1.1"', ["http"]),
    ],
)
def test_a_target_file_says_over_which_http(said, target, text: str, expected: list[str]) -> None:
    """Each protocol that may be spoken is sized, in JSON and in the table, for the run and at full scale."""
    file = target(text)
    found = sizing_of(said, "lockdown-2020", "--target", file)
    assert [list(found[moment]["protocols"]) for moment in ("run", "full_scale")] == [expected, expected]
    out = said("plan", "lockdown-2020", "--target", file)[1]
    assert ("not known before it is asked" in out) == (len(expected) > 1)


def test_json_holds_all_that_the_table_shows(said) -> None:
    """When, scale, compression, load, each protocol's figures in known units, and the costs' day and machine."""
    found = sizing_of(said, "lockdown-2020", "--target", "https://127.0.0.1:8443", "--scale", "1/10")
    assert set(found) == {"target", "costs", "run", "full_scale"}
    assert set(found["costs"]) == {"date", "machine"}
    run, full = found["run"], found["full_scale"]
    assert (run["scale"], run["compression"], full["scale"], full["compression"]) == ("1/10", "45", "1", "1")
    assert full["visits_per_second"] == pytest.approx(11.81, abs=0.005)
    assert set(run["protocols"]["https-http1"]) == {
        "protocol", "requests_per_second", "connections_per_second", "connections_at_once", "processor", "cores",
        "processes", "memory_mb", "descriptors", "ports",
    }  # fmt: skip
    assert run["requests_per_second"] == pytest.approx(run["protocols"]["https-http2"]["requests_per_second"])


@pytest.mark.parametrize(
    ("target_text", "words"),
    [
        ('url = "https://ent.example.fr"', ["authorised"]),
        ('url = "http://127.0.0.1"\nhttp = "3"', ["http", "docs/target-files.md"]),
        ("nonsense", ["not TOML"]),
    ],
)
def test_a_broken_target_file_is_exit_2(said, target, target_text: str, words: list[str]) -> None:
    """File, key and hint, as `entsurge run` says them; never a traceback."""
    code, _, err = said("plan", "lockdown-2020", "--target", target(target_text))
    assert code == 2
    assert all(each in err for each in ("target.toml", *words)), err


@pytest.mark.parametrize("url", ["no-such-file.toml", "http://ent.example.fr", "ftp://127.0.0.1"])
def test_what_a_run_would_not_load_is_not_sized(said, url: str) -> None:
    """A missing file, an address elsewhere without a file, another scheme: exit 2, and it is named."""
    code, _, err = said("plan", "lockdown-2020", "--target", url)
    assert code == 2
    assert url in err


def test_what_a_run_would_be_refused_for_is_said_beforehand(said, monkeypatch: pytest.MonkeyPatch) -> None:
    """The very words and remedies of the run's own check, at the processes that are recommended."""
    monkeypatch.setattr(room, "_ports", lambda: 100)
    asked = ("lockdown-2020", "--target", "http://127.0.0.1:8080", "--scale", "1/10")
    found = sizing_of(said, *asked)["run"]
    with pytest.raises(UsageError) as refused:
        check_room(
            profiles.load("lockdown-2020", overrides={"scale": "1/10"}),
            processes=found["protocols"]["http"]["processes"], sources=0,
        )  # fmt: skip
    assert {"reason": str(refused.value), "remedy": refused.value.hint} in found["refused"]
    out = " ".join(said("plan", *asked)[1].split())
    assert "`entsurge run` on this machine will refuse the run: the plan needs about" in out
    assert "--source 127.0.1.0/" in out


def test_http2_alone_is_refused_only_for_its_own_need(said, target, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the file allows HTTP/2 alone, the need is one connection a visitor, as in the run's check."""
    monkeypatch.setattr("entsurge.commands.sizing.limits", lambda: Limits(None, 15_000))
    auto = sizing_of(said, "lockdown-2020", "--target", target(TLS))["full_scale"]
    alone = sizing_of(said, "lockdown-2020", "--target", target(TLS + 'http = "2"'))["full_scale"]
    assert [bool(auto["refused"]), bool(alone["refused"])] == [True, False]


def test_days_that_are_replayed_in_turn_are_sized_by_the_busiest(said) -> None:
    """The crisis fortnight: its Monday, not the day that happens to be the profile's own window."""
    url = ("--target", "http://127.0.0.1:8080")
    days = [sizing_of(said, "crisis-fortnight", *url, "--day", str(day))["run"] for day in (1, 2, 3)]
    whole = sizing_of(said, "crisis-fortnight", *url)["run"]
    assert whole["day"] == "monday"
    assert whole["visits_per_second"] >= max(day["visits_per_second"] for day in days)


def test_more_processes_than_there_are_shards_are_not_recommended_in_silence(said) -> None:
    """A run that would need over 256 says so, and what to do."""
    found = sizing_of(said, "national-peak", "--target", "http://127.0.0.1:8080", "--scale", "1000")["run"]
    assert found["protocols"]["http"]["processes"] > 256
    assert any("256 at most" in each["reason"] for each in found["refused"])


def test_a_target_without_an_app_is_sized_for_phones(said, target) -> None:
    """The app's visits come by phone there, whose pages ask for more; as a run would offer them."""
    words = ("pause-numerique-monday", "--devices", "dnma", "--target")
    with_app, without = (
        json.loads(said("plan", *words, target(TLS + more), "--json")[1])
        for more in ('[app]\ndriver = "skolengo-mobile"\n', 'driver = "entcore"\n')
    )
    assert with_app["devices"]["student"]["app"] > 0
    assert without["devices"]["student"]["app"] == 0
    rates = [found["sizing"]["run"]["requests_per_second"] for found in (with_app, without)]
    assert rates[0] < rates[1]

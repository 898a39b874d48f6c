"""Which runs stand in one note, and in whose: every difference is named, with its remedy; a scale converts."""

import json
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tests.analysis.capacity.servers import Server, manifest_of, step
from tests.analysis.records import record
from tests.typography import in_words

from entsurge.analysis.capacity.comparable import against, among, volume
from entsurge.analysis.capacity.step import read_step
from entsurge.audience import profile as profiles
from entsurge.commands.earlier import read_earlier
from entsurge.commands.searching import superseded
from entsurge.errors import UsageError

SMALL = {"scale": "1/2000"}


@pytest.fixture(scope="module")
def lockdown() -> dict[str, Any]:
    """The manifest of a run of the published lockdown, small."""
    return manifest_of(profiles.load("lockdown-2020", overrides=SMALL))


def run(folder: Path, manifest: dict[str, Any], number: int = 0, **changed: Any) -> Path:
    """A run directory with this manifest and no page in it; each with a plan of its own."""
    return record(folder, **(manifest | {"plan_digest": f"{number:064d}"} | changed))


def test_runs_of_one_profile_are_refused_as_runs_of_another(tmp_path: Path, lockdown: dict[str, Any]) -> None:
    """The lockdown's runs against the national peak: every difference by its name and its remedy, in one message."""
    path = run(tmp_path, lockdown)
    with pytest.raises(UsageError) as caught:
        read_earlier([path], "national-peak", None, ())
    said = str(caught.value)
    assert "these runs of lockdown-2020 say nothing of national-peak" in said
    for what in (
        "the mix of personas and services: high-schools / national", "when each audience comes: lockdown / ordinary",
        "the school bell: none / school", "pages per visit: 8.09 / 4.68", "minutes per visit: 10 / 4.545",
        "window: monday 09:00–09:30 / monday 08:00–08:30", "required objectives:", "population:",
    ):  # fmt: skip
        assert what in said, what
    assert said.count("run") >= 5
    assert caught.value.exit_code == 2


def test_runs_of_a_profile_are_runs_of_it(tmp_path: Path, lockdown: dict[str, Any]) -> None:
    """Its own, and one of other visits a week: no difference that cannot be converted, and the volume is told."""
    profile = profiles.load("lockdown-2020")
    assert against(lockdown, profile, profile) == []
    assert volume(lockdown, profile) is None
    text = profile.sources[0][2].read_text("utf-8")
    text = text.replace('"1.830e6"', '"3.660e6"').replace('"14.805e6"', '"29.610e6"')
    text = re.sub(r"\w+_percent = .*\n", "", text.replace("pages_per_visit = 8\n", "")).replace(
        'baseline = "ordinary-week"\n', ""
    )
    (tmp_path / "more.toml").write_text(text, encoding="utf-8")
    more = profiles.load(str(tmp_path / "more.toml"))
    assert against(lockdown, more, profile) == []
    assert volume(lockdown, more) == pytest.approx((1.83e6, 3.66e6))


CHANGES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "compression": lambda of: {"compression": 60.0},
    "window": lambda of: {"window": of["window"] | {"day": "tuesday"}},
    "target": lambda of: {"target": of["target"] | {"url": "http://127.0.0.1:10"}},
    "target ": lambda of: {"target": of["target"] | {"driver": "moodle"}},
    "population": lambda of: {"population": of["population"] | {"schools": 9}},
    "objectives": lambda of: {"objectives": of["objectives"][1:]},
    "arrivals": lambda of: {"arrivals": "poisson"},
    "seed": lambda of: {"seed": 10},
    "control share": lambda of: {"control_share": 0.1},
    "profile": lambda of: {"profile": "ordinary-week"},
    "figures": lambda of: {"figures": of["figures"] | {"week": of["figures"]["week"] | {"minutes_per_visit": 4.0}}},
    "profile files": lambda of: {"content": [each | {"sha256": "0" * 64} for each in of["content"]]},
    "journeys": lambda of: {
        "content": [*of["content"], {"kind": "scenarios", "name": "student", "path": "s.py", "sha256": "1" * 64}]
    },
    "measures and faults in force": lambda of: {
        "perturbations": [
            {"id": "static-home", "when": "all", "kind": "measure", "title": {}, "defers": [], "start_s": 0, "end_s": 9}
        ]
    },
}


@pytest.mark.parametrize("what", CHANGES)
def test_runs_that_differ_do_not_stand_in_one_note(tmp_path: Path, lockdown: dict[str, Any], what: str) -> None:
    """Each difference between two runs alone is refused by its name, with a remedy."""
    other = lockdown | CHANGES[what](lockdown)
    (found,) = among([lockdown, other])
    assert found.what == what.strip()
    assert found.remedy
    with pytest.raises(UsageError, match="do not belong together") as caught:
        read_earlier([run(tmp_path, lockdown), run(tmp_path, other, 1)], None, None, ())
    assert f"\n  {found.what}: " in str(caught.value)


def test_another_scale_is_no_difference(lockdown: dict[str, Any]) -> None:
    """Runs at 1/344 and 1/86 are steps of one search."""
    assert among([lockdown, lockdown | {"scale": "1/344"}]) == []


def test_what_the_command_line_changed_is_taken_from_the_runs(tmp_path: Path) -> None:
    """A run of another window and shape than the profile's own: the need is that of the runs, not the profile's."""
    overrides = SMALL | {"shape": "ordinary", "window": {"day": "tuesday", "from": "10:00", "to": "10:30"}}
    path = run(tmp_path, manifest_of(profiles.load("lockdown-2020", overrides=overrides)))
    search = read_earlier([path], None, None, ())[1]
    assert search.more["window"]["day"] == "tuesday"
    assert search.more["shape"].endswith("ordinary.toml")
    with pytest.raises(UsageError, match="window: tuesday 10:00–10:30 / monday"):
        read_earlier([path], "lockdown-2020", None, ())


def test_a_measure_that_was_in_force_is_said(tmp_path: Path, lockdown: dict[str, Any]) -> None:
    """The runs' measures are the search's; a profile whose own were left out is refused when it is named."""
    measure = {"id": "static-home", "when": "all", "kind": "measure", "title": {"fr": "m", "en": "m"}, "defers": [],
               "start_s": 0, "end_s": 99}  # fmt: skip
    path = run(tmp_path, lockdown | {"perturbations": [measure]})
    assert read_earlier([path], None, None, ())[1].chaos == ("static-home",)
    barred = profiles.load("parents-barred-2021", overrides=SMALL)
    assert barred.measures
    without = profiles.load("parents-barred-2021", overrides=SMALL | {"measures": False})
    path = run(tmp_path, manifest_of(without), 2)
    with pytest.raises(UsageError, match="measures in force: none"):
        read_earlier([path], "parents-barred-2021", None, ())
    assert read_earlier([path], None, None, ())[1].more["measures"] is False


def test_the_platform_s_share_is_the_runs_own(tmp_path: Path, lockdown: dict[str, Any]) -> None:
    """One scale: that one, whatever the profile replays at; several: it must be said; a search: what it searched at."""
    one, two = run(tmp_path, lockdown), run(tmp_path, lockdown | {"scale": "1/172"}, 1)
    assert read_earlier([one], None, None, ())[1].scale == "1/2000"
    with pytest.raises(UsageError, match="which share of production") as caught:
        read_earlier([one, two], None, None, ())
    assert "lockdown-2020 itself is replayed at 1/86" in caught.value.hint
    assert read_earlier([one, two], None, None, (), "1/100")[1].scale == "1/100"
    searched = tmp_path / "search"
    run(searched / "steps", lockdown | {"scale": "1/344"}).rename(searched / "steps" / "01-raise-0.500")
    (searched / "search.jsonl").write_text(json.dumps({"scale": "1/172"}) + "\n")
    assert read_earlier([searched], None, None, ())[1].scale == "1/172"
    with pytest.raises(UsageError, match="expected a share"):
        read_earlier([one], None, None, (), "0")


def test_a_run_counts_once_and_a_broken_one_not_at_all(tmp_path: Path) -> None:
    """Named twice, broken off, of a generator that gave out: left out, each with its reason in both languages."""
    server = Server.that_takes(100, 1.0)
    sound, late, cut = (step(tmp_path, "lockdown-2020", server, 0.1, draw) for draw in (1, 2, 3))
    (late / "finish.json").write_text(json.dumps({"end": "completed", "cpu_share": 0.99}))
    (cut / "finish.json").write_text(json.dumps({"end": "interrupted"}))
    progress = read_earlier([sound, sound, late, cut], None, None, (), "1/86")[2]
    assert [each.name for each in progress.steps] == [sound.name]
    said = [in_words(each) for each in progress.notes]
    assert any("counted already" in each for each in said)
    assert any("generator CPU: 99%" in each for each in said)
    assert any("did not run to its end" in each for each in said)
    assert all(in_words(each, "fr") for each in progress.notes)


def test_a_run_that_a_guard_ended_was_missed(tmp_path: Path) -> None:
    """What was served before a guard ended it, or before the target fell silent, does not hold for the whole."""
    path = step(tmp_path, "lockdown-2020", Server.that_takes(100, 1.0), 0.1, 1)
    assert read_step(path, 100.0).held
    for end in ("guard", "unreachable"):
        (path / "finish.json").write_text(json.dumps({"end": end, "cpu_share": 0.1}))
        assert not read_step(path, 100.0).held


def test_a_run_that_an_edge_refused_says_nothing_of_the_target(tmp_path: Path) -> None:
    """Pages that a WAF refused, a measure that never came into force: no evidence, and the reason."""
    path = step(tmp_path, "lockdown-2020", Server.that_takes(100, 1.0), 0.1, 1)
    limits = {"refused by an edge: Cloudflare": 3}
    (path / "finish.json").write_text(json.dumps({"end": "completed", "limits": limits}))
    assert "Cloudflare" in in_words(read_step(path, 100.0).ceiling)
    measure = {"id": "m", "when": "all", "kind": "measure", "title": {"fr": "m", "en": "m"}, "defers": [],
               "start_s": 0, "end_s": 99, "whole_run": True}  # fmt: skip
    path = step(tmp_path, "lockdown-2020", Server.that_takes(100, 1.0), 0.1, 2, perturbations=[measure])
    assert "never in force: m" in in_words(read_step(path, 100.0).ceiling)


def test_what_was_not_served_is_counted(tmp_path: Path) -> None:
    """A server that gets to half of the pages: half is said not to be served, whatever its objectives allow."""
    server = Server.that_takes(100, 1.0)
    profile = profiles.load("lockdown-2020")
    path = step(tmp_path, "lockdown-2020", server, 3, 1)
    manifest = json.loads((path / "manifest.json").read_text())
    offered = sum(of["page_views"] for of in manifest["planned"].values()) / 40
    found = read_step(path, 1.0)
    assert found.not_served == pytest.approx(1 - server.served(offered)[0] / offered, abs=0.1)
    assert found.not_served > 0.02
    assert Fraction(manifest["scale"]) == 3 * profile.file.replay.scale


def test_a_manifest_that_says_too_little_is_refused(tmp_path: Path, lockdown: dict[str, Any]) -> None:
    """Figures, content or population of another kind: one sentence, exit 2."""
    for number, changed in enumerate(({"figures": {}}, {"content": [{}]}, {"population": []}, {"window": "monday"})):
        path = run(tmp_path / str(number), lockdown, number, **changed)
        with pytest.raises(UsageError):
            read_earlier([path], None, None, ())


def test_a_step_asked_again_counts_once() -> None:
    """What was asked again for longer gives way to the longer one."""
    names = ["01-raise-0.500", "02-raise-0.700", "03-longer-0.700", "05-halve-0.600"]
    assert superseded(names) == {"02-raise-0.700"}


def test_a_note_never_lands_in_a_run_or_beside_another_search(tmp_path: Path, lockdown: dict[str, Any]) -> None:
    """Refused before anything is read: the folder holds a run, or a search that the note is not about."""
    path = run(tmp_path, lockdown)
    with pytest.raises(UsageError, match="holds a run"):
        read_earlier([path], None, path, ())
    other = tmp_path / "other"
    other.mkdir()
    (other / "search.jsonl").write_text("{}\n")
    with pytest.raises(UsageError, match="holds another search"):
        read_earlier([path], None, other, ())

"""Comparison of runs: what is found, what is chance, who must not be compared, and when a level changed."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.analysis.records import objective, pages, record, run_of
from tests.typography import in_words

from entsurge.analysis.baseline import last_believable, run_folders
from entsurge.analysis.comparison import compare
from entsurge.analysis.comparison_report import comparison_report
from entsurge.analysis.history import changes
from entsurge.analysis.measured import Measured, Page, differences, measured
from entsurge.analysis.relative import quantiles, ratios, wanted
from entsurge.errors import UsageError
from entsurge.findings.statement import Statement

PLAN = {
    "profile": "p", "scale": "1", "compression": 1.0, "window": {"day": "monday"}, "plan_digest": "d", "target": "t",
    "perturbations": [], "population": {}, "objectives": [], "versions": "1",
}  # fmt: skip


def run(
    seconds: dict[str, float], *, failed: dict[str, int] | None = None, shed: float = 0.0, **plan: object
) -> Measured:
    """A run of a hundred views a page, so many of them failed."""
    keys = {page: ("student", "home", page) for page in {**seconds, **(failed or {})}}
    share = sum((failed or {}).values()) / (100 * max(1, len(keys)))
    return Measured(
        "r", "2026-01-01", PLAN | plan, {keys[page]: value for page, value in seconds.items()},
        dict.fromkeys(keys.values(), 100), {keys[page]: count for page, count in (failed or {}).items()}, share, shed,
    )  # fmt: skip


def noisy(seed: int, slower: float = 1.0, count: int = 8) -> Measured:
    """Pages of 0.5 s, 3 % from run to run; page 3 slower."""
    source = np.random.default_rng(seed)
    return run({
        f"page-{number}": 0.5 * float(np.exp(source.normal(0, 0.03))) * (slower if number == 3 else 1)
        for number in range(count)
    })  # fmt: skip


def test_a_slower_page_is_found_and_named() -> None:
    """A fifth slower, one page of eight, five runs a side: that page alone, with its ratio inside its interval."""
    found = compare([noisy(seed) for seed in range(5)], [noisy(100 + seed, 1.2) for seed in range(5)])
    assert [page.page for page in found.regressions] == ["page-3"]
    page = found.regressions[0]
    assert page.low <= page.ratio <= page.high
    assert page.ratio == pytest.approx(1.2, rel=0.06)
    assert found.worse


def test_a_faster_page_is_an_improvement_and_no_fault() -> None:
    """The other way round."""
    found = compare([noisy(seed, 1.2) for seed in range(5)], [noisy(100 + seed) for seed in range(5)])
    assert [page.page for page in (*found.scopes, *found.pages) if page.state == "improvement"] == ["page-3"]
    assert not found.worse


def test_a_small_change_is_no_regression_however_certain() -> None:
    """Five percent slower is below the least effect, and above a least effect of four percent."""
    baselines = [run({"a": 1.0 + seed / 10_000}) for seed in range(5)]
    candidates = [run({"a": 1.05 + seed / 10_000}) for seed in range(5)]
    assert not compare(baselines, candidates).worse
    assert compare(baselines, candidates, least_effect=0.04).worse


def test_one_run_a_side_shows_a_ratio_and_judges_nothing() -> None:
    """Twice as slow, but one run each: the ratio and a note in both languages, no regression."""
    found = compare([run({"a": 1.0})], [run({"a": 2.0})])
    assert found.pages[0].ratio == pytest.approx(2, rel=0.01)
    assert not found.worse
    assert not found.can_show
    assert any("cannot show" in in_words(note) and "p : 1)" in in_words(note, "fr") for note in found.notes)


def test_more_errors_are_worse_before_anything_else() -> None:
    """Same latencies, five points more failures in every candidate."""
    found = compare([run({"a": 1.0})] * 4, [run({"a": 1.0}, failed={"a": 5 + n}) for n in range(4)])
    assert found.errors_worse
    assert found.worse
    assert not found.regressions


def test_more_refusals_are_worse_too() -> None:
    """A candidate that turns a tenth away is not as good as its baseline, however fast."""
    found = compare([run({"a": 1.0}, shed=n / 1000) for n in range(4)], [run({"a": 1.0}, shed=0.1)] * 4)
    assert found.errors_worse
    assert not found.failing


def test_a_page_that_fails_whole_is_found_though_it_has_no_latency() -> None:
    """One of two hundred pages always fails: half a point of all pages, but that page is named."""
    seconds = {f"page-{number}": 0.5 for number in range(200)}
    without = {page: value for page, value in seconds.items() if page != "page-7"}
    baselines = [run(seconds) for _ in range(5)]
    found = compare(baselines, [run(without, failed={"page-7": 100}) for _ in range(4)])
    assert [page.page for page in found.failing] == ["page-7"]
    assert found.errors.estimate < 0.01
    assert found.worse
    assert any("left out" in in_words(note) for note in found.notes)


@pytest.mark.parametrize("name", ["profile", "scale", "compression", "window"])
def test_other_plans_are_not_compared(name: str) -> None:
    """Another profile, scale, compression or window: refused, the difference named; or named beside the figures."""
    one, two = run({"a": 1.0}), run({"a": 1.0}, **{name: "other"})
    with pytest.raises(UsageError, match=name) as error:
        compare([one], [two])
    assert error.value.exit_code == 2
    assert any(name in in_words(each) for each in compare([one], [two], enforce=False).differences)


def test_another_seed_or_measure_is_named() -> None:
    """Not refused, said in both languages."""
    found = compare([run({"a": 1.0})], [run({"a": 1.0}, plan_digest="e", perturbations=["news-closed"])])
    assert [in_words(each).partition(":")[0] for each in found.differences] == [
        "visits drawn (seed or figures)", "measures and faults",
    ]  # fmt: skip
    assert "news-closed" in in_words(found.differences[1], "fr")


def test_two_to_thirty_runs() -> None:
    """Neither one nor thirty-one."""
    for baselines, candidates in ((1, 0), (0, 2), (28, 3)):
        with pytest.raises(UsageError, match="2 to 30"):
            compare([run({"a": 1.0})] * baselines, [run({"a": 1.0})] * candidates)


def test_what_a_run_contributes(tmp_path: Path) -> None:
    """Corrected p95 of served pages of the judged window; rare pages have no quantile; warm-up has no say."""
    rows = pages(count=95, seconds=0.2) + pages(count=5, seconds=4.0) + pages(count=25, outcome="failed")
    rows += pages(count=500, seconds=30.0, phase="warm-up") + pages(page="rare", count=19)
    found = measured(run_of(tmp_path, rows))
    key = ("student", "homework", "read-homework")
    assert found.seconds == {key: pytest.approx(0.2, rel=1e-3)}
    assert found.asked == {key: 125, ("student", "homework", "rare"): 19}
    assert found.failed == {key: 25}
    assert found.failed_share == pytest.approx(25 / 144)


def test_a_run_without_a_page_is_compared_with_nothing(tmp_path: Path) -> None:
    """No request at all: no finding, and that it is in doubt is said."""
    found = compare([measured(run_of(tmp_path, pages(count=50)))], [measured(run_of(tmp_path))])
    assert found.pages == []
    assert not found.worse


def test_baselines_are_the_last_ten_that_can_be_believed() -> None:
    """Of twelve, the two oldest and the one in doubt stay out; the doubt is said."""
    runs = [replace(run({"a": 1.0}), name=f"r{day}", started_utc=f"2026-01-{day:02}") for day in range(1, 13)]
    doubtful = replace(runs[5], unbelievable=(Statement("light.cpu", {"busy_percent": 97}),))
    kept, notes = last_believable([*reversed(runs[6:]), doubtful, *runs[:5]])
    assert [each.name for each in kept] == [f"r{day}" for day in (2, 3, 4, 5, 7, 8, 9, 10, 11, 12)]
    assert [in_words(note) for note in notes] == ["baseline r6 left out: generator CPU: 97%"]


def test_a_folder_of_runs_stands_for_them(tmp_path: Path) -> None:
    """Run directories and folders of them may be mixed; what is neither is named."""
    runs = [record(tmp_path, pages()) for _ in range(3)]
    assert run_folders([tmp_path, runs[1]]) == runs
    with pytest.raises(UsageError, match="nothing-here"):
        run_folders([tmp_path / "nothing-here"])


def several(tmp_path: Path, seconds: list[float], *, rare: int = 19, refused: int = 0) -> list[Measured]:
    """A run for every time: pupils' homework in thirty pages of five views each, and one page often read."""
    found = []
    for at, each in enumerate(seconds):
        rows = [row for page in range(30) for row in pages(page=f"piece-{page}", count=5, seconds=each)]
        rows += pages(service="files", page="files", count=200, seconds=0.2 + at / 2000)
        rows += pages(persona="parent", service="marks", page="marks", count=rare, seconds=each)
        rows += pages(persona="parent", service="news", page="news", count=25 - refused, seconds=each)
        rows += pages(persona="parent", service="news", page="news", count=refused, seconds=0.01, outcome="shed")
        found.append(measured(run_of(tmp_path, rows)))
    return found


def test_services_and_personas_are_judged_though_every_page_is_rare(tmp_path: Path) -> None:
    """Thirty pages of five views: all left out; the service that they make up is 20 % slower, and that is found."""
    runs = several(tmp_path, [0.50, 0.505, 0.495, 0.502, 0.60, 0.605, 0.595, 0.602])
    found = compare(runs[:4], runs[4:])
    assert [(each.persona, each.service, each.page) for each in found.regressions] == [
        ("*", "*", "*"), ("parent", "*", "*"), ("parent", "news", "*"), ("student", "*", "*"),
        ("student", "homework", "*"), ("parent", "news", "news"),
    ]  # fmt: skip
    homework = next(each for each in found.scopes if each.service == "homework")
    assert homework.ratio == pytest.approx(1.2, rel=0.02)
    assert found.state == "red"
    assert {each.page for each in found.pages} == {"files", "news"}


def test_a_persona_that_fails_more_is_found_though_every_page_is_rare() -> None:
    """A tenth of one service's rare pages fail, far under a point of all pages: the service is named."""

    def failing(share: int) -> Measured:
        asked: dict[Page, int] = {("student", "homework", f"piece-{page}"): 10 for page in range(20)}
        asked["student", "home", "home"] = 5000
        return replace(run({}), asked=asked, failed={page: share for page in asked if page[1] == "homework"})

    found = compare([failing(0)] * 4, [failing(1)] * 4)
    assert [(each.persona, each.service, each.page) for each in found.failing] == [("student", "homework", "*")]
    assert found.worse


def test_what_is_left_out_is_said_with_its_reason_and_counts(tmp_path: Path) -> None:
    """Rare pages and scopes by how often they are asked for; those refused too often by how often they are served."""
    base, new = several(tmp_path, [0.5, 0.5, 0.5, 0.5]), several(tmp_path, [0.5, 0.5, 0.5, 0.5], refused=8)
    found = compare(base, new)
    told = {
        (each.service, each.page): (each.reason, each.fewest, each.most, each.asked) for each in found.left_out_pages
    }
    assert len(told) == 32
    assert told["homework", "piece-7"] == ("rare", 5, 5, 5)
    assert told["news", "news"] == ("not-served", 17, 25, 25)
    assert {(each.persona, each.service): each.reason for each in found.left_out_scopes} == {
        ("parent", "marks"): "rare", ("parent", "news"): "not-served",
    }  # fmt: skip
    notes = [in_words(note) for note in found.notes]
    assert notes[0].startswith("2 of 7 personas and services left out: 1 asked for fewer than 20 times")
    assert notes[1].startswith(
        "32 of 33 pages left out: 31 asked for fewer than 20 times in one of the runs (median 5), which"
    )
    assert "1 asked for often enough, but served fewer than 20 times" in notes[1]


def test_what_is_left_out_cannot_be_green(tmp_path: Path) -> None:
    """Runs that hardly differ would show 10 % everywhere: green; with a service of nineteen views it is amber."""
    seconds = [0.500, 0.501, 0.502, 0.503]
    full = several(tmp_path, seconds * 2, rare=40)
    assert compare(full[:4], full[4:]).state == "green"
    thin = several(tmp_path, seconds * 2)
    found = compare(thin[:4], thin[4:])
    assert found.state == "amber"
    assert in_words(found.unseen).endswith(
        "for 1 of 7 personas and services (1 of them with too few pages to be judged)"
    )
    assert "trop peu de pages" in in_words(found.unseen, "fr")


def test_what_could_have_been_missed_is_said_with_how_many_runs_would_do() -> None:
    """Four a side, 5 % between runs, a fifth slower: no regression, and no word of there being none."""
    source = np.random.default_rng(4)

    def loose(slower: float) -> Measured:
        seconds = 0.368 * slower * float(np.exp(source.normal(0, 0.05)))
        scopes = dict.fromkeys((("*", "*", "*"), ("student", "*", "*"), ("student", "home", "*")), seconds)
        return replace(run({"a": seconds}), scopes=scopes, served={("student", "home", "a"): 100})

    found = compare([loose(1.0) for _ in range(4)], [loose(1.0) for _ in range(4)])
    assert found.state == "amber"
    assert all(each.blind and each.smallest > 1.10 for each in found.scopes)
    baselines, candidates = found.scopes[0].would_do
    assert 4 < candidates <= baselines <= 10
    assert f"{baselines} baselines and {candidates} candidates should do" in in_words(found.unseen)
    assert found.state == "amber"
    few = compare([loose(1.0)], [loose(1.2)])
    assert in_words(few.unseen).endswith("it takes four a side at least, or three against ten")
    assert few.state == "amber"


RELATIVE = [objective("p95 < 1.2 x baseline"), objective("p95 < 1s", id="absolute")]


def relative(tmp_path: Path, baselines: list[float], candidates: list[float]) -> tuple[str, float | None]:
    """State and ratio of `p95 < 1.2 x baseline` over runs of these seconds."""
    runs = [
        run_of(tmp_path, pages(count=60, seconds=seconds), objectives=RELATIVE) for seconds in [*baselines, *candidates]
    ]
    last = runs[-1]
    seen = [quantiles(each, last) for each in runs]
    found = ratios(wanted(last), seen[: len(baselines)], seen[len(baselines) :])
    assert set(found) == {("o", "student")}
    return found["o", "student"][0], found["o", "student"][1]


BASELINES = [1.0, 1.01, 1.02, 0.99, 0.98, 1.0, 1.03, 0.97, 1.01, 1.0]


@pytest.mark.parametrize(
    ("candidates", "state", "ratio"),
    [
        ([1.30, 1.31, 1.33], "missed", 1.31),
        ([1.05, 1.06, 1.04], "met", 1.05),
        ([0.70, 0.70, 2.00], "not-enough-data", 0.70),
        ([1.30], "not-judged", 1.30),
    ],
)
def test_a_factor_on_the_baseline(candidates: list[float], state: str, ratio: float, tmp_path: Path) -> None:
    """Missed beyond chance, met, not known where a run is twice as slow, or with one candidate not judged."""
    found = relative(tmp_path, BASELINES, candidates)
    assert found == (state, pytest.approx(ratio, rel=0.02))


def test_a_factor_that_may_be_chance_is_not_a_miss(tmp_path: Path) -> None:
    """Baselines that differ by half among themselves: 1.25 proves nothing, and neither does 1."""
    wild = [0.7, 1.5, 0.9, 1.4, 0.8, 1.6, 0.75, 1.3, 1.0, 1.1]
    assert relative(tmp_path, wild, [1.2, 1.4, 1.3])[0] == "not-enough-data"
    assert relative(tmp_path, wild, [0.8, 1.2, 1.05])[0] == "not-enough-data"


def history(levels: list[float], seed: int) -> list[Measured]:
    """A run for every level, page 3 at that level, 3 % noise."""
    return [replace(noisy(seed * 100 + at, level), name=f"run-{at}") for at, level in enumerate(levels)]


def test_a_change_of_level_is_dated() -> None:
    """Twelve runs, from the eighth on a quarter slower: one change, that run, about that factor; and back again."""
    once = changes(history([1.0] * 7 + [1.25] * 5, 1))
    assert [(each.page, each.run) for each in once] == [("page-3", "run-7")]
    assert once[0].effect == pytest.approx(1.25, rel=0.06)
    twice = changes(history([1.0] * 7 + [1.4] * 6 + [1.0] * 7, 2))
    assert [(each.page, each.run) for each in twice] == [("page-3", "run-7"), ("page-3", "run-13")]


def test_noise_is_no_history() -> None:
    """Forty histories of twelve runs in which nothing changed: nothing is found in nearly all of them."""
    assert sum(bool(changes(history([1.0] * 12, seed))) for seed in range(100, 140)) <= 2


def test_five_runs_are_no_history() -> None:
    """However large the step."""
    assert changes(history([1.0, 1.0, 1.0, 3.0, 3.0], 3)) == []


def test_runs_by_other_devices_are_not_compared(tmp_path: Path) -> None:
    """Other shares, the app's among them, are another audience; a run from before devices has none."""
    shares = {"student": {"computer": 0.2, "phone": 0.5, "app": 0.3}}
    told = {"title": {}, "app": "skolengo-mobile", "shares": shares, "kept_cache_percent": {"phone": 12.0}}
    by_phone = told | {"app": "", "shares": {"student": {"computer": 0.2, "phone": 0.8, "app": 0.0}}}
    colder = told | {"kept_cache_percent": {"phone": 0.0}}
    base, old, moved, cold = (measured(run_of(tmp_path, devices=of)) for of in (told, None, by_phone, colder))
    for other in (old, moved):
        with pytest.raises(UsageError, match="runs of different devices are not compared"):
            differences([base, other])
    found = differences([base, cold])
    assert [each.of["what"] for each in found] == [Statement("differs.kept_cache")]


def test_no_run_is_compared_with_itself(tmp_path: Path) -> None:
    """Named twice, or a copy, asked for or chosen as the latest: refused by name. In a folder: left out, and said."""
    runs = [record(tmp_path / "runs", pages(count=60, seconds=seconds)) for seconds in (0.3, 0.4)]
    copy = shutil.copytree(runs[1], tmp_path / "copy")
    with pytest.raises(UsageError, match="run-1: a baseline and a candidate at once"):
        comparison_report(runs, runs[1:])
    for baselines, candidates in (([*runs, copy], ()), ([*runs], [copy]), ([copy, runs[0]], [tmp_path / "runs"])):
        with pytest.raises(UsageError, match=r": the same run as the candidate |: a baseline and a candidate at once"):
            comparison_report(baselines, candidates)
    found = comparison_report([tmp_path / "runs"], [copy])
    assert [(each.name, each.candidate) for each in found.runs] == [("run-0", False), ("run-1", True)]
    assert in_words(found.notes[0]) == "baseline run-1 left out: it is a candidate itself"

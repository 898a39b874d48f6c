"""The plan against the published week: golden figures, the split of one figure, totals to the unit."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entsurge.audience import profile as profiles
from entsurge.plan import chance, summary, visit_length
from entsurge.plan.arrivals import Arrivals, poisson
from entsurge.plan.people import groups
from entsurge.plan.rates import HOURS, visits_per_second


def plan(name: str, **overrides: object) -> Arrivals:
    profile = profiles.load(name, overrides=overrides)
    return Arrivals(profile, groups(profile))


def test_lockdown_peaks_where_it_was_computed() -> None:
    """Lockdown's peak is Monday 9 h with 11.81 visits/s, 95.5 pages/s and 7,084 visitors at once."""
    peak = summary.peak(summary.hours(profiles.load("lockdown-2020")))
    assert (peak.day, peak.hour) == ("monday", 9)
    assert round(peak.total.visits_per_second, 2) == 11.81
    assert round(peak.total.pages_per_second, 1) == 95.5
    assert round(peak.total.concurrency) == 7084


def test_the_ordinary_week_in_its_own_shape_peaks_on_monday_evening() -> None:
    """Under the ordinary shape the peak is Monday 17 h with 5.83 visits/s, 27.3 pages/s and 1,591 visitors."""
    profile = profiles.load("ordinary-week", overrides={"shape": "ordinary"})
    peak = summary.peak(summary.hours(profile))
    assert (peak.day, peak.hour) == ("monday", 17)
    assert round(peak.total.visits_per_second, 2) == 5.83
    assert round(peak.total.pages_per_second, 1) == 27.3
    assert round(peak.total.concurrency) == 1591


def test_the_hours_of_the_week_sum_to_the_published_visits() -> None:
    """168 hourly rates integrate to the week's visits exactly."""
    profile = profiles.load("lockdown-2020")
    rates = visits_per_second(profile)
    assert sum(rates[persona][hour] * 3600 for persona in rates for hour in range(HOURS)) == 1_830_000


def test_planned_figures_and_changes_meet_the_published_ones() -> None:
    """In the replayed window, values lie within 3 % and changes within 3 points of what was published."""
    lockdown, ordinary = (summary.planned(plan(name))["window"] for name in ("lockdown-2020", "ordinary-week"))
    assert lockdown["pages_per_visit"] == pytest.approx(8.09, rel=0.03)
    assert lockdown["minutes_per_visit"] == pytest.approx(10, rel=0.03)
    assert ordinary["pages_per_visit"] == pytest.approx(4.68, rel=0.03)
    assert ordinary["minutes_per_visit"] == pytest.approx(4.55, rel=0.03)
    for name, change in (("visits", 43), ("page_views", 147), ("minutes_per_visit", 120), ("pages_per_visit", 72)):
        assert 100 * (lockdown[name] / ordinary[name] - 1) == pytest.approx(change, abs=3), name


@pytest.mark.parametrize("seed", range(5))
def test_visits_come_out_to_the_unit(seed: int) -> None:
    """Whatever the seed, the window's visits are what the rate integrates to, within one per persona."""
    arrivals = plan("lockdown-2020", seed=seed)
    expected = summary.window_load(arrivals.profile)["visits"]
    assert abs(sum(1 for _ in arrivals.window()) - expected) <= 4


def test_the_same_seed_gives_the_same_digest_and_another_seed_another() -> None:
    """A plan is a function of its profile and seed alone."""
    assert plan("ordinary-week").digest() == plan("ordinary-week").digest()
    assert plan("ordinary-week").digest() != plan("ordinary-week", seed=1).digest()


def test_the_digest_is_the_one_of_every_machine() -> None:
    """Integers and decimals only: the ordinary week's digest never depends on a machine's floating point."""
    first = next(iter(plan("ordinary-week", seed=1)))
    assert first.name.count("/") == 3
    assert all(isinstance(page.gap_us, int) for page in first.pages)


def test_visits_are_ordered_and_their_gaps_are_their_time() -> None:
    """Due times never go back; a visit's gaps sum to pages × mean gap, shortened by the compression."""
    arrivals = plan("lockdown-2020")
    week, compression = arrivals.profile.week, arrivals.profile.file.replay.compression
    mean_gap = week.minutes_per_visit * 60_000_000 / week.pages_per_visit / compression
    last = 0
    for visit in arrivals:
        assert visit.due_us >= last
        last = visit.due_us
        assert sum(page.gap_us for page in visit.pages) == int(len(visit.pages) * mean_gap)


@pytest.mark.parametrize("arrivals", ["systematic", "poisson"])
def test_no_account_is_planned_for_two_visits_at_once(arrivals: str) -> None:
    """In the shipped lockdown, by both ways to draw, an account's visit is over before its next one is due."""
    until: dict[tuple[str, str, int], int] = {}
    for visit in plan("lockdown-2020", arrivals=arrivals):
        account = (visit.persona, visit.group, visit.account)
        assert until.get(account, 0) <= visit.due_us
        until[account] = visit.due_us + sum(page.gap_us for page in visit.pages)
    assert len(until) > 200


def test_an_account_stays_in_one_shard() -> None:
    """Visits of one account belong to one shard, so to one process; the shards are all used."""
    shards: dict[tuple[str, str, int], set[int]] = {}
    for visit in plan("lockdown-2020", scale="1/8"):
        shards.setdefault((visit.persona, visit.group, visit.account), set()).add(visit.shard)
    assert {len(of) for of in shards.values()} == {1}
    assert len(set.union(*shards.values())) == 256


def test_any_minute_is_drawn_alone() -> None:
    """A stream's minute is the same whether or not the minutes before it were drawn."""
    whole = [visit for visit in plan("lockdown-2020") if visit.name.startswith("student/")]
    arrivals = plan("lockdown-2020")
    stream = arrivals.streams[0]
    minute = int(next(visit.name for visit in whole if stream.group.name in visit.name).split("/")[2])
    alone = list(stream.minute(minute, arrivals.origin_minute))
    assert alone == [visit for visit in whole if visit.name.startswith(f"student/{stream.group.name}/{minute}/")]


def test_the_page_mix_comes_out_as_given() -> None:
    """Over a whole day, each service has its share of page views within half a point."""
    profile = profiles.load("lockdown-2020", overrides={"scale": "1/40", "seed": 3})
    window = profile.file.window.model_copy(update={"begin": "06:00", "end": "24:00"})
    profile.file.__dict__["window"] = window
    counted = summary.planned(Arrivals(profile, groups(profile)))["personas"]["student"]
    for service, count in counted["services"].items():
        share = float(profile.mixes.student.page_share(service))
        assert count / counted["page_views"] == pytest.approx(share, abs=0.005), service


def test_plus_150_percent_page_views_alone_is_split_as_published(tmp_path) -> None:
    """`page_views_percent = 150` gives visits ×1.437, pages per visit ×1.740, minutes per visit ×2.223."""
    path = tmp_path / "surge.toml"
    shipped = (profiles.content.root("profiles") / "lockdown-2020.toml").read_text()
    head, _, tail = shipped.partition("[figures]")
    path.write_text(f"{head}[figures]\npage_views_percent = 150\n\n[window]{tail.partition('[window]')[2]}")
    surge, base = profiles.load(str(path)).week, profiles.load("ordinary-week").week
    assert float(surge.visits / base.visits) == pytest.approx(1.437, abs=0.0005)
    assert float(surge.pages_per_visit / base.pages_per_visit) == pytest.approx(1.740, abs=0.0005)
    assert float(surge.minutes_per_visit / base.minutes_per_visit) == pytest.approx(2.223, abs=0.0005)
    assert surge.page_views / base.page_views == Fraction(5, 2)


@given(st.fractions(min_value=1, max_value=40))
def test_pages_per_visit_have_their_mean_and_their_bound(mean: Fraction) -> None:
    """1 + negative binomial, truncated at twice the mean: the mean holds, nothing is longer."""
    thresholds = visit_length.page_thresholds(mean)
    survivors = sum(1 - Fraction(threshold, chance.WHOLE) for threshold in thresholds)
    assert abs(float(1 + survivors - mean)) < 1e-6
    assert len(thresholds) <= 2 * mean


@given(st.integers(1, 40), st.integers(1, 10**9), st.randoms())
def test_gaps_sum_to_the_visit(pages: int, total_us: int, random) -> None:
    """P gaps, none negative, that sum to the visit's time to the microsecond."""
    found = visit_length.gaps([random.getrandbits(64) for _ in range(2 * pages - 1)], total_us)
    assert len(found) == pages
    assert sum(found) == total_us
    assert min(found) >= 0


def test_poisson_counts_have_the_mean_and_the_variance() -> None:
    """Counts by inversion: mean and variance both 7.5 within four standard errors."""
    raws = chance.draw(chance.key(1, "test"), 4000)
    counts = [poisson(Fraction(15, 2), raw) for raw in raws]
    mean = sum(counts) / len(counts)
    variance = sum((count - mean) ** 2 for count in counts) / len(counts)
    assert mean == pytest.approx(7.5, abs=4 * (7.5 / 4000) ** 0.5)
    assert variance == pytest.approx(7.5, rel=0.12)

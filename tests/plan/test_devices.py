"""By which device a visit comes: by its account, in the shares of the profile, without a change to any other plan."""

from collections import Counter
from fractions import Fraction
from typing import Any

import pytest

from entsurge.audience import profile as profiles
from entsurge.plan import summary
from entsurge.plan.arrivals import Arrivals
from entsurge.plan.batches import batches, totals
from entsurge.plan.people import groups

TODAY = "pause-numerique-monday"
WITHOUT = {  # as before there were devices
    "lockdown-2020": "0fe447ec04e21b42e415b8e8a43e35e283b410ade7128e5b9bbfdcea40d2695f",
    "ordinary-monday": "52b9a4397f61c058a17676fff8865efb3f0610a7b81992b4084bcd73fb58fcba",
}


def plan(name: str, **changes: Any) -> Arrivals:
    """A fresh plan."""
    profile = profiles.load(name, overrides=changes)
    return Arrivals(profile, groups(profile))


@pytest.mark.parametrize("name", WITHOUT)
def test_a_plan_without_devices_is_what_it_was(name: str) -> None:
    """To the digest: its visits, lines and order."""
    found = plan(name, devices="none")
    assert totals(found).digest == WITHOUT[name]
    assert all(visit.device == "" for visit in found)


def test_devices_change_nothing_else_of_a_plan() -> None:
    """The same visits at the same instants, each line with its device at the end."""
    with_devices = [visit.line for visit in plan(TODAY)]
    assert [line.rpartition(" by ")[0] + "\n" for line in with_devices] == [
        visit.line for visit in plan(TODAY, devices="none")
    ]


def test_whole_arrays_draw_the_same_devices() -> None:
    """Line by line, row by row, and counted."""
    lines = [line for batch in batches(plan(TODAY), visits=97) for line in batch.lines()]
    assert lines == [visit.line for visit in plan(TODAY)]
    rows = [batch.visit(row) for batch in batches(plan(TODAY)) for row in range(len(batch))]
    assert rows == list(plan(TODAY))
    assert totals(plan(TODAY)).planned == summary.planned(plan(TODAY))


def test_shares_hold_and_an_account_keeps_its_device() -> None:
    """To within a few visits a persona; whoever comes again comes by the same device, in another draw too."""
    found, of_account = plan(TODAY, scale="1/20"), {}
    counted = Counter((visit.persona, visit.device) for visit in found)
    for visit in [*found, *plan(TODAY, scale="1/20", draw=5)]:
        whose = visit.persona, visit.group, visit.account
        assert of_account.setdefault(whose, visit.device) == visit.device
    for persona in ("student", "teacher", "parent"):
        visits = sum(count for (who, _), count in counted.items() if who == persona)
        for device, share in found.profile.device_shares(persona).items():
            assert abs(counted[persona, device] - visits * float(share)) <= max(6, visits / 50)


def test_no_device_gets_the_long_visits() -> None:
    """Pages a visit are the same by each device, though both are spread evenly over the visits."""
    pages: dict[str, list[int]] = {}
    for visit in plan(TODAY, scale="1/20"):
        if visit.persona == "student":
            pages.setdefault(visit.device, []).append(len(visit.pages))
    means = [sum(of) / len(of) for of in pages.values()]
    assert len(means) == 3
    assert max(means) < 1.05 * min(means)


def test_requests_are_counted_by_device() -> None:
    """A persona's pages ask for the mean of its devices'."""
    profile = profiles.load(TODAY)
    factor = Fraction("0.183") + Fraction("0.4085") * Fraction("0.93") + Fraction("0.4085") * Fraction("0.17")
    assert profile.requests_per_page("parent") == Fraction("14.8") * factor
    load = summary.window_load(profile)["personas"]["parent"]
    assert load["requests_per_second"] == pytest.approx(load["pages_per_second"] * 14.8 * float(factor))
    assert summary.summarise(profile).devices["parent"] == {"computer": 0.183, "phone": 0.4085, "app": 0.4085}

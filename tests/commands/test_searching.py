"""A search taken up again is the same search: any other is refused by the name of what differs."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from entsurge.analysis.capacity.search import Settings
from entsurge.commands.searching import Search, Searching
from entsurge.errors import UsageError

DRIVER = "one"


@pytest.fixture
def search(tmp_path: Path) -> Search:
    """A small search of the lockdown, with a driver of its own."""
    (tmp_path / "driver.toml").write_text(DRIVER)
    return Search(
        profile="lockdown-2020", url="http://127.0.0.1:9", scale="1/172", compression="45", hold_seconds=10,
        warm_up_seconds=2, drain_seconds=3, budget_seconds=60, settings=Settings(),
        driver=str(tmp_path / "driver.toml"),
    )  # fmt: skip


def begin(search: Search, folder: Path) -> None:
    Searching(search, folder, say=lambda _: None).begin()


def test_the_same_search_goes_on(search: Search, tmp_path: Path) -> None:
    """With another budget too."""
    begin(search, tmp_path / "search")
    begin(replace(search, budget_seconds=600), tmp_path / "search")


@pytest.mark.parametrize(("changed", "said"), [
    ({"profile": "ordinary-week"}, "profile"), ({"url": "http://127.0.0.1:10"}, "url"), ({"scale": "1/86"}, "scale"),
    ({"compression": "90"}, "compression"), ({"chaos": ("static-home",)}, "chaos"), ({"seed": 3}, "seed"),
])  # fmt: skip
def test_another_search_is_refused(search: Search, tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    """Another profile, target, scale, compression, measure or seed: exit 2, and which it is."""
    begin(search, tmp_path / "search")
    with pytest.raises(UsageError, match=f"another search .*{said}"):
        begin(replace(search, **changed), tmp_path / "search")


def test_a_file_that_changed_is_another_search(search: Search, tmp_path: Path) -> None:
    """The driver, under the same name with other words: what it asks of the target is no longer the same."""
    begin(search, tmp_path / "search")
    (tmp_path / "driver.toml").write_text(DRIVER + " more")
    with pytest.raises(UsageError, match="digests differ"):
        begin(search, tmp_path / "search")

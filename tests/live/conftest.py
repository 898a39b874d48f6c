"""Run directories that grow, closed at the end of the test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.live.runs import Growing


@pytest.fixture
def grow(tmp_path: Path) -> Iterator[Callable[..., Growing]]:
    """Begins a run by its folder's name in this test's own folder."""
    begun: list[Growing] = []

    def begin(folder: str = "run", **manifest: object) -> Growing:
        begun.append(Growing(tmp_path / folder, **manifest))
        return begun[-1]

    yield begin
    for each in begun:
        each.directory.close()


@pytest.fixture
def run(grow: Callable[..., Growing]) -> Growing:
    """A run under way, called by what must not become markup."""
    return grow(title={"fr": "</script><b>x", "en": "</script><b>x"})

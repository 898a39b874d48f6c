"""The script behind charts that answer: put together once, kept, and never somebody else's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from entsurge.render import hover


@pytest.fixture(autouse=True)
def _put_together_anew() -> Iterator[None]:
    """What one test put in a page is not in the next one's."""
    hover.script.cache_clear()
    yield
    hover.script.cache_clear()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "entsurge"


def test_it_is_put_together_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second page takes what the first has kept, and both have the same; nothing half-written is left beside it."""
    first = hover.script()
    (kept,) = cache.iterdir()
    assert kept.read_text("utf-8") in first.replace("<\\/script", "</script")
    hover.script.cache_clear()
    monkeypatch.setattr(hover, "_bundle", lambda _version: pytest.fail("put together again"))
    assert hover.script() == first


def test_what_somebody_else_put_there_stays_out_of_pages(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of another user's is not read, though its name is right: it would run in every reader's browser."""
    monkeypatch.setattr(hover, "_bundle", lambda _version: "ours")
    assert "ours" in hover.script()
    (kept,) = cache.iterdir()
    kept.write_text("theirs", "utf-8")
    monkeypatch.setattr(hover.os, "getuid", lambda: kept.stat().st_uid + 1)
    hover.script.cache_clear()
    assert "theirs" not in hover.script()


def test_where_nothing_can_be_kept_pages_have_it_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache folder that cannot be made, as in a read-only image, costs time and nothing else."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(hover, "_bundle", lambda _version: "made")
    assert "made" in hover.script()

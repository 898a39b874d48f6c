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


@pytest.fixture
def bundles(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A script that is put together at once, with a note of each time that it was."""
    made: list[str] = []

    def bundle(version: str) -> str:
        made.append(version)
        return f"known-bundle-{len(made)}"

    monkeypatch.setattr(hover, "_bundle", bundle)
    return made


def test_it_is_put_together_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second page takes what the first has kept, and both have the same; nothing half-written is left beside it."""
    first = hover.script()
    (kept,) = cache.iterdir()
    assert kept.read_text("utf-8").removesuffix(hover.WHOLE) in first.replace("<\\/script", "</script")
    hover.script.cache_clear()
    monkeypatch.setattr(hover, "_bundle", lambda _version: pytest.fail("put together again"))
    assert hover.script() == first


@pytest.mark.parametrize("damage", [b"", b"known-bun", b"known-bundle-1\xc3"])
def test_a_damaged_one_is_put_together_anew(cache: Path, bundles: list[str], damage: bytes) -> None:
    """Empty, cut short, cut within a letter: no page goes without, and what is kept is whole again."""
    assert "known-bundle-1" in hover.script()
    (kept,) = cache.iterdir()
    kept.write_bytes(damage)
    hover.script.cache_clear()
    assert "known-bundle-2" in hover.script()
    assert kept.read_text("utf-8") == f"known-bundle-2{hover.WHOLE}"
    assert list(cache.iterdir()) == [kept]
    assert len(bundles) == 2


def test_what_somebody_else_put_there_stays_out_of_pages(
    cache: Path, bundles: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of another user's is not read, though its name is right: it would run in every reader's browser."""
    assert "known-bundle-1" in hover.script()
    (kept,) = cache.iterdir()
    kept.write_text(f"theirs{hover.WHOLE}", "utf-8")
    monkeypatch.setattr(hover.os, "getuid", lambda: kept.stat().st_uid + 1)
    hover.script.cache_clear()
    assert "theirs" not in hover.script()
    assert len(bundles) == 2


def test_where_nothing_can_be_kept_pages_have_it_all_the_same(
    tmp_path: Path, bundles: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cache folder that cannot be made, as in a read-only image, costs the time of one, and nothing else."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert "known-bundle-1" in hover.script()
    assert len(bundles) == 1

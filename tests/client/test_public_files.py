"""What a later visit's browser still has: public files alone, never a page or what is somebody's own."""

import pytest

from entsurge.client.cache import LARGEST_BYTES, Cache
from entsurge.client.public_files import PublicFiles
from entsurge.client.response import Headers, Response
from entsurge.visit.equipment import Equipment

LONG = b"public, max-age=3600"
URL = "http://ent.test/a"


def kept(body: bytes = b"body", url: str = URL, **fields: bytes) -> Cache:
    """A cache that holds one answer with these fields."""
    cache = Cache()
    lines = [(name.replace("_", "-").encode(), value) for name, value in fields.items()]
    cache.take(url, Response("GET", url, 200, Headers(lines), body), sent=lambda _: "")
    assert dict(cache.entries())
    return cache


@pytest.mark.parametrize(
    ("fields", "goes_on"),
    [
        ({"content_type": b"text/css", "cache_control": LONG}, True),
        ({"content_type": b"image/png", "cache_control": b"max-age=60"}, True),
        ({"content_type": b"text/html; charset=utf-8", "cache_control": LONG}, False),
        ({"content_type": b"application/json", "cache_control": LONG}, False),
        ({"content_type": b"text/css", "cache_control": b"private, max-age=60"}, False),
        ({"content_type": b"text/css", "cache_control": LONG, "vary": b"Cookie"}, False),
    ],
)
def test_only_what_is_the_same_for_everybody_goes_on(fields: dict[str, bytes], goes_on: bool) -> None:
    """By type, by `private`, by `Vary`."""
    files = PublicFiles()
    files.learn(kept(**fields))
    assert (files.cache().fresh(URL) is not None) is goes_on


@pytest.mark.parametrize(
    ("fields", "taken"),
    [
        ({"content_type": b"text/css", "cache_control": b"public, max-age=7200"}, True),
        ({"content_type": b"text/css", "cache_control": b"public, max-age=60"}, False),
        ({"content_type": b"text/html", "cache_control": b"public, max-age=7200"}, False),
        ({"content_type": b"text/css", "cache_control": b"private, max-age=7200"}, False),
    ],
)
def test_a_known_file_gives_way_to_a_fresher_one_alone(fields: dict[str, bytes], taken: bool) -> None:
    """Not to what a crowded edge, or an account of its own, was answered at the same address."""
    files = PublicFiles()
    files.learn(kept(b"first", content_type=b"text/css", cache_control=LONG))
    files.learn(kept(b"second", **fields))
    found = files.cache().fresh(URL)
    assert found is not None
    assert found.raw == (b"second" if taken else b"first")


def test_no_more_is_kept_than_a_cache_holds() -> None:
    """What comes after it is full is left out, whole."""
    files = PublicFiles()
    for number in range(3):
        of = kept(bytes(LARGEST_BYTES * 2 // 5), f"{URL}/{number}", content_type=b"text/css", cache_control=LONG)
        files.learn(of)
    assert [url for url, _ in files.cache().entries()] == [f"{URL}/0", f"{URL}/1"]


def test_a_share_of_visits_begins_with_them() -> None:
    """By the visit's name; a retry has what its first attempt had; without a share nobody has."""
    equipment = Equipment(None, kept_share=0.25)
    equipment.left(kept(content_type=b"text/css", cache_control=LONG))
    caches = [equipment.cache(f"student/Lyon/1/{number}") for number in range(400)]
    assert 70 < sum(cache is not None for cache in caches) < 130
    again = [equipment.cache(f"student/Lyon/1/{number}#1") for number in range(400)]
    assert [cache is None for cache in again] == [cache is None for cache in caches]
    assert Equipment(None).cache("student/Lyon/1/1") is None

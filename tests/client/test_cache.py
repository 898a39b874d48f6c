"""The cache by RFC 9111: known answers of freshness, validators, 304, Vary, unsafe requests, and properties."""

from __future__ import annotations

import gc
import weakref
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as some

from entsurge.client import cache as caches
from entsurge.client.cache import Cache
from entsurge.client.freshness import LONGEST_SECONDS, age_seconds, control, lifetime_seconds, may_be_kept
from entsurge.client.response import Headers, Response, Timing

START = 1_700_000_000.0
YEAR = 365 * 86400.0
URL = "http://ent.test/a.css"


def at(seconds: float) -> str:
    """An HTTP date so many seconds after the start."""
    return formatdate(START + seconds, usegmt=True)


TEN, TAG = "Cache-Control: max-age=600", 'ETag: "a"'
OLD, CHANGED = f"Last-Modified: {at(-YEAR)}", f"Last-Modified: {at(-1000)}"


def headers(*lines: str) -> Headers:
    return Headers([(name.encode(), value.encode()) for name, _, value in (line.partition(": ") for line in lines)])


def answer(
    *lines: str, status: int = 200, body: bytes = b"body", url: str = URL, method: str = "GET", us: int = 0
) -> Response:
    return Response(method, url, status, headers(*lines), body, Timing(total_us=us))


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(clock: Clock) -> Cache:
    return Cache(clock)


def fresh_for(cache: Cache, clock: Clock, *lines: str, **given: object) -> float:
    """How many seconds an answer is used without asking: found by halving."""
    cache.take(URL, answer(*lines, **given))
    low, high = 0.0, LONGEST_SECONDS * 2
    if cache.fresh(URL) is None:
        return 0.0
    while high - low > 0.5:
        middle = (low + high) / 2
        clock.now = START + middle
        low, high = (middle, high) if cache.fresh(URL) is not None else (low, middle)
    return float(round(high))


@pytest.mark.parametrize(
    ("lines", "seconds"),
    [
        # max-age, however it is written; each as Chromium had it
        ([TEN], 600), (["Cache-Control: public, MAX-AGE=600, immutable"], 600),
        (['Cache-Control: max-age="600"'], 600), (["Cache-Control: max-age = 600"], 600),
        (["Cache-Control: max-age=600.5"], 600), (["Cache-Control: max-age=600, max-age=0"], 600),
        (["Cache-Control: max-age=0, max-age=600", TAG], 0), (["Cache-Control: max-age=-5", TAG], 0),
        (["Cache-Control: max-age=99999999999999999999"], LONGEST_SECONDS), (["Cache-Control: s-maxage=600", TAG], 0),
        (["Cache-Control: public max-age=600", TAG], 0), (["Cache-Control: public; max-age=600", TAG], 0),
        (["Cache-Control: x-max-age=600", TAG], 0), (["Cache-Control: public", "Cache-Control: max-age=60"], 60),
        (["Cache-Control: must-revalidate, max-age=600"], 600), (["Cache-Control: immutable", TAG], 0),
        (["Cache-Control: max-age=0, stale-while-revalidate=600", TAG], 0),
        # what forbids it
        (["Cache-Control: no-cache, max-age=600", TAG], 0), (["Cache-Control: no-store, max-age=600"], 0),
        (['Cache-Control: no-cache="set-cookie", max-age=600'], 600),
        (["Pragma: no-cache", TEN, TAG], 0), (["Vary: *", TEN], 0),
        # Expires, against Date
        ([f"Expires: {at(600)}"], 600), ([f"Date: {at(0)}", f"Expires: {at(600)}"], 600),
        ([f"Date: {at(-600)}", f"Expires: {at(60)}"], 60), ([f"Date: {at(600)}", f"Expires: {at(660)}"], 60),
        ([f"Expires: {at(-600)}", OLD], 0), (["Expires: 0", OLD], 0),
        (["Expires: -1", OLD], 0), (["Expires: soon", OLD], 0),
        ([f"Expires: {at(-600)}", TEN], 600),
        (["Expires: Wednesday, 15-Nov-23 00:00:00 GMT"], 6400), (["Expires: Wed Nov 15 00:00:00 2023"], 6400),
        (["Expires: Fri, 31 Dec 99999 23:59:59 GMT", TAG], None),
        # a tenth of the time since the last change
        ([CHANGED], 100), ([CHANGED, "Cache-Control: private"], 100),
        ([CHANGED, "Cache-Control: max-age=soon"], 100), ([f"Last-Modified: {at(1000)}"], 0),
        ([f"Date: {at(0)}", CHANGED], 100), (["Last-Modified: yesterday"], 0), ([TAG], 0), ([], 0),
        # how old it was when it came
        (["Age: 500", TEN], 100), (["Age: 700", TEN, TAG], 0),
        (["Age: old", TEN], 600), (["Age: -5", TEN], 600),
        ([f"Date: {at(-500)}", TEN], 100), ([f"Date: {at(500)}", TEN], 600),
    ],
)  # fmt: skip
def test_how_long_an_answer_is_fresh(cache: Cache, clock: Clock, lines: list[str], seconds: float | None) -> None:
    """Known answers of RFC 9111 4.2, to the second."""
    found = fresh_for(cache, clock, *lines)
    assert seconds is None or found == seconds


def test_the_time_that_an_answer_took_counts_as_age(cache: Cache, clock: Clock) -> None:
    """An answer of ten seconds ago by its Age, that took five to come, is fifteen old."""
    assert fresh_for(cache, clock, "Age: 10", "Cache-Control: max-age=60", us=5_000_000) == 45


@pytest.mark.parametrize(
    ("status", "explicit", "heuristic", "nothing"),
    [
        (200, 600, 100, 0), (203, 600, 100, 0), (204, 600, 0, 0), (206, 0, 0, 0), (302, 600, 0, 0), (307, 600, 0, 0),
        (400, 600, 0, 0), (403, 600, 0, 0), (404, 600, 100, 0), (405, 600, 100, 0), (414, 600, 100, 0),
        (500, 600, 0, 0), (501, 600, 100, 0), (503, 600, 0, 0),
        *((status, 600, 100, LONGEST_SECONDS) for status in (300, 301, 308, 410)),
    ],
)  # fmt: skip
def test_which_statuses_are_kept(status: int, explicit: int, heuristic: int, nothing: float) -> None:
    """Any that says for how long; a few by heuristics; those that mean "for good" where nothing is said."""
    for lines, seconds in (
        ([TEN], explicit), ([CHANGED], heuristic), ([], nothing)
    ):  # fmt: skip
        clock = Clock()
        assert fresh_for(Cache(clock), clock, *lines, status=status) == seconds


def test_what_is_stale_is_asked_for_by_both_validators(cache: Cache) -> None:
    """If-None-Match and If-Modified-Since, as browsers send both; of what is not known, nothing."""
    cache.take(URL, answer("Cache-Control: no-cache", 'ETag: W/"a"', f"Last-Modified: {at(-5)}"))
    assert cache.conditions(URL) == {"If-None-Match": 'W/"a"', "If-Modified-Since": at(-5)}
    assert cache.conditions(f"{URL}?") == {}


def test_304_brings_the_kept_answer_up_to_date(cache: Cache, clock: Clock) -> None:
    """Its fields replace the kept ones but for those of the body, and it is fresh anew."""
    cache.take(URL, answer("Cache-Control: max-age=60", TAG, "Content-Type: text/css", "X-Old: 1", "X-New: 1"))
    clock.now += 100
    assert cache.fresh(URL) is None
    news = answer(TEN, 'ETag: "b"', "Content-Type: no/such", "X-New: 2", f"Date: {at(100)}",
                  status=304, body=b"", us=7)  # fmt: skip
    kept = cache.take(URL, news)
    found = dict(kept.headers.items())
    assert (kept.status, kept.raw, found["X-Old"], found["X-New"]) == (200, b"body", "1", "2")
    assert kept.timing.total_us == 7
    assert found["Content-Type"] == "text/css"
    assert cache.fresh(URL).headers is kept.headers
    assert cache.conditions(URL) == {"If-None-Match": '"b"'}
    clock.now += 599
    assert cache.fresh(URL) is not None
    clock.now += 2
    assert cache.fresh(URL) is None


def test_304_without_freshness_leaves_what_was_said(cache: Cache, clock: Clock) -> None:
    """A 304 that says nothing of time renews the kept lifetime; a heuristic grows with the age of the change."""
    cache.take(URL, answer("Cache-Control: max-age=60", TAG))
    clock.now += 100
    cache.take(URL, answer(status=304, body=b""))
    clock.now += 59
    assert cache.fresh(URL) is not None
    cache.take(URL, answer(CHANGED))
    clock.now = START + 1000
    cache.take(URL, answer(f"Date: {at(1000)}", status=304, body=b""))
    clock.now += 199
    assert cache.fresh(URL) is not None
    clock.now += 2
    assert cache.fresh(URL) is None


def test_304_without_expires_leaves_the_kept_one(cache: Cache, clock: Clock) -> None:
    """What has expired stays so until the server says otherwise."""
    cache.take(URL, answer(f"Expires: {at(60)}", TAG))
    clock.now += 100
    cache.take(URL, answer(status=304, body=b""))
    assert cache.fresh(URL) is None
    cache.take(URL, answer(f"Date: {at(100)}", f"Expires: {at(160)}", status=304, body=b""))
    assert cache.fresh(URL) is not None


def test_304_of_what_is_not_kept_stays_a_304(cache: Cache) -> None:
    """A server that answers 304 to a question without conditions is not believed."""
    found = cache.take(URL, answer(status=304, body=b""))
    assert found.status == 304
    assert cache.fresh(URL) is None


def test_a_newer_answer_replaces_the_kept_one(cache: Cache) -> None:
    """Even one that may not be kept: what it replaces is no longer true."""
    cache.take(URL, answer(TEN))
    cache.take(URL, answer("Cache-Control: no-store"))
    assert cache.fresh(URL) is None
    assert cache.conditions(URL) == {}


def test_an_answer_belongs_to_where_it_came_from(cache: Cache) -> None:
    """What a redirect led to is kept for its own address, not for the one that redirects."""
    cache.take(URL, answer(TEN, url="http://ent.test/b.css"))
    assert cache.fresh(URL) is None
    assert cache.fresh("http://ent.test/b.css") is not None


def test_a_redirect_for_good_is_kept(cache: Cache) -> None:
    """A 301 is followed from memory, with its Location."""
    cache.take(URL, answer("Location: /b.css", status=301))
    assert cache.fresh(URL).redirects_to == "/b.css"


@pytest.mark.parametrize("status", [200, 201, 204, 303])
def test_an_unsafe_request_drops_what_it_changed(cache: Cache, status: int) -> None:
    """POST, PUT, PATCH and DELETE make the kept answer of their address untrue."""
    cache.take(URL, answer(TEN))
    cache.invalidate(answer(method="POST", status=status))
    assert cache.fresh(URL) is None


def test_an_unsafe_request_that_failed_changes_nothing(cache: Cache) -> None:
    """As RFC 9111 4.4 has it: only a non-error answer invalidates."""
    cache.take(URL, answer(TEN))
    cache.invalidate(answer(method="POST", status=503))
    assert cache.fresh(URL) is not None
    cache.take(URL, answer(TEN, method="POST", body=b"other"))
    assert cache.fresh(URL) is None  # nor is an answer to a POST kept


def test_what_varies_is_used_for_the_same_request_alone(cache: Cache) -> None:
    """Another Accept-Language or Cookie is another request: asked for by ETag, never by time."""
    lines = ("Vary: Accept-Encoding, Accept-Language", "Vary: Cookie", TEN, TAG,
             f"Last-Modified: {at(-5)}")  # fmt: skip
    french = {"accept-language": "fr", "cookie": "s=1"}
    cache.take(URL, answer(*lines), lambda name: french.get(name, ""))
    assert cache.fresh(URL, lambda name: french.get(name, "")) is not None
    assert cache.conditions(URL, lambda name: french.get(name, "")).keys() == {"If-None-Match", "If-Modified-Since"}
    for other in ({**french, "cookie": "s=2"}, {**french, "accept-language": "en"}, {}):
        assert cache.fresh(URL, lambda name, other=other: other.get(name, "")) is None
        assert cache.conditions(URL, lambda name, other=other: other.get(name, "")) == {"If-None-Match": '"a"'}
    assert cache.fresh(URL) is None  # nobody says what is sent


@pytest.mark.parametrize("vary", ["Accept-Encoding", "accept-encoding, Origin", ""])
def test_what_varies_on_what_never_changes_is_fresh(cache: Cache, vary: str) -> None:
    """A visitor's Accept-Encoding is always the same."""
    cache.take(URL, answer(f"Vary: {vary}", TEN))
    assert cache.fresh(URL) is not None


def test_nothing_personal_is_shared(clock: Clock) -> None:
    """Two visitors keep one body; what each was answered stays the visitor's own, and no cookie is kept."""
    first, second = Cache(clock), Cache(clock)
    ours = answer(TEN, "Set-Cookie: s=1", f"Date: {at(0)}", us=1)
    theirs = answer(TEN, "Set-Cookie: s=2", f"Date: {at(-1)}", us=2)
    assert first.take(URL, ours) is ours
    assert second.take(URL, theirs) is theirs
    assert first.fresh(URL) is second.fresh(URL)
    assert "Set-Cookie" not in dict(first.fresh(URL).headers.items())


def test_the_least_recently_used_go_first(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache has a limit in bytes, answers without a body count too, and one that is too large is not kept."""
    monkeypatch.setattr(caches, "LARGEST_BYTES", 10_000)
    for number in range(8):
        cache.take("", answer(TEN, body=b"", url=f"http://ent.test/{number}"))
    assert cache.fresh("http://ent.test/0") is not None
    cache.take("", answer(TEN, body=bytes(2000), url="http://ent.test/8"))
    kept = [number for number in range(9) if cache.fresh(f"http://ent.test/{number}") is not None]
    assert kept == [0, 3, 4, 5, 6, 7, 8]
    monkeypatch.setattr(caches, "LARGEST_ENTRY_BYTES", 10)
    cache.take("", answer(TEN, body=bytes(11)))
    assert cache.fresh(URL) is None


VALUES = some.text('max-ge=no,store"; 0123456789chpublvidtMGT:*-', max_size=40) | some.sampled_from(
    ["max-age=60", "no-store", "no-cache", at(0), at(-YEAR), at(YEAR), "*", "Cookie", "0", "-1", "9" * 400, '"a"']
)
NAMES = some.sampled_from(["Cache-Control", "Expires", "Date", "Age", "Last-Modified", "ETag", "Vary", "Pragma"])
LINES = some.lists(some.tuples(NAMES, VALUES).map(": ".join), max_size=6)


@given(LINES, some.sampled_from([200, 204, 206, 301, 302, 304, 404, 500, 503]), some.floats(0, 1e6))
def test_whatever_a_server_says_the_cache_keeps_its_promises(lines: list[str], status: int, passed: float) -> None:
    """Nothing raises; lifetimes and ages are never negative; no-store is never kept; what is fresh stays equal."""
    clock = Clock()
    cache, given = Cache(clock), answer(*lines, status=status)
    assert 0 <= lifetime_seconds(status, given.headers, START) < float("inf")
    assert age_seconds(given.headers, START, 1.0) >= 0
    says = control(", ".join(given.headers.get_all("cache-control")))
    assert cache.take(URL, given) is given
    clock.now += passed
    found = cache.fresh(URL)
    if says.no_store or says.no_cache or status in (206, 304):
        assert found is None
    if not may_be_kept(status, given.headers):
        assert found is None
        assert cache.conditions(URL) == {}
    if found is not None:
        assert (found.status, found.raw) == (status, b"body")
        assert passed < lifetime_seconds(status, given.headers, START)


@given(LINES, LINES, some.floats(0, 1e5))
def test_a_304_never_loses_the_body(lines: list[str], news: list[str], passed: float) -> None:
    """After any 304 the kept answer is given out whole, or the 304 where nothing was kept."""
    clock = Clock()
    cache = Cache(clock)
    cache.take(URL, answer(*lines))
    kept = bool(cache.fresh(URL) or cache.conditions(URL))
    clock.now += passed
    found = cache.take(URL, answer(*news, status=304, body=b""))
    assert not kept or (found.status, found.raw) == (200, b"body")


def merged(kept: list[tuple[bytes, bytes]], news: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """RFC 9111 3.2, written out: what a 304 names replaces what is kept, but for what says of a body."""
    taken = [field for field in news if not field[0].lower().startswith(b"content-")]
    return [field for field in kept if field[0].lower() not in {name.lower() for name, _ in taken}] + taken


NEWS = some.lists(LINES, min_size=1, max_size=4).flatmap(
    lambda few: some.lists(some.sampled_from(few), min_size=1, max_size=8)
)


@given(LINES, NEWS)
def test_what_is_remembered_of_a_304_is_what_would_come_of_it(lines: list[str], told: list[list[str]]) -> None:
    """A row of 304, the same ones again and again: fields, and freshness, as if each were the first of its kind."""
    clock = Clock()
    cache, naive = Cache(clock), answer(*lines)
    cache.take(URL, naive)
    kept = list(naive.headers.fields)
    if not (cache.fresh(URL) or cache.conditions(URL)):
        return
    for news in told:
        found = cache.take(URL, answer(*news, status=304, body=b""))
        kept = merged(kept, headers(*news).fields)
        times = {b"age", b"date", b"expires"}
        assert found.headers.fields == [field for field in kept if field[0].lower() not in times]
        lasts = lifetime_seconds(200, Headers(kept), START) - age_seconds(Headers(kept), START, 0.0)
        varies = {name.strip().lower() for line in Headers(kept).get_all("vary") for name in line.split(",")} - {""}
        assert (cache.fresh(URL) is not None) == (lasts > 0 and not varies)


def test_what_all_are_told_alike_is_kept_once(clock: Clock) -> None:
    """A hundred visitors who each hear the same 304 hold one object; cookies and dates of their own change nothing."""
    found = set()
    for number in range(100):
        cache = Cache(clock)
        cache.take(URL, answer("Cache-Control: no-cache", TAG))
        for _ in range(3):
            news = ("Cache-Control: no-cache", TAG, f"Date: {at(number)}", f"Set-Cookie: a={number}")
            assert cache.take(URL, answer(*news, status=304, body=b"")).raw == b"body"
        found.add(id(cache._kept[URL].stored))
    assert len(found) == 1


def test_two_servers_answers_in_turn_hold_no_circle(clock: Clock) -> None:
    """304 that alternate, as two machines behind a balancer have them: what is kept goes when nobody keeps it."""
    cache, news = Cache(clock), ("Cache-Control: no-cache", TAG)
    cache.take(URL, answer(*news))
    kept = set()
    for number in range(8):
        cache.take(URL, answer(*news, f"X-Backend: {number % 2}", status=304, body=b""))
        kept.add(weakref.ref(cache._kept[URL].stored))
    gc.disable()
    try:
        caches._known.clear()
        cache._kept.clear()
        assert [each() for each in kept] == [None, None]
    finally:
        gc.enable()


def test_a_304_that_says_more_ends_what_was_remembered(cache: Cache, clock: Clock) -> None:
    """Asked each time, until the server says that it need not be; then not, and again when that is over."""
    cache.take(URL, answer("Cache-Control: no-cache", TAG))
    for _ in range(3):
        cache.take(URL, answer("Cache-Control: no-cache", TAG, status=304, body=b""))
        assert cache.fresh(URL) is None
    cache.take(URL, answer(TEN, TAG, f"Date: {at(0)}", status=304, body=b""))
    assert cache.fresh(URL) is not None
    clock.now += 601
    assert cache.fresh(URL) is None
    assert cache.conditions(URL) == {"If-None-Match": '"a"'}

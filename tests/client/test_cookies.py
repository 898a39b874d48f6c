"""Cookies by RFC 6265."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entsurge.client.cookies import MOST, CookieJar, default_path, parse
from entsurge.client.url import split


@pytest.mark.parametrize(
    ("line", "set_at", "sent_to", "expected"),
    [
        ("a=1", "http://ent.test/x/y", "http://ent.test/x/z", "a=1"),
        ("a=1", "http://ent.test/x/y", "http://ent.test/xy", ""),
        ("a=1; Path=/", "http://ent.test/x", "http://ent.test/q", "a=1"),
        ("a=1; Path=/cas", "http://ent.test/", "http://ent.test/cas/login", "a=1"),
        ("a=1; Path=/cas", "http://ent.test/", "http://ent.test/casino", ""),
        ("a=1; Path=/", "http://ent.test/", "http://sub.ent.test/", ""),
        ("a=1; Path=/; Domain=ent.test", "http://www.ent.test/", "http://mail.ent.test/", "a=1"),
        ("a=1; Path=/; Domain=.ent.test", "http://www.ent.test/", "http://ent.test/", "a=1"),
        ("a=1; Path=/; Domain=other.test", "http://ent.test/", "http://other.test/", ""),
        ("a=1; Path=/; Domain=test", "http://ent.test/", "http://x.test/", ""),
        ("a=1; Path=/; Secure", "https://ent.test/", "https://ent.test/", "a=1"),
        ("a=1; Path=/; Secure", "https://ent.test/", "http://ent.test/", ""),
        ("a=1; Path=/; Secure", "http://ent.test/", "https://ent.test/", ""),
        ("a=1; Path=/; SameSite=None", "http://ent.test/", "http://ent.test/", ""),
        ("a=1; Path=/; SameSite=None; Secure", "https://ent.test/", "https://ent.test/", "a=1"),
        ("a=1; Path=/; Max-Age=0", "http://ent.test/", "http://ent.test/", ""),
        ("a=1; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "http://ent.test/", "http://ent.test/", ""),
        ("a=1; Path=/; Expires=Wed, 09 Jun 2100 10:18:14 GMT", "http://ent.test/", "http://ent.test/", "a=1"),
        ("a=1; Path=/; Expires=nonsense", "http://ent.test/", "http://ent.test/", "a=1"),
        ("a=b=c; Path=/", "http://ent.test/", "http://ent.test/", "a=b=c"),
        ("nonsense", "http://ent.test/", "http://ent.test/", "nonsense"),
        ("=x", "http://ent.test/", "http://ent.test/", "x"),
        ("a=1; Path=/; Secure", "http://127.0.0.1/", "http://127.0.0.1/", "a=1"),
        ("a=1; Path=/; Secure", "http://localhost/", "http://localhost/", "a=1"),
        ("a=1; Path=/; Secure", "http://[::1]/", "http://[::1]/", "a=1"),
        ("a=1; Path=/; Secure", "http://127.0.0.1.ent.test/", "http://127.0.0.1.ent.test/", ""),
        ("a=1; Path=/; Secure", "http://10.0.0.1/", "http://10.0.0.1/", ""),
        ("__Host-a=1; Secure; Path=/", "https://ent.test/", "https://ent.test/", "__Host-a=1"),
        ("__Host-a=1; Secure; Path=/; Domain=ent.test", "https://ent.test/", "https://ent.test/", ""),
        ("__host-a=1; Secure", "https://ent.test/x/y", "https://ent.test/x/y", ""),
        ("__Secure-a=1", "https://ent.test/", "https://ent.test/", ""),
        ("=__Secure-a=1; Secure", "https://ent.test/", "https://ent.test/", ""),
        ("__Secure-a", "https://ent.test/", "https://ent.test/", ""),
        ("a=1; Path=/; Domain=..ent.test", "http://ent.test/", "http://ent.test/", ""),
        ("a=\xc3\xa0", "http://ent.test/", "http://ent.test/", "a=\xc3\xa0"),
        ("\xa0a=1\xa0", "http://ent.test/", "http://ent.test/", "\xa0a=1\xa0"),
    ],
)
def test_who_gets_a_cookie(line: str, set_at: str, sent_to: str, expected: str) -> None:
    """Domain, path, secure and expiry, as the table of the standard has them."""
    jar = CookieJar()
    jar.take(split(set_at), [line])
    assert jar.header(split(sent_to)) == expected


def test_a_cookie_is_replaced_and_removed() -> None:
    """Same name, domain and path: the newer stands; an expired one removes it; longer paths come first."""
    jar = CookieJar()
    here = split("http://ent.test/a/b")
    jar.take(here, ["s=1; Path=/", "s=2; Path=/", "s=3; Path=/a"])
    assert jar.header(here) == "s=3; s=2"
    jar.take(here, ["s=; Path=/; Max-Age=0"])
    assert jar.header(here) == "s=3"


def test_a_secure_cookie_is_not_covered_from_without() -> None:
    """What comes without TLS stands neither in place of a secure cookie nor before it."""
    jar, secure, plain = CookieJar(), split("https://ent.test/a/b"), split("http://ent.test/a/b")
    jar.take(secure, ["s=1; Secure; Path=/a"])
    jar.take(plain, ["s=2; Path=/a", "s=3; Path=/a/b", "s=4; Path=/; Domain=ent.test", "t=5; Path=/"])
    assert jar.header(secure) == "s=1; t=5; s=4" or jar.header(secure) == "s=1; s=4; t=5"
    assert jar.header(plain) == "s=4; t=5"


def test_a_full_jar_forgets_the_oldest() -> None:
    """What comes late, such as the session after a long sign-on, is kept."""
    jar, at = CookieJar(), split("http://ent.test/")
    jar.take(at, [f"c{number}=1" for number in range(MOST + 1)])
    assert (jar.value("c0"), jar.value(f"c{MOST}")) == ("", "1")


def test_nothing_lasts_longer_than_400_days() -> None:
    """Neither by Max-Age, however many digits it has, nor by a date."""
    for lasting in ("Max-Age=" + "9" * 900, "Expires=Wed, 09 Jun 9999 10:18:14 GMT"):
        found = parse(f"a=1; {lasting}", split("http://ent.test/"), 1000.0)
        assert found is not None
        assert found.expires == 1000.0 + 400 * 86400


@given(
    st.one_of(
        st.text(max_size=200),
        st.text(alphabet="=; \t-+²٣9.,:JanGMT", max_size=60).map("a=b; Max-Age={}".format),
        st.text(alphabet="=; \t-+²9.,:JanGMT", max_size=60).map("a=b; Expires={}".format),
    )
)
def test_no_line_makes_the_parser_stumble(line: str) -> None:
    """Whatever a server sends: a cookie or none, never an exception."""
    parse(line, split("http://ent.test/x"), 0.0)


@pytest.mark.parametrize(("path", "expected"), [("/", "/"), ("/a", "/"), ("/a/", "/a"), ("/a/b", "/a")])
def test_default_paths(path: str, expected: str) -> None:
    """RFC 6265, 5.1.4."""
    assert default_path(path) == expected


def test_the_line_of_a_request_follows_every_change() -> None:
    """What a jar has prepared is thrown away when a cookie comes, changes or goes, and never outlives its expiry."""
    now = [1000.0]
    jar, at = CookieJar(now=lambda: now[0]), split("http://ent.test/a")
    assert jar.line(at) == b""
    for lines, expected in (
        (["s=1; Path=/"], b"Cookie: s=1\r\n"),
        (["s=1; Path=/"], b"Cookie: s=1\r\n"),
        (["s=2; Path=/"], b"Cookie: s=2\r\n"),
        (["t=3; Path=/; Max-Age=60"], b"Cookie: s=2; t=3\r\n"),
        (["s=; Path=/; Max-Age=0"], b"Cookie: t=3\r\n"),
    ):
        jar.take(at, lines)
        assert jar.line(at) == expected
        assert jar.line(at) == expected
    now[0] = 1061.0
    assert jar.line(at) == b""

"""Addresses taken apart and links joined as browsers do it (WHATWG URL), and never another exception."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entsurge.client.failure import ProtocolBroken
from entsurge.client.url import joined, split

BASE = "http://ent.test:81/a/b?q#f"


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("", "http://ent.test:81/a/b?q"),
        ("#g", "http://ent.test:81/a/b?q#g"),
        ("?x", "http://ent.test:81/a/b?x"),
        ("c", "http://ent.test:81/a/c"),
        ("./c:d", "http://ent.test:81/a/c:d"),
        ("../../../c", "http://ent.test:81/c"),
        ("..", "http://ent.test:81/"),
        ("c/.", "http://ent.test:81/a/c/"),
        ("c//d", "http://ent.test:81/a/c//d"),
        ("/c?d/../e", "http://ent.test:81/c?d/../e"),
        ("//x.test/y", "http://x.test/y"),
        ("///x.test/y", "http://x.test/y"),
        ("\\\\x.test\\y", "http://x.test/y"),
        ("http:c", "http://ent.test:81/a/c"),
        ("http:/c", "http://ent.test:81/c"),
        ("https:/x.test/c", "https://x.test/c"),
        ("HTTPS://x.test/c", "HTTPS://x.test/c"),
        (" \n/c\td\r ", "http://ent.test:81/cd"),
        ("mailto:a\\b", "mailto:a\\b"),
        ("app.ent://back?code=1", "app.ent://back?code=1"),
    ],
)
def test_links(reference: str, expected: str) -> None:
    """Each kind of link leads where a browser would go."""
    assert joined(BASE, reference) == expected


@pytest.mark.parametrize(
    ("url", "authority", "target"),
    [
        ("http://ENT.test/", "ent.test", b"/"),
        ("https://ent.test:443/a b", "ent.test", b"/a%20b"),
        ("http://ent.test:0080", "ent.test", b"/"),
        ("http://u:p@w@ent.test:8080/x", "ent.test:8080", b"/x"),
        ("http://école.test/é?é", "xn--cole-9oa.test", b"/%C3%A9?%C3%A9"),
        ("http://%C3%A9cole.test/", "xn--cole-9oa.test", b"/"),
        ("http://[::1]:81/", "[::1]:81", b"/"),
        ("http://ent.test/a/%2E%2e/b/./c", "ent.test", b"/b/c"),
        ("http://ent.test/a%2Fb%zz?a=%2F", "ent.test", b"/a%2Fb%zz?a=%2F"),
        ('http://ent.test/"{}|?"{}|\'', "ent.test", b"/%22%7B%7D%7C?%22{}|%27"),
        ("http://ent.test/\ud800", "ent.test", b"/%EF%BF%BD"),
    ],
)
def test_addresses(url: str, authority: str, target: bytes) -> None:
    """What goes into the Host field and the request line."""
    address = split(url)
    assert (address.authority, address.target) == (authority, target)


@pytest.mark.parametrize(
    "url",
    ["", "ftp://a/", "http://", "http://:80/", "http://a:b/", "http://a:0/", "http://a:65536/",
     "http://a:" + "9" * 5000, "http://[a/", "http://a..b/", "http://a b/", "http://a%00b/", "http://%ff/",
     f"http://{'a' * 64}.test/", f"http://{'é' * 200}/", "http://\ud800/", "http://a:٨٠/", "/a"],
)  # fmt: skip
def test_what_is_no_address(url: str) -> None:
    """Each is refused by name."""
    with pytest.raises(ProtocolBroken):
        split(url)


LINKS = st.one_of(st.text(), st.text(alphabet="htps:/\\?#@[]%.:0189é\ud800 \t\n").map(lambda text: f"http:{text}"))


@given(LINKS, LINKS)
def test_no_link_makes_it_stumble(base: str, reference: str) -> None:
    """Whatever a page holds: an address of ASCII, or ProtocolBroken."""
    for url in (base, reference):
        try:
            address = split(joined(base, url))
        except ProtocolBroken:
            continue
        assert address.target.startswith(b"/")
        assert b" " not in address.target
        assert address.authority.isascii()


@given(st.text(max_size=40))
def test_what_is_joined_is_joined_again_the_same(reference: str) -> None:
    """A whole address stands for itself, wherever it is found."""
    url = joined("http://ent.test/a/b", reference)
    if url.startswith("http://"):
        assert joined("https://other.test/", url) == url


def test_a_long_address_is_not_remembered() -> None:
    """What a server makes long does not stay in memory."""
    address = split("http://ent.test/" + "a" * 100_000)
    assert len(address.target) == 100_001
    assert split("http://ent.test/" + "a" * 100_000) is not address

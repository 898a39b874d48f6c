"""What a browser asks for with a page: each rule of the standard, odd markup, addresses, and time that stays linear."""

from __future__ import annotations

from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as some

from entsurge.client.page_requests import LARGEST, MOST, page_requests

AT = "http://ent.test/a/b.html"


def asked(text: str, at: str = AT, charset: str = "utf-8") -> list[str]:
    """The paths that a page asks for; other hosts with their names."""
    return [each.removeprefix("http://ent.test") for each in page_requests(text, at, charset)]


@pytest.mark.parametrize(
    ("markup", "paths"),
    [
        # scripts
        ("<script src=/s></script>", ["/s"]),
        ("<script src=/s type=module></script>", ["/s"]),
        ("<script src=/s type=' text/JavaScript '></script>", ["/s"]),
        ("<script src=/s type=''></script>", ["/s"]),
        ("<script src=/s language=JavaScript1.2></script>", ["/s"]),
        ("<script src=/s nomodule></script>", []),
        ("<script src=/s type=module nomodule></script>", ["/s"]),
        ("<script src=/s type=text/template></script>", []),
        ("<script src=/s type=application/json></script>", []),
        ("<script src=/s type=importmap></script>", []),
        ("<script src=/s language=vbscript></script>", []),
        # links
        ("<link rel=stylesheet href=/l>", ["/l"]),
        ("<link REL='Foo StyleSheet' href=/l>", ["/l"]),
        ("<link rel='alternate stylesheet' title=a href=/l>", ["/l"]),
        ("<link rel=stylesheet media=print href=/l>", ["/l"]),
        ("<link rel=stylesheet disabled href=/l>", []),
        ("<link rel=stylesheet type=text/plain href=/l>", []),
        ("<link rel=stylesheet type=text/css href=/l>", ["/l"]),
        ("<link rel=icon href=/l>", ["/l"]),
        ("<link rel='shortcut icon' href=/l>", ["/l"]),
        ("<link rel=icon media='(prefers-color-scheme: dark)' href=/l>", []),
        ("<p><link rel=icon href=/l>", []),
        ("<p><link rel=stylesheet href=/l>", ["/l"]),
        ("<link rel=apple-touch-icon href=/l>", []),
        ("<link rel=preload as=script href=/l>", ["/l"]),
        ("<link rel=preload as=font crossorigin href=/l>", ["/l"]),
        ("<link rel=preload href=/l>", []),
        ("<link rel=preload as=document href=/l>", []),
        ("<link rel=preload as=style media=print href=/l>", []),
        ("<link rel=preload as=image type=image/foo href=/l>", []),
        ("<link rel=preload as=image imagesrcset='/l1 400w, /l2 1600w' imagesizes=100vw href=/l>", ["/l2"]),
        ("<link rel=modulepreload href=/l>", ["/l"]),
        ("<link rel=manifest href=/l>", ["/l"]),
        ("<link rel=prefetch href=/l><link rel=dns-prefetch href=/m><link rel=canonical href=/n>", []),
        # pictures
        ("<img src=/i>", ["/i"]),
        ("<img src=/i loading=lazy>", ["/i"]),
        ("<image src=/i>", ["/i"]),
        ("<img srcset='/i1, /i2 2x' src=/i>", ["/i1"]),
        ("<img srcset='/i2 2x' src=/i>", ["/i"]),
        ("<img srcset='' src=/i>", ["/i"]),
        ("<picture><source srcset=/p1 media='(max-width:100px)'><source srcset=/p2><img src=/i></picture>", ["/p2"]),
        ("<picture><source srcset=/p1 type=image/foo><img src=/i></picture>", ["/i"]),
        ("<picture><source srcset=/p1 type='image/webp; a=b'><img src=/i></picture>", ["/p1"]),
        ("<picture><source srcset=''><source srcset=/p2><source srcset=/p3><img></picture><img src=/j>", ["/p2", "/j"]),
        ("<picture><source src=/p1><img src=/i></picture>", ["/i"]),
        ("<picture><img src=/i><source srcset=/p1></picture>", ["/i"]),
        ("<picture><source srcset=/p1></picture><source srcset=/p2>", []),
        ("<input type=IMAGE src=/n><input src=/o>", ["/n"]),
        ("<body background=/bg>", ["/bg"]),
        ("<svg><image href=/g1 /><image xlink:href=/g2 /><use href='/g#a'/><use href='#b'/>", ["/g1", "/g2", "/g"]),
        ("<svg><script href=/g></script><script src=/h></script></svg><script src=/k></script>", ["/g", "/k"]),
        ("<select><option><img src=/i></option></select>", ["/i"]),
        # films, frames, plug-ins
        ("<video poster=/v src=/v.mp4><source src=/w.mp4><track src=/t><track src=/u default>", ["/v", "/u"]),
        ("<audio src=/a.mp3></audio>", []),
        ("<iframe src=/f></iframe><iframe src=/g loading=lazy></iframe>", ["/f", "/g"]),
        ("<iframe src=/f srcdoc='<p>'></iframe><iframe src=about:blank></iframe>", []),
        ("<frameset><frame src=/f><frame src=/g></frameset>", ["/f", "/g"]),
        ("<object data=/o><img src=/i></object>", ["/o", "/i"]),
        ("<object data=/o type=application/x-shockwave-flash><img src=/i></object>", ["/i"]),
        ("<embed src=/e><embed src=/f type=application/pdf><embed src=/g type=application/x-foo>", ["/e", "/f"]),
        # styles in the page
        ("<style>@import '/c';</style>", ["/c"]),
        ("<style> /* x */ @charset 'a'; @IMPORT url( '/c' ) screen;@import url(/d) layer(x)", ["/c", "/d"]),
        ("<style><!-- @import url('/c'); --></style>", ["/c"]),
        ("<style>a{} @import '/c';</style><style>;@import '/c';</style><style>/*@import '/c';*/</style>", []),
        ("<style type=text/foo>@import '/c';</style>", []),
        ("<style media=print>@import '/c' print;</style>", ["/c"]),
        ("<style>.a{background:url(/c)} @font-face{src:url(/d)}</style>", []),
        ("<p style='background:url(/b1), url( \"/b2\" )'><b style=\"list-style:url('/b3')\">", ["/b1", "/b2", "/b3"]),
        ("<p style='background:url(&quot;/b1&quot;)'>", ["/b1"]),
        ("<p style='background:url(/b1);display:none'><p hidden style='background:url(/b1)'>", []),
        ("<p style='--x:url(/b1);color:red'><p style='/*url(/b1)*/'><p style='fill:url(#a)'>", []),
    ],
)  # fmt: skip
def test_what_an_element_asks_for(markup: str, paths: list[str]) -> None:
    """The table of docs/method.md, element by element."""
    assert asked(markup) == paths


@pytest.mark.parametrize(
    "markup",
    [
        "<!-- <img src=/x> -->", "<!--><!-- <img src=/x>", "<noscript><img src=/x></noscript>",
        "<head><noscript><link rel=stylesheet href=/x></noscript>", "<template><img src=/x></template>",
        "<template><template></template><img src=/x></template>",
        "<template><template shadowrootmode=open><img src=/x></template></template>",
        "<script>var a = '<img src=/x>';</script>", "<script><!-- <script> </script> <img src=/x> --></script>",
        "<script type=text/template><img src=/x></script>", "<textarea><img src=/x></textarea>",
        "<title><img src=/x></title>", "<style>/*<img src=/x>*/</style>", "<xmp><img src=/x></xmp>",
        "<noembed><img src=/x></noembed>", "<noframes><img src=/x></noframes>", "<iframe><img src=/x></iframe>",
        "<plaintext><img src=/x>", "<a title='<img src=/x>'>", "<p <img src=/x>", "<img src=/x", "<img data-src=/x>",
        "<img src=''>", "<img src='#a'>", "<img src=data:,x>", "<img src='java\nscript:1'>", "<img src=blob:x>",
        "<img src=about:blank>", "<img src=ftp://ent.test/x>", "<img src='http://[::1/x'>", "<img src=mailto:x>",
        "<img src=http://ent.test:99999/x>", "<img src=http://user:word@ent.test/x>", "<img src='http://'>",
    ],
)  # fmt: skip
def test_what_no_browser_asks_for(markup: str) -> None:
    """Comments, scripting's other half, templates, text that looks like markup, addresses that are no request."""
    assert asked(markup) == []


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("src=c.png", "/a/c.png"), ("SRC = \n '/c'", "/c"), ("src=/c/", "/c/"), ("src='  /c \n'", "/c"),
        ("src='/c\n\td'", "/cd"), ("src=/c#d", "/c"), ("src='?d'", "/a/b.html?d"),
        ("src='/c?a&amp;b&copy=1'", "/c?a&b&copy=1"),
        ("src=&#47;c", "/c"), ("src='\\c\\d'", "/c/d"), ("src='http:/c'", "/c"), ("src='http:c'", "/a/c"),
        ("src=//Ent.Test:80/c", "/c"), ("src=//other.test/c", "http://other.test/c"), ("src=HTTPS:c", "https://c/"),
        ("src='https:\\\\other.test\\c'", "https://other.test/c"), ("src=/x/../c", "/c"), ("src=../../../c", "/c"),
        ("src=/x/%2E%2e/c", "/c"), ("src='/c d'", "/c%20d"), ("src=/é?é", "/%C3%A9?%C3%A9"), ("src=/%zz", "/%zz"),
        ("src='/|{}^?|{}^`'", "/%7C%7B%7D%5E?|{}^`"), ("src='/c;x/../d'", "/d"), ("src=/c src=/d", "/c"),
        ("src=/\x00c", "/%EF%BF%BDc"), ('alt="a>b" src=/c', "/c"), ("alt='src=/no' src=/c", "/c"),
        ("src='/c'alt=x", "/c"),
    ],
)  # fmt: skip
def test_addresses_are_read_as_browsers_read_them(written: str, path: str) -> None:
    """Unquoted, spaced, entities, line ends inside, backslashes, dots, other letters: as the URL standard has it."""
    assert asked(f"<img {written}>") == [path]


def test_each_once_in_the_order_of_the_document() -> None:
    """A picture that stands ten times is asked for once, where it stands first."""
    assert asked("<img src=/b><script src=/a></script><img src=/b#x><img src=//ent.test/b>") == ["/b", "/a"]


@pytest.mark.parametrize(
    ("bases", "path"),
    [
        ("<base href=/x/>", "/x/i"), ("<base target=_top><base href=/x/><base href=/y/>", "/x/i"),
        ("<base href=http://other.test/z/>", "http://other.test/z/i"), ("<base href='data:,x'>", "/a/i"),
        ("<template><base href=/no/></template><base href=x/y>", "/a/x/i"),
        ("<base href='http://[::1/'><base href=/two/>", "/two/i"), ("<svg><base href=/no/></svg>", "/a/i"),
    ],
)  # fmt: skip
def test_the_first_base_counts_for_what_follows(bases: str, path: str) -> None:
    """`<base href>` moves what comes after it, not what stood before."""
    assert asked(f"<script src=s></script>{bases}<img src=i>") == ["/a/s", path]


def test_a_query_is_written_in_the_pages_charset() -> None:
    """As forms are; a path always in UTF-8, and letters that the charset has not as references."""
    assert asked("<img src=/é?é☃>", charset="iso-8859-1") == ["/%C3%A9?%E9&%239731;"]
    assert asked("<img src=/?é>", charset="no-such") == asked("<img src=/?é>", charset="utf-16") == ["/?%C3%A9"]


def test_a_shadow_root_is_shown() -> None:
    """A template that is declared to be its parent's shadow is no template."""
    assert asked("<p><template shadowrootmode=open><img src=/x></template><img src=/y>") == ["/x", "/y"]


def test_what_stands_behind_the_largest_page_is_not_read() -> None:
    """A page is read up to a stated size."""
    assert asked("<img src=/a>" + " " * LARGEST + "<img src=/b>") == ["/a"]


def test_what_stands_behind_the_last_address_is_not_read() -> None:
    """A page that names more than any page does makes no visitor ask for all of it."""
    assert asked("".join(f"<img src={number}.png>" for number in range(MOST + 9)))[-1] == f"/a/{MOST - 1}.png"
    assert len(asked("<p style='" + "".join(f"background:url({number});" for number in range(MOST)) + "'>")) < MOST


@given(
    some.text(alphabet="<>/=\"'! -abimgscriptlnkhrefyou&;#x0\n\t\\:?@[]{}()é\x00"),
    some.text("htp:/@[]?#e.\x00é ", max_size=30),
)
def test_nothing_that_a_page_holds_raises(text: str, at: str) -> None:
    """Whatever stands in a page or in its address, a list comes back."""
    for soup in (text, f"<img srcset='{text}' sizes='{text}'>", f"<style>{text}", f"<p style='url({text}'>"):
        found = page_requests(soup + f"<link rel=preload as=image media='{text}' href='{text}'>", "http://ent.test/")
        assert all(each.startswith(("http://", "https://")) for each in found)
    assert page_requests("<img src=/a>", at) is not None


@given(
    some.lists(
        some.sampled_from(["<div>", "</p>", "<img src=/a ", ">", "'", "<!--", "-->", "<svg>", "<template>", "<style>"])
    )
)
def test_soup_of_tags_never_raises(pieces: list[str]) -> None:
    """Tags in any order, closed or not."""
    assert set(asked("".join(pieces))) <= {"/a"}


HOSTILE = {
    "script": "<script ", "scripts": "<script>", "div": "<div>", "li": "<ul><li>", "end": "<div></p>",
    "quote": '<a href="', "formatting": "<a><font>", "comment": "<!--", "template": "<template>", "svg": "<svg>",
    "images": "<img src=a>", "sources": "<picture><source srcset='a 1x, b 2x'>", "base": "<base href=b>",
    "entity": "&#", "equal": "<img =",
}  # fmt: skip
INSIDE = {
    "attributes": ("<img ", "a{} "), "srcset": ("<img srcset='", "{},( "), "sizes": ("<img srcset=a sizes='", "({},"),
    "media": ("<link rel=icon href=a media='", "(({} and "), "import": ("<style>", "@import 'a';/*"),
    "style": ("<p style='", 'url("{}'), "comments": ("<p style='url(", "/*{}"), "address": ("<img src='", "/../{}"),
}  # fmt: skip


def seconds(text: str) -> float:
    """The least processor time of a few readings."""
    found = []
    for _ in range(5):
        begun = thread_time()
        page_requests(text, AT)
        found.append(thread_time() - begun)
    return min(found)


@pytest.mark.parametrize("name", [*HOSTILE, *INSIDE])
def test_eight_times_the_page_takes_eight_times_as_long(name: str) -> None:
    """200 kB of `<script ` once took 40 s: whatever a page repeats, the work grows with its length, not its square."""
    opening, piece = INSIDE.get(name, ("", HOSTILE.get(name, "")))
    few, many = (
        opening + "".join(piece.format(each) for each in range(size // len(piece))) for size in (25_000, 200_000)
    )
    assert seconds(many) < 30 * seconds(few) + 0.005  # 8 times is linear, 64 times a square

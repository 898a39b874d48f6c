"""Which file of a responsive image is taken: known answers, each as headless Chromium gave it at 1,280 CSS pixels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from entsurge.client.image_sources import DESK, Screen, chosen, matches

MIXED = "a 400w, b 800w, c 1600w, d 2400w"


@pytest.mark.parametrize(
    ("srcset", "sizes", "taken"),
    [
        ("a, b 2x", "", "a"), ("a 1x, b 1x", "", "a"), ("a 1.5x, b 3x", "", "a"), ("a 0.5x,b 0.9x", "", "b"),
        ("a 2x, b 4x", "", "a"), ("a 0x, b 3x", "", "b"), ("garbage,,, b 1x", "", "garbage"), ("a,", "", "a"),
        (" ,a?b,c 2x,d 1x", "", "d"), ("a -1x, b", "", "b"), ("a 1x 1x, b 2x", "", "b"), ("a 1x(,), b 2x", "", "b"),
        ("data:,x 1x", "", "data:,x"), ("", "", ""), (",,", "", ""),
        ("a 0w, b 10w", "", "b"), ("a 1.5w, b 10w", "", "b"), ("a 1e1w, b 9w", "", "b"), ("a 100h", "", ""),
        ("a 100w 100h, b 1300w", "", "b"), ("a 100w, b 2x", "", "b"), ("a 1000w, b 1200w", "", "b"), (MIXED, "", "c"),
        (MIXED, "50vw", "b"), (MIXED, "(max-width:600px) 100vw, 300px", "a"), (MIXED, "100px, 900px", "a"),
        (MIXED, "(min-width: 1281px) 1px, (min-width:1280px) 600px, 1px", "b"), (MIXED, "50em", "b"),
        (MIXED, "(orientation:landscape) 50rem", "b"), (MIXED, "0", "a"), (MIXED, "garbage", "c"), (MIXED, "-5px", "c"),
        (MIXED, "50%", "c"), (MIXED, "calc(100vw - 100px)", "c"),
    ],
)  # fmt: skip
def test_the_file_that_chromium_takes(srcset: str, sizes: str, taken: str) -> None:
    """The least density that is enough, else the greatest; descriptors that make no sense drop their file."""
    assert chosen(srcset, sizes) == taken


@pytest.mark.parametrize(
    ("srcset", "taken"),
    [("a 2x", "src"), ("a 1x", "a"), ("a 400w", "a"), ("a 0.5x", "src"), ("a -1x", "src"), ("", "src")],
)
def test_src_stands_for_one_device_pixel(srcset: str, taken: str) -> None:
    """`src` is a candidate of its own unless there is one of 1x or of a width."""
    assert chosen(srcset, "", "src") == taken


def test_sizes_auto_is_the_elements_own_width() -> None:
    """As lazy images have it; the whole width where the element says none."""
    assert chosen("a 100w, b 2000w", "auto", "", "90") == "a"
    assert chosen("a 100w, b 2000w", "auto", "", "") == "b"


TRUE = """screen|all|not print|only screen and (min-width:1px)|(min-width:80em)|(width:1280px)|(width>=600px)|
(400px<=width<=2000px)|(orientation:landscape)|(prefers-color-scheme:light)|(-webkit-min-device-pixel-ratio:1)|
(max-width:10px),screen|not (max-width:10px)|(min-width:1px) or (max-width:10px)|(prefers-reduced-motion:no-preference)|
(min-height:1px)|(height>100px)|(min-aspect-ratio:1/1)|(color)|((min-width:1px))||(min-width:0)|
not screen and (max-width:10px)|(scripting:enabled)|(display-mode:browser)|SCREEN AND (MIN-WIDTH: 1px)"""
FALSE = """print|not all|(min-width:81em)|(orientation:portrait)|(prefers-color-scheme:dark)|(min-resolution:2dppx)|foo|
(foo:bar)|(min-width:1px) and (max-width:10px)|(prefers-reduced-motion)|(max-device-width:1px)|screen and|
(min-width:600)|tv|(forced-colors:active)|(width)x|(min-width:"""


@pytest.mark.parametrize(("queries", "truth"), [(TRUE, True), (FALSE, False)])
def test_media_as_chromium_has_them(queries: str, truth: bool) -> None:
    """Types, features, ranges, `and`, `or`, `not`, lists; what is unknown is not so."""
    asked = [each.strip("\n") for each in queries.split("|")]
    assert [each for each in asked if matches(each) is not truth] == []


def test_a_desk_has_a_mouse() -> None:
    """Headless Chromium has none: there we differ, since people sit at desks."""
    assert matches("(hover:hover) and (pointer:fine)")


LETTERS = "<>=():,/ .-+0123456789exwhpvmandorightcl%"


@given(some.text(LETTERS, max_size=60), some.text("calc(min-width:1px) ,09.e+", max_size=40))
def test_whatever_is_written_something_comes_back(first: str, second: str) -> None:
    """No srcset, no sizes and no query raises, and what is taken stands in the srcset."""
    assert chosen(first, second) in first
    assert matches(second) in (True, False)
    assert matches(f"({first})") in (True, False)


def test_a_phone_takes_other_files_than_a_desk() -> None:
    """Its width, density and finger decide, in `srcset`, `sizes` and `media`."""
    phone = Screen(412, 915, 2.625, touch=True)
    srcset = "s 400w, m 1100w, l 2000w"
    assert [chosen(srcset, "100vw", screen=each) for each in (DESK, phone)] == ["l", "m"]
    assert chosen("one, two 2x, three 3x", screen=phone) == "three"
    asked = "(max-width: 600px)|(orientation: portrait)|(pointer: coarse)|(hover: none)|(min-resolution: 2dppx)"
    assert [matches(each, phone) for each in asked.split("|")] == [True] * 5
    assert [matches(each) for each in asked.split("|")] == [False] * 5

"""Which of a responsive image's files a browser takes: `srcset`, `sizes` and `media` at one stated screen.

Sources: HTML standard, 4.8.4.3 (selecting an image source, parsing `srcset` and `sizes`); Media Queries 4. Where the
standard leaves the choice to the browser this is Chromium's: of the densities at or above the screen's the least, else
the greatest.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

FONT_SIZE = 16


class Screen(NamedTuple):
    """A screen in CSS pixels, each of `density` device pixels; `touch`: a finger points, and hovers over nothing."""

    width: int
    height: int
    density: float = 1.0
    touch: bool = False


DESK = Screen(1280, 720)
"""A desk's, as headless Chromium has it."""
_DENSITY, _WIDTH = "x", "w"


class Candidate(NamedTuple):
    """One file of a `srcset`: its URL, and device pixels per CSS pixel (`x`) or its width in pixels (`w`)."""

    url: str
    number: float = 1.0
    unit: str = _DENSITY


@lru_cache(maxsize=1024)
def chosen(srcset: str, sizes: str = "", src: str = "", width: str = "", screen: Screen = DESK) -> str:
    """The URL that a browser takes, as it is written; empty for none.

    `width` is the element's own attribute: it stands for the layout's width where `sizes` is `auto`.
    """
    candidates = _candidates(srcset)
    if src and not any(each.unit == _WIDTH or each.number == 1 for each in candidates):
        candidates.append(Candidate(src))
    if not candidates:
        return ""
    shown = _shown_width(sizes, width, screen)
    dense: dict[float, str] = {}
    for each in candidates:
        dense.setdefault(each.number if each.unit == _DENSITY else _ratio(each.number, shown), each.url)
    enough = [density for density in dense if density >= screen.density]
    return dense[min(enough) if enough else max(dense)]


def _ratio(pixels: float, shown: float) -> float:
    return pixels / shown if shown else float("inf")


# -- srcset ------------------------------------------------------------------------------------------------------------

_NEXT = re.compile(r"[\s,]*+(\S++)")
_DESCRIPTORS = re.compile(r"((?:[^,(]++|\([^)]*+\)?)*+),?")
_NUMBER = r"[+-]?(?:\d++(?:\.\d++)?|\.\d++)(?:[eE][+-]?\d++)?"
_DESCRIPTOR = re.compile(rf"(?P<density>{_NUMBER})x|(?P<width>\d++)w|(?P<height>\d++)h")


def _candidates(srcset: str) -> list[Candidate]:
    """The files of a `srcset`; those whose descriptors make no sense are left out."""
    found, at = list[Candidate](), 0
    while match := _NEXT.match(srcset, at):
        url, at = match[1], match.end()
        if url.endswith(","):
            found.append(Candidate(url.rstrip(",")))
            continue
        rest = _DESCRIPTORS.match(srcset, at)
        at = rest.end() if rest else at
        described = _described(url, rest[1].split() if rest else [])
        found += [described] if described else []
    return [each for each in found if each.url]


def _described(url: str, descriptors: list[str]) -> Candidate | None:
    """A candidate with what is said of it; None for a fault."""
    said: dict[str, float] = {}
    for each in descriptors:
        match = _DESCRIPTOR.fullmatch(each)
        if match is None or match.lastgroup is None or match.lastgroup in said:
            return None
        said[match.lastgroup] = float(match[match.lastgroup])
    if not said:
        return Candidate(url)
    if said.keys() == {"density"} and said["density"] >= 0:
        return Candidate(url, said["density"])
    if "width" in said and "density" not in said and all(said.values()):
        return Candidate(url, said["width"], _WIDTH)
    return None


# -- sizes -------------------------------------------------------------------------------------------------------------

_LENGTH = re.compile(rf"(?P<number>{_NUMBER})(?P<unit>[a-z]*)", re.IGNORECASE)
_PIXELS = {
    "px": 1.0, "em": FONT_SIZE, "rem": FONT_SIZE, "ex": FONT_SIZE / 2, "ch": FONT_SIZE / 2, "cm": 96 / 2.54,
    "mm": 96 / 25.4, "in": 96.0, "pt": 96 / 72, "pc": 16.0,
}  # fmt: skip


def _of_screen(unit: str, screen: Screen) -> float | None:
    """A hundredth of the screen, as these units have it; None for others."""
    width, height = screen.width / 100, screen.height / 100
    return {"vw": width, "vh": height, "vmin": min(width, height), "vmax": max(width, height)}.get(unit)


def _shown_width(sizes: str, width: str, screen: Screen) -> float:
    """How wide an image is shown, in CSS pixels; the whole width where nothing says so, or only by `calc()`."""
    for each in sizes.split(","):
        condition, _, length = f" {each.strip()}".rpartition(" ")
        if length.lower() == "auto":
            return float(width) if width.isascii() and width.isdigit() else screen.width
        pixels = _pixels(length, screen)
        if pixels is not None and pixels >= 0 and (not condition.strip() or matches(condition, screen)):
            return pixels
    return screen.width


def _pixels(length: str, screen: Screen) -> float | None:
    """A length in CSS pixels; None for what is none."""
    match = _LENGTH.fullmatch(length)
    if match is None:
        return None
    number, unit = float(match["number"]), match["unit"].lower()
    if not unit:
        return None if number else 0.0
    pixels = _PIXELS.get(unit) or _of_screen(unit, screen)
    return None if pixels is None else number * pixels


# -- media -------------------------------------------------------------------------------------------------------------

_LIKES: dict[str, str | float] = {
    "color": 8.0, "color-index": 0.0, "monochrome": 0.0, "prefers-color-scheme": "light",
    "prefers-reduced-motion": "no-preference", "prefers-contrast": "no-preference", "forced-colors": "none",
    "scripting": "enabled", "display-mode": "browser", "update": "fast",
}  # fmt: skip


@lru_cache(maxsize=16)
def _features_of(screen: Screen) -> dict[str, str | float]:
    """What media queries may ask of a screen, and its answers."""
    width, height, density, touch = screen
    hover, pointer = ("none", "coarse") if touch else ("hover", "fine")
    return _LIKES | {
        "width": width, "device-width": width, "height": height, "device-height": height,
        "aspect-ratio": width / height, "resolution": density, "-webkit-device-pixel-ratio": density,
        "orientation": "landscape" if width > height else "portrait",
        "hover": hover, "any-hover": hover, "pointer": pointer, "any-pointer": pointer,
    }  # fmt: skip


_LENGTHS = frozenset(("width", "height", "device-width", "device-height"))
_NOTHING = ("none", "no-preference")
_TYPE = re.compile(r"(?:(not|only)\s+)?([a-z-]+)(?:\s+and\b)?", re.IGNORECASE)
_TERM = re.compile(r"\s*+(?:(and|or|not)\b\s*+)?\(([^()]*+)\)\s*+", re.IGNORECASE)
_RANGE = re.compile(r"\s*+([^<>=]*?)\s*+(<=?|>=?|=)\s*+([^<>=]*?)\s*+(?:(<=?|>=?|=)\s*+([^<>=]*+))?", re.DOTALL)


@lru_cache(maxsize=1024)
def matches(media: str, screen: Screen = DESK) -> bool:
    """Whether a media query list is true of the screen; an unknown feature is not."""
    return not media.strip() or any(_query(each.strip().lower(), screen) for each in media[:2000].split(","))


def _query(query: str, screen: Screen) -> bool:
    """One query: a type, features, or both. Nested brackets are taken off where they hold one feature."""
    kind, negated = _TYPE.match(query), False
    if kind is not None and not (kind[2] == "not" and not kind[1]):
        if kind[2] in ("and", "or"):
            return False
        negated, query = kind[1] == "not", query[kind.end() :]
        truth = kind[2] in ("all", "screen")
        if query.strip():
            truth = truth and _features(query, screen)
        elif kind[0].endswith("and"):
            return False
        return truth != negated
    return _features(query, screen)


def _features(query: str, screen: Screen) -> bool:
    """`(…) and (…)`, `(…) or (…)`, `not (…)`."""
    query, at, truth = query.replace("((", "(").replace("))", ")"), 0, None
    while match := _TERM.match(query, at):
        at, term = match.end(), _feature(match[2].strip(), screen)
        if match[1] == "not":
            term = not term
        truth = term if truth is None else (truth or term) if match[1] == "or" else (truth and term)
    return bool(truth) and at == len(query)


def _feature(text: str, screen: Screen) -> bool:
    """`min-width: 600px`, `width >= 600px`, `400px <= width <= 700px` or a bare `hover`."""
    name, colon, value = (part.strip() for part in text.partition(":"))
    if colon:
        for prefix, sign in (("min-", ">="), ("max-", "<="), ("-webkit-min-", ">="), ("-webkit-max-", "<=")):
            if name.startswith(prefix):
                webkit = "-webkit-" if prefix.startswith("-") else ""
                return _compared(webkit + name.removeprefix(prefix), sign, value, screen)
        return _compared(name, "=", value, screen)
    found = _RANGE.fullmatch(text)
    if found is None:
        return _features_of(screen).get(text, 0) not in (0, *_NOTHING)
    first, sign, second, other, third = found.groups()
    if first in _features_of(screen):
        return other is None and _compared(first, sign, second, screen)
    return _compared(second, _turned(sign), first, screen) and (
        other is None or _compared(second, other, third.strip(), screen)
    )


def _turned(sign: str) -> str:
    return sign.translate({ord("<"): ">", ord(">"): "<"})


def _compared(name: str, sign: str, value: str, screen: Screen) -> bool:
    """What the screen has of a feature beside what is asked for."""
    has = _features_of(screen).get(name)
    if has is None or isinstance(has, str):
        return has == value and sign == "="
    asked = _pixels(value, screen) if name in _LENGTHS else _number(value)
    if asked is None:
        return False
    return {"=": has == asked, "<": has < asked, "<=": has <= asked, ">": has > asked}.get(sign, has >= asked)


def _number(value: str) -> float | None:
    """A resolution in dots a pixel, a ratio or a bare number."""
    above, slash, below = value.partition("/")
    match, under = _LENGTH.fullmatch(above.strip()), _LENGTH.fullmatch(below.strip())
    if match is None or (slash and under is None):
        return None
    number, unit = float(match["number"]), match["unit"].lower()
    if under is not None:
        return number / float(under["number"]) if float(under["number"]) else None
    scale = {"": 1.0, "dppx": 1.0, "x": 1.0, "dpi": 1 / 96, "dpcm": 2.54 / 96}.get(unit)
    return None if scale is None else number * scale

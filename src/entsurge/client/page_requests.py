"""What a browser asks for with a page: the URLs of its scripts, styles, pictures and frames, in document order.

The rules are the HTML standard's, as Chromium keeps them (docs/method.md, "What a page asks for", has them as a table;
tests/client/test_as_chromium.py shows the same pages to it). No layout is made and no script is run.

Pages are read by turbohtml's tokenizer, which takes time in proportion to a page whatever is in it. What was measured
beside it (ms; Python 3.11; whole pages, attributes of interest included):

| page                               | turbohtml, tokens | selectolax (lexbor), tree | lxml, tree       | lxml, events |
|------------------------------------|-------------------|---------------------------|------------------|--------------|
| 5 kB                               | 0.2               | 0.2                       | 0.3              | 0.7          |
| 60 kB, 2,800 elements              | 2.1               | 1.3                       | 2.9              | 8.4          |
| 1 MB of the same                   | 112               | 82                        | 304              | 253          |
| 500 kB of `<div>`                  | 74                | **over 20,000**           | 0.1: gives up    | 388          |
| 225 kB of `<ul><li>`               | 18                | **15,300**                | 0.2: gives up    | 872          |
| `<div>` × 20,000, `</p>` × 20,000  | 24                | **4,300**                 | 0.2: gives up    | **20,000**   |
| one element of 25,000 attributes   | 30                | **3,400**                 | **3,400**        | 92           |

A tree costs its depth squared by the standard's own rules (browsers stop at 512, lexbor does not); lxml ends one at a
depth of 256. While C code reads no deadline can fire: so a tokenizer, which browsers' own preload scanners are too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from turbohtml import TokenType, tokenize

from entsurge.client.image_sources import DESK, chosen, matches
from entsurge.client.page_urls import origin, resolved
from entsurge.client.style_urls import imported, pictured

if TYPE_CHECKING:
    from collections.abc import Callable

    from turbohtml import Token

    from entsurge.client.image_sources import Screen

LARGEST, MOST = 1024 * 1024, 3000
"""Characters of a page, and addresses in it, that are read; what stands behind them is not asked for."""

_LONGEST_VALUE, _LONGEST_SHEET = 4096, 65_536  # characters
_PLAIN = re.compile(r"(?!.*/\.)/(?!/)[\w./~-]*+(?:\?[\w=&.-]*+)?", re.ASCII)  # absolute but for its origin
_START, _TEXT = TokenType.START_TAG, TokenType.TEXT
_SCRIPT_TYPES = frozenset(
    f"{kind}/{name}" for kind in ("text", "application") for name in
    ("javascript", "ecmascript", "x-javascript", "x-ecmascript")
) | frozenset(("text/jscript", "text/livescript", *(f"text/javascript1.{minor}" for minor in range(6))))  # fmt: skip
_IMAGE_TYPES = frozenset(
    f"image/{name}" for name in
    ("apng", "avif", "bmp", "gif", "jpeg", "jpg", "pjpeg", "png", "svg+xml", "vnd.microsoft.icon", "webp", "x-icon",
     "x-png")
)  # fmt: skip
_PRELOADED = frozenset(("script", "style", "image", "font", "fetch", "track"))
_SHOWN = re.compile(r"image/|text/|application/(?:pdf|xhtml\+xml|xml|json)\b")


def page_requests(text: str, url: str, charset: str = "utf-8", screen: Screen = DESK) -> list[str]:
    """The absolute http and https URLs that a browser fetches with the page `text` found at `url`, each once.

    `charset` is the page's: what queries are percent-encoded in; `screen` is what it is shown on. Never raises for what
    a page holds; of a page at no http address nothing is asked for.
    """
    page = _Page(url, charset, screen)
    page.read(text[:LARGEST])
    return list(page.found)


class _Page:
    """What has been read of a page so far."""

    def __init__(self, url: str, charset: str, screen: Screen) -> None:
        self.base, self.origin, self.charset, self.screen = url, origin(url), charset, screen
        self.found: dict[str, None] = {}
        self._named = 0  # addresses so far, again and again the same ones too
        self._based = False
        self._in_head = True
        self._inert: list[bool] = []  # of each open <template>
        self._in_svg = 0
        self._picture: str | None = None  # what an open <picture> has chosen so far
        self._in_style = False

    def read(self, text: str) -> None:
        """Read all tokens; the attributes of other elements only where one may name a picture."""
        known, styled = self._known, "url(" in text
        for token in tokenize(text):
            tag = token.tag
            if tag in known:
                if self._named >= MOST:
                    return
                if token.type is _START:
                    self._start(token, tag)
                else:
                    self._end(tag)
            elif tag is None:
                if self._in_style and token.type is _TEXT:
                    self._add_all(imported((token.data or "")[:_LONGEST_SHEET]))
                continue
            elif token.type is _START:
                self._in_head = False
            if styled and token.type is _START and not any(self._inert):
                self._add_styled(token)

    def _start(self, token: Token, tag: str) -> None:
        if tag == "template" or not any(self._inert):
            self._in_style = False
            self._read[tag](self, token)

    def _end(self, tag: str) -> None:
        close = self._closing.get(tag)
        if close is not None:
            close(self)

    def _add_styled(self, token: Token) -> None:
        style = token.attr("style")
        if style and self._named < MOST and "url(" in style and token.attr("hidden") is None:
            self._add_all(pictured(style))

    def _add(self, reference: str | None) -> None:
        if reference and self._named < MOST:
            self._named += 1
            plain = self.origin and _PLAIN.fullmatch(reference)
            url = self.origin + reference if plain else resolved(self.base, reference, self.charset)
            if url is not None:
                self.found[url] = None

    def _add_all(self, references: list[str]) -> None:
        for reference in references:
            self._add(reference)

    # -- elements --------------------------------------------------------------------------------------------------

    def _nothing(self, _token: Token) -> None:
        """What may stand in a head and asks for nothing."""

    def _base(self, token: Token) -> None:
        """The first whose address is one counts, for what comes after it."""
        if self._based or self._in_svg:
            return
        url = resolved(self.base, token.attr("href") or "", self.charset)
        if url is not None:
            self.base, self.origin, self._based = url, origin(url), True

    def _script(self, token: Token) -> None:
        if self._in_svg:
            self._linked(token)
            return
        kind, language = token.attr("type"), token.attr("language")
        kind = (kind if kind is not None else f"text/{language}" if language else "").strip().lower()
        if kind == "module" or (token.attr("nomodule") is None and (not kind or kind in _SCRIPT_TYPES)):
            self._add(token.attr("src"))

    def _link(self, token: Token) -> None:
        rels = (token.attr("rel") or "").lower().split()
        if any(rel in rels and (wanted is None or wanted(self, token)) for rel, wanted in self._links.items()):
            self._add(token.attr("href"))

    def _stylesheet(self, token: Token) -> bool:
        """Those of other media and alternate ones too; not those that are off."""
        kind = (token.attr("type") or "").strip().lower()
        return kind in ("", "text/css") and token.attr("disabled") is None

    def _icon(self, token: Token) -> bool:
        return self._in_head and self._fits(token)

    def _preload(self, token: Token) -> bool:
        kind = (token.attr("as") or "").strip().lower()
        if kind not in _PRELOADED or not self._fits(token):
            return False
        if kind != "image":
            return True
        if not _is_image(token):
            return False
        srcset = token.attr("imagesrcset")
        if not srcset:
            return True
        self._add(self._chosen(srcset, token.attr("imagesizes") or "", token.attr("href") or ""))
        return False

    def _image(self, token: Token) -> None:
        """An image, lazy ones too: Chromium fetches them as far as 1,250 pixels below what is seen."""
        self._in_head = False
        if self._picture:
            self._add(self._picture)
            return
        srcset, src = token.attr("srcset"), token.attr("src")
        if srcset:
            src = self._chosen(srcset, token.attr("sizes") or "", src or "", token.attr("width") or "")
        self._add(src)

    def _drawn(self, token: Token) -> None:
        """`<image>`: a drawing's, or else an old name of `<img>`."""
        if self._in_svg:
            self._linked(token)
        else:
            self._image(token)

    def _linked(self, token: Token) -> None:
        if self._in_svg:
            href = token.attr("href")
            self._add(href if href is not None else token.attr("xlink:href"))

    def _source(self, token: Token) -> None:
        """The first fitting one of a picture before its image; those of videos are left out."""
        self._named += 1
        if self._picture == "" and self._fits(token) and _is_image(token):
            self._picture = self._chosen(token.attr("srcset") or "", token.attr("sizes") or "")

    def _video(self, token: Token) -> None:
        """The poster alone: of the film a browser takes a few ranges, which are no whole answer."""
        self._in_head = False
        self._add(token.attr("poster"))

    def _track(self, token: Token) -> None:
        if token.attr("default") is not None:
            self._add(token.attr("src"))

    def _frame(self, token: Token) -> None:
        """The document alone, not what it asks for in its turn."""
        self._in_head = False
        if token.attr("srcdoc") is None:
            self._add(token.attr("src"))

    def _input(self, token: Token) -> None:
        self._in_head = False
        if (token.attr("type") or "").lower() == "image":
            self._add(token.attr("src"))

    def _plugged(self, token: Token) -> None:
        """An object or embed of a kind that browsers still show."""
        self._in_head = False
        kind = (token.attr("type") or "").strip().lower()
        if not kind or _SHOWN.match(kind):
            self._add(token.attr("data" if token.tag == "object" else "src"))

    def _body(self, token: Token) -> None:
        self._in_head = False
        self._add(token.attr("background"))

    def _fits(self, token: Token) -> bool:
        media = token.attr("media")
        return not media or matches(media[:_LONGEST_VALUE], self.screen)

    def _chosen(self, srcset: str, sizes: str, src: str = "", width: str = "") -> str:
        longest = _LONGEST_VALUE
        return chosen(srcset[:longest], sizes[:longest], src[:longest], width[:longest], self.screen)

    # -- what holds others -----------------------------------------------------------------------------------------

    def _style(self, token: Token) -> None:
        self._in_style = (token.attr("type") or "").strip().lower() in ("", "text/css")

    def _style_end(self) -> None:
        self._in_style = False

    def _template(self, token: Token) -> None:
        """Inert, but for one that is its parent's shadow."""
        self._inert.append((token.attr("shadowrootmode") or "").lower() not in ("open", "closed"))

    def _template_end(self) -> None:
        if self._inert:
            self._inert.pop()

    def _svg(self, token: Token) -> None:
        self._in_head = False
        self._in_svg += not token.self_closing

    def _svg_end(self) -> None:
        self._in_svg = max(self._in_svg - 1, 0)

    def _picture_start(self, _token: Token) -> None:
        self._in_head, self._picture = False, ""

    def _picture_end(self) -> None:
        self._picture = None

    _read: ClassVar[dict[str, Callable[[_Page, Token], None]]] = {
        "base": _base, "script": _script, "link": _link, "img": _image, "image": _drawn,
        "source": _source, "video": _video, "track": _track, "iframe": _frame,
        "frame": _frame, "input": _input, "object": _plugged, "embed": _plugged,
        "body": _body, "style": _style, "template": _template, "svg": _svg, "use": _linked,
        "feimage": _linked, "picture": _picture_start,
        **dict.fromkeys(("html", "head", "title", "meta", "noscript"), _nothing),
    }  # fmt: skip
    _closing: ClassVar[dict[str, Callable[[_Page], None]]] = {
        "style": _style_end, "template": _template_end, "svg": _svg_end,
        "picture": _picture_end,
    }  # fmt: skip
    _known = frozenset((*_read, *_closing))
    _links: ClassVar[dict[str, Callable[[_Page, Token], bool] | None]] = {
        "stylesheet": _stylesheet, "icon": _icon, "preload": _preload, "modulepreload": None,
        "manifest": None,
    }  # fmt: skip


def _is_image(token: Token) -> bool:
    kind = token.attr("type")
    return not kind or kind.partition(";")[0].strip().lower() in _IMAGE_TYPES

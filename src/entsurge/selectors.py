"""Selectors and paths by which things are found in pages and answers, compiled once."""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from lxml import etree, html
from lxml.cssselect import CSSSelector

if TYPE_CHECKING:
    from jsonpath import JSONPath

    from entsurge.client.allow_list import AllowList
    from entsurge.client.response import Response


@lru_cache(maxsize=512)
def selector(text: str) -> CSSSelector:
    """A CSS selector, compiled. Raises ValueError for what is none."""
    try:
        return CSSSelector(text, translator="html")
    except (SyntaxError, etree.XPathError) as error:  # cssselect's own errors are SyntaxErrors
        raise ValueError(f"not a CSS selector: {error}") from None


@lru_cache(maxsize=512)
def json_path(text: str) -> JSONPath:
    """A JSON path, compiled. Raises ValueError for what is none."""
    import jsonpath

    try:
        found = jsonpath.compile(text)
    except (jsonpath.JSONPathError, ValueError) as error:
        raise ValueError(f"not a JSON path: {error}") from None
    if not isinstance(found, jsonpath.JSONPath):
        raise ValueError("one JSON path, without | or &")
    return found


@lru_cache(maxsize=512)
def expression(text: str) -> re.Pattern[str]:
    """A regular expression, compiled. Raises ValueError for what is none."""
    try:
        return re.compile(text, re.DOTALL)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"not a regular expression: {error}") from None


def document(answer: Response) -> Any:
    """The page as a tree; None when there is nothing in it that could be one."""
    if not answer.body.strip():
        return None
    utf8 = answer.body if answer.charset == "utf-8" else answer.text.encode()
    try:
        return html.document_fromstring(utf8, parser=html.HTMLParser(encoding="utf-8", huge_tree=False))
    except (etree.LxmlError, ValueError, LookupError):
        return None


_ASSET = re.compile(
    rb"""<(?:script|img|source)\b[^>]*?\bsrc=["']([^"'#]+)"""
    rb"""|<link\b(?=[^>]*?\brel=["']?(?:stylesheet|icon|shortcut icon|preload))[^>]*?\bhref=["']([^"'#]+)""",
    re.IGNORECASE,
)


def assets(answer: Response, allow: AllowList) -> list[str]:
    """What a browser would fetch with a page: scripts, styles, pictures; of the hosts that may be spoken to alone."""
    found = []
    for script, link in _ASSET.findall(answer.body):
        reference = unescape((script or link).decode("utf-8", "replace"))
        if reference.startswith(("data:", "blob:", "javascript:")):
            continue
        url = urljoin(answer.url, reference)
        host = (urlsplit(url).hostname or "").lower()
        if host == urlsplit(answer.url).hostname or host in allow.hosts:
            found.append(url)
    return list(dict.fromkeys(found))

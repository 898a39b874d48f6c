"""Selectors and paths by which things are found in pages and answers, compiled once."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cssselect import ExpressionError
from lxml import etree, html
from lxml.cssselect import CSSSelector

from entsurge.client import url as urls
from entsurge.client.image_sources import DESK
from entsurge.client.page_requests import page_requests

if TYPE_CHECKING:
    from jsonpath import JSONPath

    from entsurge.client.allow_list import AllowList
    from entsurge.client.image_sources import Screen
    from entsurge.client.response import Response


@lru_cache(maxsize=512)
def selector(text: str) -> CSSSelector:
    """A CSS selector, compiled. Raises ValueError for what is none."""
    try:
        return CSSSelector(text, translator="html")
    except (
        SyntaxError,
        ExpressionError,
        RecursionError,
        etree.XPathError,
    ) as error:  # cssselect's parser raises SyntaxErrors
        raise ValueError(f"not a CSS selector: {error}") from None


@lru_cache(maxsize=512)
def json_path(text: str) -> JSONPath:
    """A JSON path, compiled. Raises ValueError for what is none."""
    import jsonpath

    try:
        found = jsonpath.compile(text)
    except (jsonpath.JSONPathError, ValueError, RecursionError) as error:
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


_PAGES = ("text/html", "application/xhtml+xml", "")


def assets(answer: Response, allow: AllowList, screen: Screen = DESK) -> list[str]:
    """What a browser fetches with a page, in document order: that of the page's own host and of the target's hosts."""
    kind = answer.headers.get("content-type").partition(";")[0].strip().lower()
    if kind not in _PAGES:
        return []
    hosts = allow.hosts | {_host(answer.url)}
    return [url for url in page_requests(answer.text, answer.url, screen=screen) if _host(url) in hosts]


def _host(url: str) -> str:
    return urls.split(url).origin.host

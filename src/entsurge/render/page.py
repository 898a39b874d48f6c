"""The jinja2 environment of every page: templates of reports/, everything escaped, a missing name an error."""

from __future__ import annotations

import re
from functools import lru_cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from entsurge import content
from entsurge.render.musts import must_in_words
from entsurge.render.saying import paragraph, say


@lru_cache(maxsize=1)
def environment() -> Environment:
    """One for all pages."""
    loader = FileSystemLoader(str(content.root("reports")))
    found = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    found.filters["css"] = css_text
    found.globals |= {"say": say, "paragraph": paragraph, "must_in_words": must_in_words}
    return found


def css_text(text: str) -> Markup:
    """Any text as a string of CSS, safe inside a page's style: signs other than letters and digits by their code."""
    return Markup('"' + re.sub(r"\W|_", lambda sign: f"\\{ord(sign[0]):06x}", text) + '"')  # noqa: S704  no sign of HTML is left

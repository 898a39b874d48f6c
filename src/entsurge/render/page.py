"""The jinja2 environment of every page: templates of reports/, everything escaped, a missing name an error."""

from __future__ import annotations

from functools import lru_cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from entsurge import content


@lru_cache(maxsize=1)
def environment() -> Environment:
    """One for all pages."""
    loader = FileSystemLoader(str(content.root("reports")))
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)

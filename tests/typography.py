"""French typography, for tests that look for a phrase."""

import json
import re
from collections.abc import Iterable
from typing import Any

from entsurge.findings.serial import from_line
from entsurge.findings.statement import Statement
from entsurge.render.saying import paragraph, say


def plain(text: str) -> str:
    """The text with ordinary spaces where French sets spaces that do not break."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def still(page: str) -> str:
    """A page without its scripts and the data of its charts."""
    return re.sub(r"<script[^>]*>.*?</script>", "", page, flags=re.DOTALL)


def in_words(found: Statement | dict[str, Any], language: str = "en") -> str:
    """What a statement says, with ordinary spaces; one of a JSON file too."""
    whole = found if isinstance(found, Statement) else from_line(Statement, json.dumps(found).encode())
    return plain(say(whole, language))


def sentences(found: Iterable[Statement], language: str = "en") -> str:
    """What several sentences say, with ordinary spaces."""
    return plain(paragraph(found, language))

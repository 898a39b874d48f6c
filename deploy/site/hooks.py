"""Says on a French page that is in English, and the reverse, that it is: no page passes for what it is not."""

from __future__ import annotations

from typing import Any

ONLY = {
    ("fr", "en"): "*Cette page n’existe qu’en anglais.*",
    ("en", "fr"): "*This page is in French alone.*",
}
FRENCH = {"vocabulaire.md", "vie-privee.md"}


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Any) -> str:
    """The page's text, with a line above it where it is not in the language of its site."""
    del files
    source = page.file.src_uri
    written_in = "fr" if source in FRENCH or source.endswith(".fr.md") else "en"
    read_in = str(config.theme["language"])
    told = ONLY.get((read_in, written_in))
    return f"{told}\n\n{markdown}" if told else markdown

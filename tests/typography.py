"""French typography, for tests that look for a phrase."""


def plain(text: str) -> str:
    """The text with ordinary spaces where French sets spaces that do not break."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")

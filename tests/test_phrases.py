"""A phrase is found however a product writes it, and only then."""

import html
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from entsurge.phrases import Phrase, folded

WRITTEN = [
    ("l'établissement", "l&#039;établissement"),  # PHP
    ("l'établissement", "l&#x27;établissement"),  # Django
    ("l'établissement", "l&#39;établissement"),  # Go, Jinja
    ("l'établissement", "l&rsquo;établissement"),
    ("l'établissement", "l&apos;&eacute;tablissement"),
    ("l'établissement", "l’établissement"),
    ("l'établissement", "l&#8217;&#xE9;tablissement"),
    ("l’établissement", "l'établissement"),
    ("l’établissement", "l&#039;établissement"),
    ("l&#039;établissement", "l’établissement"),
    ("Très nombreux !", "Tr&egrave;s nombreux&nbsp;!"),
    ("Très nombreux !", "Très nombreux\u00a0!"),
    ("Très nombreux !", "Très nombreux\u202f!"),
    ("Très nombreux !", "Très nombreux&#x202F;!"),
    ("Très nombreux\u00a0!", "Très nombreux !"),
    ("cœur & âme", "c&oelig;ur &amp; &acirc;me"),
    ('name="x"', "name=&quot;x&quot;"),
    ("a/b=c", "a&#x2F;b&#x3D;c"),
    ("caf\u00e9", "caf&eacute"),  # browsers need no semicolon after the old names
]


@pytest.mark.parametrize(("phrase", "body"), WRITTEN)
def test_one_phrase_is_written_in_many_ways(phrase, body) -> None:
    """Entities by name and number, both apostrophes, spaces that do not break."""
    assert Phrase(phrase).within(f"<p>{body}</p>".encode())
    assert folded(phrase) in folded(body)


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "iso-8859-15", "cp1252"])
def test_old_pages_are_in_old_charsets(charset) -> None:
    """Latin-1, as its pages really are (Windows-1252), and its successor."""
    assert Phrase("l’élève est déconnecté").within(
        "l’élève est déconnecté".replace("’", "'" if charset.startswith("iso") else "’").encode(charset)
    )


def test_json_escapes_too() -> None:
    """An API in PHP or Django answers in ASCII."""
    body = json.dumps({"message": "Accès refusé : l’élève “Zoé” 🙂"}).encode()
    for phrase in ("Accès refusé", "l'élève", "“Zoé” 🙂"):
        assert Phrase(phrase).within(body)


def test_case_counts_and_nothing_else_is_found() -> None:
    """A phrase is not its words."""
    for body in (
        b"Tres nombreux",
        b"tr\xc3\xa8s nombreux",
        b"Tr\xc3\xa8s  nombreux",
        b"Tr\xc3\xa8s &amp; nombreux",
        b"",
    ):
        assert not Phrase("Très nombreux").within(body)


@given(st.text(min_size=1, max_size=30), st.text(max_size=20), st.text(max_size=20))
@example("&", "", "")
@example("'", "&", "#039;")
def test_whatever_a_phrase_is_its_escapings_are_found(phrase, before, after) -> None:
    """Plain, and as `html.escape` writes it, in UTF-8; entities that the phrase itself seems to hold apart."""
    if folded(phrase) != phrase:
        return
    phrase = phrase.encode("utf-8", "ignore").decode()
    for body in (phrase, html.escape(phrase)):
        assert Phrase(phrase).within(f"{before}<p>{body}</p>{after}".encode("utf-8", "ignore"))


@given(st.text(max_size=30), st.binary(max_size=200))
def test_nothing_raises(phrase, body) -> None:
    """Whatever is looked for wherever."""
    phrase = phrase.encode("utf-8", "ignore").decode()
    assert Phrase(phrase).within(body) in (True, False)

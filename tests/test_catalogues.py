"""The catalogues of reports/: every word in both languages, agreeing in number, set as French is set."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

from entsurge import content
from entsurge.catalogue import LANGUAGES, Counted, catalogue, read

TERMINAL = ("terminal", "errors")  # keyed by the English sentence, and so in French alone
DOCUMENTS = sorted({path.name.split(".")[0] for path in content.root("reports").glob("*.po")} - {*TERMINAL})
FRENCH_FREE = {"hour", "minute", "second", "time"}  # a clock is written in each language's way
ORDINARY = re.compile(r" [:;!?»%]|« ")


def messages_of(document: str, language: str) -> dict[str, Message]:
    """Every message by its key, the header apart."""
    return {key_of(each): each for each in read(document, language) if each.id}


def key_of(message: Message) -> str:
    return message.id[0] if isinstance(message.id, tuple) else message.id


def strings(message: Message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (message.string,)


def fields(message: Message) -> set[str]:
    return {name for text in strings(message) for name in re.findall(r"\{(\w+)\}", text)} - FRENCH_FREE


def faults(catalogue: Catalog) -> list[str]:
    """What is wrong with one catalogue by itself."""
    found = []
    for each in catalogue:
        if not each.id:
            continue
        if not all(strings(each)):
            found.append(f"{key_of(each)}: nothing is said, or a plural form is missing")
        if each.fuzzy:
            found.append(f"{key_of(each)}: fuzzy, nobody has looked at it")
        if each.pluralizable and len(strings(each)) != catalogue.num_plurals:
            found.append(f"{key_of(each)}: {len(strings(each))} forms of {catalogue.num_plurals}")
        if catalogue.locale_identifier == "fr" and any(ORDINARY.search(text) for text in strings(each)):
            found.append(f"{key_of(each)}: an ordinary space beside : ; ! ? » % or «")
    return found + [f"{key}: obsolete" for key in catalogue.obsolete]


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_whole(document: str, language: str) -> None:
    """No empty or fuzzy message, every plural form, and in French no space that breaks a line before : ; ! ? » %."""
    assert faults(read(document, language)) == []


@pytest.mark.parametrize("document", TERMINAL)
def test_the_terminal_s_are_whole_too(document: str) -> None:
    """The same of the catalogues of the terminal; each sentence has the fields of its English one."""
    assert faults(read(document, "fr")) == []
    for message in messages_of(document, "fr").values():
        english, french = (set(re.findall(r"(?<!\{)\{(\w+)", text)) for text in (key_of(message), *strings(message)))
        assert english == french, key_of(message)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_message_has_its_twin(document: str) -> None:
    """Both languages have the same keys, the same fields between braces, and agree on what counts."""
    french, english = (messages_of(document, language) for language in LANGUAGES)
    assert list(french) == list(english)
    for key, message in french.items():
        assert fields(message) == fields(english[key]), key
        assert message.pluralizable == english[key].pluralizable, key


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_is_said_twice_in_a_file(document: str, language: str) -> None:
    """Of two messages with one key gettext keeps the last, and a correction of the first is lost."""
    text = (content.root("reports") / f"{document}.{language}.po").read_text(encoding="utf-8")
    keys = re.findall(r"^msgid (.+)$", text, flags=re.MULTILINE)
    assert sorted(keys) == sorted(set(keys))


@pytest.mark.parametrize(
    ("language", "said"), [("fr", ["0 page", "1 page", "2 pages"]), ("en", ["0 pages", "1 page", "2 pages"])]
)
def test_a_count_chooses_its_form(language: str, said: list[str]) -> None:
    """Nought is singular in French and plural in English: the rule stands in the catalogue's head."""
    pages = catalogue("common", language)["counts"]["pages"]
    assert isinstance(pages, Counted)
    assert [pages.of(count) for count in (0, 1, 2)] == said
    assert pages.of(1234, n="1,234") == "1,234 pages"
    assert pages == "{n} pages"


def test_what_documents_share_is_in_all_of_them() -> None:
    """Days, services and phases are said in one place, and no document says one of them again."""
    for language in LANGUAGES:
        shared = set(messages_of("common", language))
        for document in set(DOCUMENTS) - {"common"}:
            assert catalogue(document, language)["days"] == catalogue("common", language)["days"]
            assert not shared & set(messages_of(document, language))


def test_keys_that_are_numbers_make_a_list() -> None:
    """The headings of a table, in order."""
    assert catalogue("comparison", "fr")["changes"]["columns"][0] == "À partir de ce tir"


def test_a_faulty_catalogue_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the checks of this file look for, all in one catalogue."""
    (tmp_path / "poor.fr.po").write_text(
        'msgid ""\nmsgstr ""\n"Language: fr\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Plural-Forms: nplurals=2; plural=(n > 1);\\n"\n\n'
        'msgid "empty"\nmsgstr ""\n\n#, fuzzy\nmsgid "doubtful"\nmsgstr "Non"\n\n'
        'msgid "half"\nmsgid_plural "half"\nmsgstr[0] "{n} page"\nmsgstr[1] ""\n\n'
        'msgid "spaced"\nmsgstr "Pourquoi ?"\n\n#~ msgid "old"\n#~ msgstr "Vieux"\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(content, "root", lambda kind: tmp_path)
    told = faults(read("poor", "fr"))
    assert [each.split(":")[0] for each in told] == ["empty", "doubtful", "half", "spaced", "old"]

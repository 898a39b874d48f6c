"""Nothing of a recording stands in a draft unless it is known to be harmless."""

import json
import string
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.recorded.drafting import HOME, LOGIN, drafted, entry, form, pages, recording

from entsurge.recorded.harmless import harmless
from entsurge.recorded.sensitive import drawn, without_words


def of(folder, *entries):
    return drafted(recording(folder, *entries))


def test_a_password_is_known_by_the_type_of_its_field(tmp_path) -> None:
    """Whatever the field is called, and wherever else the password is sent."""
    made, text = of(
        tmp_path,
        entry("http://e/entree", "<form><input name=u><input name=p TYPE = 'Password'></form>"),
        entry("http://e/entree", HOME, method="POST", at=1, post=form("u=lea.martin&p=Tulipe-mauve")),
        entry("http://e/verifie?x=Tulipe-mauve", HOME, at=2),
        entry("http://e/profil/Lea-Martin", HOME, at=3),
        entry("http://e/change", HOME, method="POST", at=4, post=form("p=Tulipe-mauve&q=Nouveau!2")),
        entry("http://e/api", "{}", method="POST", kind="application/json", at=5,
              post={"mimeType": "application/json", "text": json.dumps({"a": {"p": 4711}, "who": "lea.martin"})}),
    )  # fmt: skip
    assert made.file["sign_on"]["password_field"] == "p"
    for secret in ("Tulipe", "mauve", "lea.martin", "Lea-Martin", "Nouveau", "4711"):
        assert secret not in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mot_de_passe", "x"), ("otp", "123456"), ("code", "k4Zp91"), ("api_key", "abc"), ("access_token", "z"),
        ("clef", "9f86d081884c7d65"), ("q", "eyJhbGciOiJIUzI1NiJ9.e30.abcdefg"),
        ("id", "3f2504e0-4f89-11d3-9a0c-0305e82c3301"),
        ("courriel", "lea"), ("qui", "lea.martin@example.org"), ("tel", "0612345678"),
    ],
)  # fmt: skip
def test_addresses_hide_secrets_by_name_and_by_look(tmp_path, name, value) -> None:
    """All else stands as it was on the wire; what was hidden is said by the field's name."""
    made, text = of(
        tmp_path, entry("http://e/", HOME), entry(f"http://e/notes?{name}={quote(value)}&page=2", HOME, at=1)
    )
    assert pages(made)[1][1]["url"] == f"/notes?{name}=MASKED&page=2"
    assert value not in text or len(value) < 2
    assert any(note.startswith(f"read-marks, request 1, url, {name}: MASKED") for note in made.notes)


@pytest.mark.parametrize(
    "query",
    [
        "annee=2026-01-12",
        "theme=dark-mode",
        "v=1.2.3",
        "flag",
        "a=&b",
        "dossier=INBOX",
        "id=12345678",
    ],
)
def test_addresses_keep_what_is_no_secret(tmp_path, query) -> None:
    """Byte for byte."""
    made, _ = of(tmp_path, entry("http://e/", HOME), entry(f"http://e/notes?{query}", HOME, at=1))
    assert pages(made)[1][1]["url"] == f"/notes?{query}"


MENU = (
    f"{HOME}<a href='/bureau?rub=agenda'>x</a><a href='/mes-notes?k=xeVlmOdYgVeq'>x</a><a href='/fiche?k=Dupont'>x</a>"
    "<a href='/eleve/QkRtZmPwXcVb/vie'>x</a><p class='nom-utilisateur'>Léa Dupont</p>"
)


@pytest.mark.parametrize(
    ("wanted", "drawn_as"),
    [
        ("/mes-notes?k=xeVlmOdYgVeq", "/mes-notes?k={k}"),
        ("/mes-notes?k=zzVlmOdYgVeq", "/mes-notes?k=MASKED"),
        ("/fiche?k=Dupont", "/fiche?k={k}"),
        ("/fiche?qui=lea-dupont", "/fiche?qui=MASKED"),
        ("/fiche?page=dupont", "/fiche?page=MASKED"),
        ("/fiche?ville=Lille", "/fiche?ville=MASKED"),
        ("/fiche?Dupont", "/fiche?MASKED"),
        ("/bureau?rub=agenda", "/bureau?rub=agenda"),
        ("/bureau?rub=autre", "/bureau?rub=MASKED"),
        ("/bureau?page=autre&vue=semaine", "/bureau?page=autre&vue=semaine"),
        ("/bureau?q=devoirs%20de%20maths", "/bureau?q={sentence}"),
        ("/bureau?ine=1234567890123", "/bureau?ine=MASKED"),
        ("/eleve/QkRtZmPwXcVb/vie", "/eleve/{value}/vie"),
    ],
)
def test_letters_alone_may_be_a_token_or_a_name(tmp_path, wanted, drawn_as) -> None:
    """In a query: found in the link that led there, masked otherwise; words of the menus of several pages stay."""
    made, text = of(
        tmp_path,
        entry("http://e/", LOGIN),
        entry("http://e/", MENU, method="POST", post=form("username=eleve1&password=Tulipe-mauve")),
        entry("http://e/messages", MENU),
        entry(f"http://e{wanted}", MENU),
    )
    assert made.file["page"][-1]["request"][0]["url"] == drawn_as
    if drawn_as.endswith("MASKED"):
        assert any(": MASKED: " in note for note in made.notes)
        assert wanted.rpartition("=")[2] not in text


def test_odd_parts_of_a_path_are_said(tmp_path) -> None:
    """They stay byte for byte where no link shows them; words of the site are not spoken of."""
    path = "/eleve/dupont-lea/qwLkjHgfRTyu/mesNotes/getHTMLPage"
    made, _ = of(
        tmp_path,
        entry("http://e/", LOGIN),
        entry("http://e/", MENU, method="POST", post=form("username=eleve1&password=Tulipe-mauve")),
        entry(f"http://e{path}", MENU),
    )
    assert made.file["page"][-1]["request"][0]["url"] == path
    said = [note.split(":")[0] for note in made.notes if "part of its address" in note]
    assert said == [f"open-home, request 1, {each}" for each in ("dupont-lea", "qwLkjHgfRTyu")]


@pytest.mark.parametrize(
    "text", ["getConversationMessages", "getHTMLPage", "aFaireMaison", "xmlHttpRequest", "ENTcore", "emploiDuTemps",
             "Dupont", "messagerie", "strengths", "JSESSIONID"],
)  # fmt: skip
def test_what_are_words(text) -> None:
    """Names of pages and functions, acronyms."""
    assert not without_words(text)


def test_a_value_that_comes_again_is_found_where_it_came_from(tmp_path) -> None:
    """In a script, a meta tag, a link, JSON, a header, a cookie; what cannot be found again is masked."""
    script = f'<script>M.cfg = {{"sesskey":"Ab3dE6gH9k"}};</script><meta name=csrf content="mEt4-t0k">{HOME}'
    made, text = of(
        tmp_path,
        entry("http://e/", script + "<a href='/cours/12/suite'>x</a>", cookies={"XSRF-TOKEN": "c00k1e-v"}),
        entry("http://e/cours/12/suite?sesskey=Ab3dE6gH9k", json.dumps({"liste": [{"ref": "r-777-x"}]}), at=1,
              kind="application/json", headers={"Sec-Fetch-Dest": "empty", "X-CSRF-Token": "mEt4-t0k"}),
        entry("http://e/r/r-777-x", HOME, at=2, headers={"X-XSRF-TOKEN": "c00k1e-v"}),
        entry("http://e/r?k=n0wh3rE5een", HOME, at=3),
    )  # fmt: skip
    first, second, third = (page["request"] for page in made.file["page"])
    assert first[0]["extract"] == {
        "cours": {"regex": """href=["'](?:[^"']*[^\\w%"'])?cours/(\\d+)""", "pick": "random"},
        "sesskey": {"regex": 'sesskey":"([^"]+)'},
        "x_csrf_token": {"css": 'meta[name="csrf"]', "attribute": "content"},
    }
    assert first[1]["url"] == "/cours/{cours}/suite?sesskey={sesskey}"
    assert first[1]["extract"] == {"value": {"json_path": "$.liste[*].ref"}}
    assert second[0] == {"url": "/r/{value}", "headers": {"x-xsrf-token": "{x_xsrf_token}"}}
    assert third[0]["url"] == "/r?k=MASKED"
    assert "n0wh3r" not in text


def test_what_a_form_offered_is_picked_from_it(tmp_path) -> None:
    """An option of a list, a hidden word: found in the page, whatever it says."""
    page = "<form><select name=classe><option value=''>?<option value=sixieme>6e<option value=cinquieme>5e</select>"
    page += f"<input type=hidden name=origine value=cahier><input name=texte value=brouillon></form>{HOME}"
    posted = form("classe=cinquieme&origine=cahier&texte=Bonjour")
    made, text = of(
        tmp_path,
        entry("http://e/", HOME),
        entry("http://e/messages/n", page, at=1),
        entry("http://e/messages/s", HOME, method="POST", at=2, post=posted),
    )
    _, shown, sent = (page["request"][0] for page in made.file["page"])
    assert shown["extract"] == {
        "classe": {"css": 'select[name="classe"] option:not([value=""])', "attribute": "value", "pick": "random"},
        "origine": {"css": 'input[name="origine"]', "attribute": "value"},
    }
    assert sent["form"] == {"classe": "{classe}", "origine": "{origine}", "texte": "{sentence}"}
    assert "cinquieme" not in text


def test_what_stands_around_a_value_stays_behind(tmp_path) -> None:
    """A rule quotes names of the page, never what somebody wrote beside the value."""
    page = f'{HOME}<p>De lea martin, 12 rue Haute: "t":"Zk3-99xQ"</p>'
    _, text = of(tmp_path, entry("http://e/", page), entry("http://e/notes?t=Zk3-99xQ", HOME, at=1))
    assert "rue Haute" not in text
    assert "martin" not in text


def test_cookies_and_authorization_never_come_in(tmp_path) -> None:
    """Nor what they hold, wherever else it stands."""
    basic = "bGVhOlR1bGlwZS1tYXV2ZQ=="  # lea:Tulipe-mauve
    _, text = of(
        tmp_path,
        entry("http://e/", HOME, headers={"Cookie": "S=q7Rt5Yu8; autre=1", "Authorization": f"Basic {basic}"}),
        entry("http://e/notes?s=q7Rt5Yu8&p=Tulipe-mauve", HOME, at=1, headers={"Authorization": "Bearer zz-11-zz"}),
        entry("http://e/zz-11-zz/x", HOME, at=2, headers={"X-Custom": "zz-11-zz", "X-Qui": "lea"}),
    )
    for secret in ("q7Rt5Yu8", "Tulipe", basic, "zz-11-zz", "lea"):
        assert secret not in text


FIELDS = st.text(st.sampled_from(string.ascii_lowercase + "_"), min_size=1, max_size=8)
TYPED = st.text(min_size=6, max_size=20).filter(lambda text: len(text.strip()) >= 6)


@given(field=FIELDS, typed=TYPED, where=st.sampled_from(["form", "json", "multipart", "text", "deep"]))
@settings(max_examples=60)
def test_nothing_that_was_typed_comes_through(tmp_path_factory, field: str, typed: str, where: str) -> None:
    """Whatever somebody types into whatever field, of a page or of a script: it stands nowhere in the draft."""
    assume(not harmless(field, typed) and typed not in field)
    posts = {
        "form": form(f"{field}={quote_plus(typed, errors='replace')}"),
        "json": {"mimeType": "application/json", "text": json.dumps({field: typed})},
        "deep": {"mimeType": "application/json", "text": json.dumps([[{"x": {field: [typed, None]}}]])},
        "text": {"mimeType": "text/plain", "text": typed},
        "multipart": {"mimeType": "multipart/form-data", "params": [{"name": field, "value": typed}]},
    }
    made, _ = of(
        tmp_path_factory.mktemp("har"),
        entry("http://e/0", HOME),
        entry("http://e/1", HOME, method="POST", at=1, post=posts[where]),
    )
    said = json.dumps(made.file["page"][-1]["request"], ensure_ascii=False)
    assert typed not in said
    assert quote(typed, errors="replace") not in said


@given(secret=st.text(st.sampled_from(string.ascii_letters + string.digits + "-_.!"), min_size=8, max_size=24))
@settings(max_examples=40)
def test_a_password_comes_through_nowhere(tmp_path_factory, secret: str) -> None:
    """Typed at the sign-on, then sent again in an address, a header, a body, a cookie."""
    assume(not secret.isdigit() and any(letter.isdigit() for letter in secret))
    made, text = of(
        tmp_path_factory.mktemp("har"),
        entry("http://e/0", LOGIN),
        entry("http://e/0", HOME, method="POST", at=1, post=form(f"username=lea&password={quote_plus(secret)}")),
        entry(f"http://e/{secret}/x?a={secret}&{secret}", HOME, at=2, headers={"X-CSRF-Token": secret}),
        entry("http://e/3", HOME, method="POST", at=3, post=form(f"a={secret}"), headers={"Cookie": f"a={secret}"}),
    )
    assert secret not in text
    assert made.file["sign_on"]["method"] == "form"


@pytest.mark.parametrize(
    ("name", "value", "is_harmless"),
    [
        ("a", "", True), ("a", "1", True), ("a", "-3.5", True), ("a", "123456", True), ("a", "1234567", False),
        ("a", "0612", False), ("a", "true", True), ("a", "Envoyer", True), ("a", "azerty", False),
        ("a", "martin", False),
        ("methodname", "core_message_get_conversations", True), ("operationName", "GetMessages", True),
        ("methodname", "Ab3dE6gH9kXy", False), ("sort", "date-desc", True), ("sort", "lea martin", False),
        ("query", "query Q($id: ID!) { message(id: $id) { id } }", True),
        ("query", '{ user(name: "lea") { id } }', False),
    ],
)  # fmt: skip
def test_what_is_harmless(name, value, is_harmless) -> None:
    """Small numbers, constants, words of an enumeration that its field's name says it is."""
    assert harmless(name, value) is is_harmless


@pytest.mark.parametrize(
    "text",
    [
        "9f86d081884c7d65", "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "a1B2+c3/d4==", "eyJhbGciOiJIUzI1NiJ9",
        "xK9mP2vL8qR4", "AbCdEfGhIjKlMnOpQr",
    ],
)  # fmt: skip
def test_what_looks_drawn(text) -> None:
    """Digests, identifiers, tokens."""
    assert drawn(text)


@pytest.mark.parametrize(
    "text",
    [
        "cahier-de-textes-2026", "getConversationMessages", "2026-01-12T10:00:00Z", "messagerie2",
        "core_message_get_conversations", "12345678901234567890", "reunion parents professeurs",
    ],
)  # fmt: skip
def test_what_does_not(text) -> None:
    """Words, dates, numbers."""
    assert not drawn(text)

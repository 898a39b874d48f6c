"""One visit as each program writes it down gives one draft; what a dialect leaves out is said."""

import json

import pytest
from tests.recorded import dialects
from tests.recorded.drafting import drafted, pages

SIGN_ON = {"method": "form", "login_url": "/connexion?profil=eleve", "login_field": "u", "password_field": "p"}
MESSAGE = {"id": {"json_path": "$[*].id"}}
PAGES = [
    ("home", {"url": "/accueil"}),
    (
        "messages",
        {"url": "/messagerie/"},
        {"url": "/messagerie/api/liste?dossier=re%C3%A7us&vide", "headers": {"x-requested-with": "XMLHttpRequest"},
         "extract": MESSAGE},
    ),
    (
        "messages",
        {"url": "/messagerie/api/lu", "method": "PUT", "body": '{{"id":"{id}","quand":null}}',
         "headers": {"x-xsrf-token": "{x_xsrf_token}", "Content-Type": "application/json"}},
    ),
    (
        "messages",
        {"url": "/messagerie/nouveau", "extract": {"jeton": {"css": 'input[name="jeton"]', "attribute": "value"}}},
    ),
    (
        "messages",
        {"url": "/messagerie/envoi", "method": "POST",
         "form": {"jeton": "{jeton}", "a": ["12", "34"], "texte": "{sentence}"}},
    ),
]  # fmt: skip
MADE = {
    "chrome": lambda _: dialects.chrome(),
    "firefox": lambda _: dialects.firefox(),
    "safari": lambda _: dialects.safari(),
    "charles": lambda _: dialects.charles(),
    "fiddler": lambda _: dialects.fiddler(),
    "playwright": dialects.playwright,
    "mitmproxy": lambda _: dialects.mitmproxy(),
}
SECRETS = (dialects.PASSWORD, "lea.martin", "Bonjour", dialects.TICKET, dialects.XSRF, dialects.CSRF, "48213")


def of(made: dict, folder, *, mark: bool = False):
    path = folder / "visit.har"
    path.write_text(json.dumps(made), encoding="utf-8-sig" if mark else "utf-8")
    return drafted(path)


@pytest.mark.parametrize("name", MADE)
def test_every_dialect_gives_the_same_driver(name, tmp_path) -> None:
    """Sign-on, pages, tokens and cookies; no secret of the visit stands in it."""
    made, text = of(MADE[name](tmp_path), tmp_path, mark=name == "fiddler")
    assert made.file["sign_on"] == SIGN_ON
    assert made.file["door"] == "/portail"
    assert pages(made) == PAGES
    assert made.file["cookies"] == {"x_xsrf_token": "XSRF-TOKEN"}
    assert not [secret for secret in SECRETS if secret in text]


def test_chrome_without_sensitive_data_is_said(tmp_path) -> None:
    """Its cookies are not there: what came from one is masked, and the menu's entry is named that has them."""
    made, text = of(dialects.chrome(sensitive=False), tmp_path)
    assert pages(made)[2][1]["headers"]["x-xsrf-token"] == "MASKED"
    assert [each for n, each in enumerate(pages(made)) if n != 2] == [each for n, each in enumerate(PAGES) if n != 2]
    assert any("with sensitive data" in note for note in made.notes)
    assert not [secret for secret in SECRETS if secret in text]


def test_what_is_left_out_is_said(tmp_path) -> None:
    """Tunnels and OPTIONS, what brought no answer, third parties."""
    notes = " ".join(of(dialects.charles(), tmp_path)[0].notes)
    assert "CONNECT (1)" in notes
    assert "OPTIONS (1)" in notes
    assert "1 of 13 requests brought no answer" in " ".join(of(dialects.firefox(), tmp_path)[0].notes)


def test_a_file_beside_is_read_from_this_folder_alone(tmp_path) -> None:
    """A name that leads elsewhere brings nothing."""
    made = dialects.playwright(tmp_path)
    (tmp_path / "inner").mkdir()
    for entry in made["log"]["entries"]:
        entry["response"]["content"]["_file"] = f"../{entry['response']['content']['_file']}"
    notes = of(made, tmp_path / "inner")[0].notes
    assert any("no answer's content" in note for note in notes)

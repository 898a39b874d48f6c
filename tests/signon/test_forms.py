"""Forms as a browser sees them, and pages that are none."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entsurge.client.response import Headers, Response
from entsurge.signon.forms import carrier, forms, login_form
from entsurge.signon.method import Refusal
from entsurge.signon.options import SignOnOptions
from entsurge.signon.refusal_patterns import RefusalPatterns


def page(body: bytes | str, kind: str = "text/html; charset=utf-8", status: int = 200) -> Response:
    raw = body.encode() if isinstance(body, str) else body
    return Response("GET", "http://ent.example/a/b?c=d", status, Headers([(b"content-type", kind.encode())]), raw)


def test_what_a_browser_sends() -> None:
    """Checked boxes, chosen options, areas and the first button are sent; disabled, unchecked and files are not."""
    found = forms(
        page(
            "<form action='../x' method=post><input name=a value='é &amp; b'><input type=checkbox name=c>"
            "<input type=radio name=r value=1><input type=radio name=r value=2 checked><input name=n disabled value=9>"
            "<select name=s><option>un<option value=2 selected>deux</select><textarea name=t>mot</textarea>"
            "<input type=file name=f><input type=submit name=go value=Go><button name=no value=1></button>"
            "<input type=reset name=z></form>"
        )
    )[0]
    assert found.action == "http://ent.example/x"
    assert found.filled({}) == {"a": "é & b", "r": "2", "s": "2", "t": "mot", "go": "Go"}


def test_the_login_form_is_the_one_with_a_password() -> None:
    """A search form before it is not it; the login is the text field named like one, wherever it stands."""
    found = login_form(
        page(
            "<form><input name=q></form><form><input name=code><input name=Username type=email>"
            "<input type=password name=pw></form>"
        )
    )
    assert (found.login_field, found.password_field, found.method) == ("Username", "pw", "GET")
    assert found.action == "http://ent.example/a/b?c=d"


def test_base_and_latin_1() -> None:
    """`<base>` moves where a form goes; the header's charset decides how a value is read."""
    body = "<base href='/racine/'><form action=envoi><input name=n value='é'></form>".encode("latin-1")
    found = forms(page(body, "text/html; charset=iso-8859-1"))[0]
    assert (found.action, found.fields["n"]) == ("http://ent.example/racine/envoi", "é")


def test_a_carrier_is_known_by_its_field() -> None:
    """The form that posts itself is found among others."""
    body = "<form><input name=q></form><form action=/acs><input type=hidden name=SAMLResponse></form>"
    made = carrier(page(body), "X", "SAMLResponse")
    assert made.action == "http://ent.example/acs"


@given(st.binary(max_size=400), st.sampled_from(["text/html", "text/html; charset=klingon", "application/json", ""]))
def test_whatever_comes_is_read_or_left(body: bytes, kind: str) -> None:
    """No answer, however broken, raises: there is no form in it, and perhaps a sign."""
    answer = page(body, kind)
    forms(answer)
    RefusalPatterns().refusal(answer)


def test_a_script_is_no_word_of_a_page() -> None:
    """A word of refusal in a script, or in a page with a password field, refuses nobody."""
    assert RefusalPatterns().refusal(page("<script>var t='très nombreux'</script>bonjour")) is None
    assert RefusalPatterns().refusal(page("vous êtes très nombreux <input type=password>")) is None
    assert RefusalPatterns().refusal(page("vous êtes très nombreux")) is not None


@pytest.mark.parametrize(
    "body",
    ["réservé aux parents de l&#039;établissement", "réservé aux parents de l&#x27;établissement",
     "réservé aux parents de l&rsquo;&eacute;tablissement", "Réservé aux parents&nbsp;de l’établissement"],
)  # fmt: skip
@pytest.mark.parametrize("word", ["parents de l'établissement", "Parents de l’Établissement"])
def test_words_are_compared_as_people_read_them(body, word) -> None:
    """Escaped or typographic apostrophes, spaces that do not break, whatever the case."""
    patterns = SignOnOptions(full=[word]).patterns()
    assert patterns.refusal(page(body)) is Refusal.FULL
    assert patterns.refusal(page("réservé aux parents")) is None


def test_words_in_json_are_read_too() -> None:
    """PHP and Django answer in ASCII."""
    said = page('{"detail": "\\u00c9chec de l\\u2019authentification"}', "application/json", 401)
    assert RefusalPatterns().refusal(said) is Refusal.WRONG_PASSWORD


PORTAL = '<div trmsg="5" class="alert">Identifiant ou mot de passe invalide</div><input type=password name=p>'
OWN = {"wrong_password": ['trmsg="5"'], "service_refused": ['trmsg="107"', {"css": "#refused"}]}


def test_an_operators_own_words_count_wherever_they_stand() -> None:
    """In an attribute, beside a password field, with any status; not in a script, nor where the sign-on is proved."""
    patterns = SignOnOptions(**OWN).patterns()
    for status in (200, 403, 500):
        assert patterns.rejected(page(PORTAL, status=status), own=True) is Refusal.WRONG_PASSWORD
        for refused in (PORTAL.replace('"5"', '"107"'), "<p id=refused>non</p>"):
            assert patterns.refusal(page(refused, status=status)) is Refusal.SERVICE_REFUSED
    assert patterns.refusal(page(PORTAL)) is None
    assert patterns.refusal(page(PORTAL, status=500)) is Refusal.WRONG_PASSWORD
    assert patterns.refusal(page("<script>'trmsg=\"107\"'</script>")) is None
    proved = RefusalPatterns(service_refused=patterns.service_refused, proof=lambda _: True)
    assert proved.refusal(page("<p id=refused>non</p>")) is None


def test_known_words_are_guesses() -> None:
    """A service may be refused with 200, but not by a word in a link, nor where a password may be tried."""
    patterns = RefusalPatterns()
    assert patterns.refusal(page("<h1>Application non autorisée</h1>")) is Refusal.SERVICE_REFUSED
    assert patterns.refusal(page("<a href='/authorize?redirect_uri=x'>entrer</a>")) is None
    assert patterns.refusal(page("<h1>Application non autorisée</h1><input type=password>")) is None
    assert patterns.refusal(page('{"redirect_uri": "x"}', "application/json")) is None
    assert patterns.rejected(page("incorrect"), own=True) is None


@pytest.mark.parametrize("piece", ["<script ", "<style", "<input ", "<", "<input type", "</script", "&#", "<s>"])
def test_no_page_takes_long_to_read(piece) -> None:
    """Reading is linear, whatever is never closed: a page of half a megabyte does not hold up the loop."""
    began = time.process_time()
    RefusalPatterns().refusal(page(piece * (500_000 // len(piece))))
    assert time.process_time() - began < 5


def test_a_broken_address_breaks_only_its_own_form() -> None:
    """A base or an action that is no address: the login form beside it is found, and goes where it says."""
    body = b"""<base href="http://[oops"><form action="http://[x"><input name=q></form>
      <form action="/in"><input name=login><input type=password name=secret></form>"""
    answer = Response("GET", "http://127.0.0.1/a/b", 200, Headers([(b"Content-Type", b"text/html")]), body)
    assert [form.action for form in forms(answer)] == ["http://[x", "http://127.0.0.1/in"]
